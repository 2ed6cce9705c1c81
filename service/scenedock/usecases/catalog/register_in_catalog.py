"""Register a catalog file in Backstage, or refresh a registered one."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scenedock.catalog.emitting.feed import registered_ref
from scenedock.catalog.vocabulary.source_urls import file_url, provider_of
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.errors import ConflictError, InputError, NotFoundError, ScenedockError
from scenedock.model.code_hosts.code_host import CodeHost, checked_branch, checked_path
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.helm import Provider, RepositoryFacts
from scenedock.model.json import as_list, as_object, as_text, value_at
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.effects.backstage.catalog import BackstageCatalog

_ADDRESS = re.compile(r"https?://[a-z0-9.:-]+/[A-Za-z0-9._~%/?&=+,:@-]{1,1900}")

_HIDDEN = re.compile(r"%(2[ef5]|5c)", re.IGNORECASE)
"""Escapes that decode to `.`, `/`, `%` or `\\`, and could then lead out of a repository."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The result of a registration: the entities of the file, sorted, and the id of its Location if we may read it."""

    entity_refs: tuple[str, ...]
    location_id: str | None = None
    created: bool = False


def catalog_file_url(hosts: CodeHosts, repository: str, path: str, branch: str | None) -> str:
    """The address of a file on the repository's host; without a branch, on the default branch.

    Raises
    ------
    InputError        a part of the address is not valid on the host
    NotAllowedError   the host or the owner is not in our list
    """
    address = hosts.read(repository)
    host = hosts.host_of(address)
    at = checked_branch(branch) if branch else "HEAD"
    provider = provider_on(host)
    base = f"{host.web.partition('://')[0]}://{host.host}" if host.type == "git" else host.web
    facts = RepositoryFacts(address.name, f"{base}/{address.path}", at, provider)
    return file_url(facts, checked_path(path))


def register_file(backstage: BackstageCatalog, hosts: CodeHosts, url: str) -> Registration:
    """Register the catalog file at an address, after Backstage has read and validated it.

    A file that is already registered is refreshed.

    Raises
    ------
    InputError        the address is invalid, or Backstage refuses the file
    NotAllowedError   its host or owner is not in our list, or Backstage's permissions don't allow it
    TemporaryError    Backstage can't be reached
    """
    check_address(hosts, url)
    location = registered_ref(url)
    tried = backstage.add_location(url, dry_run=True)
    entities = {Entity(as_object(each)).ref for each in as_list(tried.get("entities"))} - {location}
    refs = tuple(map(str, sorted(entities)))
    if tried.get("exists") is not True:
        with suppress(ConflictError):  # another call was faster
            added = backstage.add_location(url, dry_run=False)
            return Registration(refs, as_text(value_at(added, ["location", "id"])) or None, created=True)
    with suppress(NotFoundError):  # so new that Backstage will read it anyway
        backstage.refresh(str(location))
    return Registration(refs, backstage.location_id(url))


def refresh_entity(backstage: BackstageCatalog, entity_ref: str) -> Registration:
    """Have Backstage refresh the Location that an entity comes from.

    Raises
    ------
    InputError       it is not an entity reference
    NotFoundError    the catalog has no such entity
    TemporaryError   Backstage can't be reached
    """
    try:
        ref = EntityRef.parse(entity_ref, default_kind="component")
    except ValueError as error:
        raise InputError(f"`entityRef`: {error}") from None
    backstage.refresh(str(ref))
    return Registration((str(ref),))


def provider_on(host: CodeHost) -> Provider:
    """Whose addresses the files of a host have: by its type, or for a plain git server by its name."""
    return provider_of(f"https://{host.host}") if host.type == "git" else host.type


def check_address(hosts: CodeHosts, url: str) -> CodeHost:
    """The host of a file, which must be in one of our repositories: Backstage reads it in our name, not the caller's.

    Owner and repository can be read from GitHub's addresses, but not from those of other hosts, which may have groups.

    Raises
    ------
    InputError        it is not the address of a file in a repository, or has another scheme than the host
    NotAllowedError   its host or owner is not in our list
    """
    host = host_of_file(hosts, url)
    if not url.startswith(scheme := f"{urlsplit(host.api).scheme}://"):
        raise InputError(f"{url[:200]!r} must begin with {scheme}")
    return host


def host_of_file(hosts: CodeHosts, url: str) -> CodeHost:
    """As `check_address`, for a file that nobody reads: whatever the scheme.

    Raises
    ------
    InputError        it is not the address of a file in a repository
    NotAllowedError   its host or owner is not in our list
    """
    split = urlsplit(url if _ADDRESS.fullmatch(url) else "")
    parts = split.path.split("/")
    if len(parts) < 4 or {".", ".."} & set(parts) or _HIDDEN.search(url):
        raise InputError(f"{url[:200]!r} must be the address of a file in a repository, https://HOST/OWNER/NAME/…")
    refusals: list[ScenedockError] = []
    for end in range(3, len(parts)):
        try:
            return hosts.host_of(hosts.read(f"{split.netloc}/{'/'.join(parts[1:end])}"))
        except ScenedockError as error:
            refusals.append(error)
    raise refusals[0]
