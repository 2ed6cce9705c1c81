"""Unregister from Backstage what was registered of what has gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.usecases.catalog.register_in_catalog import check_address

if TYPE_CHECKING:
    from scenedock.effects.backstage.catalog import BackstageCatalog

_BRANCHES: Final = ("/blob/", "/tree/", "/-/blob/", "/-/tree/", "/src/")


def unregister_files(backstage: BackstageCatalog, hosts: CodeHosts, addresses: Collection[str]) -> tuple[str, ...]:
    """Unregister the Locations of catalog files, on whichever branch; the addresses of those that were registered.

    An address is that of a file without a branch: `https://github.com/acme/apps/billing/catalog-info.yaml`. A branch
    whose name has a slash isn't recognised: that file must be named as it is registered.

    Raises
    ------
    InputError        an address isn't that of a file
    NotAllowedError   its host or owner is not in our list, or Backstage's permissions don't allow it
    TemporaryError    Backstage can't be reached
    """
    for each in addresses:
        check_address(hosts, each)
    found = {target: each for target, each in backstage.locations().items() if _is_one_of(target, addresses)}
    for each in found.values():
        backstage.remove_location(each)
    return tuple(sorted(found))


def _is_one_of(target: str, addresses: Collection[str]) -> bool:
    return not set(_without_branch(target)).isdisjoint(each.rstrip("/") for each in addresses)


def _without_branch(target: str) -> Iterator[str]:
    """The address of a file without its branch, of which nobody can tell whether it has several parts: it has one."""
    yield target
    for sign in _BRANCHES:
        base, found, rest = target.partition(sign)
        if found:
            yield f"{base}/{rest.partition('/')[2]}"
