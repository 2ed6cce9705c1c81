"""What the newest commit of a code host has that the service's copy of the repository hasn't yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from scenedock.effects.git.repositories import NOT_ENTERED, Repository, ServedRepository
from scenedock.errors import TemporaryError
from scenedock.gitops.changes import Intended
from scenedock.model.code_hosts.commit import SYMBOLIC_LINK, CommitListing, RepositoryFile

_MOST_FILES = 300
_RETRY_AFTER = 30.0


def newest_files(served: ServedRepository, prefix: str, intended: Intended) -> Mapping[str, bytes | None]:
    """The files that are others in the newest commit, by their paths in the folder that is served; None for no file.

    Of a commit with more files than its host lists at once, only the folders are compared that it lists.

    Raises
    ------
    TemporaryError   the copy is too old to tell, or links are others
    InputError       it can't be read
    """
    if served.signature() == intended.head.commit:
        return {}
    start = f"{prefix}/" if prefix else ""
    there = {path.removeprefix(start): file for path, file in intended.listing.items() if path.startswith(start)}
    there = {path: file for path, file in there.items() if NOT_ENTERED.isdisjoint(path.split("/")[:-1])}
    with served.opened() as here:
        differing = dict(_differing(here, there))
    if len(differing) > _MOST_FILES:
        raise _too_old(f"{len(differing):,} of its files are others")
    return {path: intended.read(start + path) if is_there else None for path, is_there in differing.items()}


def _differing(here: Repository, there: CommitListing) -> Iterator[tuple[str, bool]]:
    """The paths of files that aren't the same, and whether the commit has them."""
    listing = here.listing()
    links = listing.links | listing.folder_links
    states = here.snapshot().states
    folders = {path.rpartition("/")[0] for path in there}
    for path in sorted(there.keys() | set(listing.files) | links):
        file = there.get(path)
        if (path in links) != (file is not None and file.mode == SYMBOLIC_LINK):
            raise _too_old(f"{path} is a link in only one of both")
        if path in links:
            continue
        if file is None:
            if path.rpartition("/")[0] in folders:
                yield path, False
        elif path not in states or not _is_same(here, path, states[path], file):
            yield path, True


def _is_same(here: Repository, path: str, state: object, file: RepositoryFile) -> bool:
    if isinstance(state, str):
        return state == file.blob
    content = here.read(path)
    kind = hashlib.sha1 if len(file.blob) == 40 else hashlib.sha256
    return any(kind(b"blob %d\0" % len(each) + each).hexdigest() == file.blob for each in _as_committed(content))


def _as_committed(content: bytes) -> Iterator[bytes]:
    """What git may have committed of a file: a checkout may have written other ends of lines."""
    yield content
    if b"\r\n" in content:
        yield content.replace(b"\r\n", b"\n")


def _too_old(why: str) -> TemporaryError:
    return TemporaryError(
        f"what the service has read isn't the newest commit ({why}), so nobody can tell what the change does to what "
        "approvals guard; try again when it has followed",
        retry_after=_RETRY_AFTER,
    )
