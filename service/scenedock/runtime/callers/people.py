"""Who a person is in Backstage: what a provider or a proxy says of them, as references to a user and groups."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from scenedock.errors import NotAllowedError
from scenedock.model.entity import EntityRef

_NAME: Final = re.compile(r"[a-z0-9]([-_.a-z0-9]{0,61}[a-z0-9])?")
_MOST_GROUPS: Final = 2_000


def user_reference(name: str, domains: Collection[str], email: str | None) -> str:
    """The reference of the user with a name; of a name that is an e-mail address, the part before the `@` counts.

    If there are `domains`, the address must be of one of them: the name itself, else `email`, which is verified (empty:
    there is none; None: whoever names the user has checked that).

    Raises
    ------
    NotAllowedError   the name can't be one of Backstage's, or its address isn't of these domains
    """
    shown = name[:100].encode("ascii", "backslashreplace").decode()
    local, at, _ = name.partition("@")
    if at and not domains:
        raise NotAllowedError(
            f"{shown} is an e-mail address, and no domain is allowed; an administrator must set SCENEDOCK_EMAIL_DOMAINS"
        )
    address = name if at else email
    if domains and address is not None and (address.count("@") != 1 or _domain(address) not in domains):
        raise NotAllowedError(f"{shown} may not sign in here: no verified e-mail address of an allowed domain")
    if not name.isascii() or not _NAME.fullmatch(local.lower()):
        raise NotAllowedError(f"{shown} may not sign in here: this can't be the name of a user in Backstage")
    return f"user:default/{local.lower()}"


def group_references(names: Iterable[object]) -> frozenset[str]:
    """The references of the groups with these names; a name that none can have in Backstage is left out.

    Raises
    ------
    NotAllowedError   there are too many
    """
    listed = list(names)
    if len(listed) > _MOST_GROUPS:
        raise NotAllowedError(f"there are {len(listed):,} groups; the provider must send at most {_MOST_GROUPS:,}")
    return frozenset(filter(None, map(_group, listed)))


def _group(name: object) -> str:
    if not isinstance(name, str) or not name.isascii():
        return ""
    try:
        group = EntityRef.parse(name.strip(), default_kind="group")
    except ValueError:
        return ""
    named = _NAME.fullmatch(group.name) and _NAME.fullmatch(group.namespace)
    return str(group) if group.kind == "group" and named else ""


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
