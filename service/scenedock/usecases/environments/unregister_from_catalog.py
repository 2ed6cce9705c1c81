"""Unregister from Backstage what was registered of what has gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from scenedock.catalog.vocabulary.source_urls import FileAddress, host_of
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.errors import ConflictError, NotFoundError
from scenedock.model.helm import Provider
from scenedock.usecases.catalog.register_in_catalog import host_of_file, provider_on

if TYPE_CHECKING:
    from scenedock.effects.backstage.catalog import BackstageCatalog


def unregister_files(
    backstage: BackstageCatalog, hosts: CodeHosts, addresses: Collection[str], *, existing: bool = False
) -> tuple[str, ...]:
    """Unregister the Locations of catalog files, on whichever branch; the addresses of those that were registered.

    An address is that of a file without a branch: `https://github.com/acme/apps/billing/catalog-info.yaml`. A branch
    whose name has a slash isn't recognised: that file must be named as it is registered. With `existing` also those
    whose file is still there; without, none is unregistered if one is.

    Raises
    ------
    ConflictError     a file is still on the branch from which it is registered, or that isn't known
    InputError        an address isn't that of a file
    NotAllowedError   its host or owner is not in our list, or Backstage's permissions don't allow it
    TemporaryError    Backstage or a code host can't be reached
    """
    kinds = {host_of(each): provider_on(host_of_file(hosts, each)) for each in addresses}
    wanted = {_without_scheme(each).rstrip("/") for each in addresses}
    found = {target: each for target, each in backstage.locations().items() if _names(target, kinds) & wanted}
    for target in sorted(found):
        if not existing and not _is_gone(hosts, _file_at(target, kinds)):
            raise ConflictError(
                f"{target} is still there, or isn't known to have gone, so nothing is unregistered; delete the file "
                "first, or give a `reason`, as whom a rule allows `unregister-existing`"
            )
    for each in found.values():
        backstage.remove_location(each)
    return tuple(sorted(found))


def _file_at(target: str, kinds: Mapping[str, Provider]) -> FileAddress | None:
    kind = kinds.get(host_of(target))
    return FileAddress.read_on(kind, target) if kind else None


def _names(target: str, kinds: Mapping[str, Provider]) -> set[str]:
    """What may name a registered file: its address with its branch and without, both without the scheme."""
    file = _file_at(target, kinds)
    return {_without_scheme(target), *([_without_scheme(f"{file.repository}/{file.path}")] if file else [])}


def _without_scheme(address: str) -> str:
    """An address, decoded; who retires a service knows its repository by `https`, also where a host has only `http`."""
    return unquote(address).partition("://")[2]


def _is_gone(hosts: CodeHosts, file: FileAddress | None) -> bool:
    """Whether a branch has a file no more; where the branch can't be read, nobody knows."""
    if file is None:
        return False
    split = urlsplit(file.repository)
    try:
        with hosts.open(hosts.read(f"{split.netloc}{split.path}")) as repository:
            branch = repository.default_branch() if file.branch == "HEAD" else file.branch
            head = repository.head(branch)
            return head is not None and file.path not in repository.listing(head, [file.path])
    except NotFoundError:
        return False
