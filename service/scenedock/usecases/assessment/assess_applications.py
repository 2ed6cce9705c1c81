"""Assess applications: read their files within limits, let the rules decide, and put several in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Final

from scenedock.assessment.assess import Assessment, Assessor, is_read
from scenedock.assessment.order import Order, order
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import InputError
from scenedock.model.helm import Listing
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass

MOST_FILES: Final = 100_000
MOST_BYTES: Final = 256 * 1024 * 1024
"""So many files of an application, and bytes of them, are read; what is beyond is a finding."""
_MOST_LINKS_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Assessed:
    """The assessments, in the order in which the applications were named, and the order of their migration."""

    assessments: tuple[Assessment, ...]
    order: Order


def assess_applications(repositories: Mapping[str, Repository]) -> Assessed:
    """Assess the applications in some repositories, by their names.

    Raises
    ------
    NotFoundError   there is no such folder
    InputError      one can't be read, or has no files
    """
    assessments = tuple(_assess(name, repository) for name, repository in repositories.items())
    return Assessed(assessments, order(assessments))


def assess_clones(
    _repositories: Mapping[str, ServedRepository],
    _kept: KeptCatalog | None,
    clones: Mapping[str, ServedRepository],
) -> Assessed:
    """Assess applications that were fetched; what the service reads besides has nothing to do with them.

    Raises
    ------
    InputError   one can't be read, or has no files
    """
    with ExitStack() as stack:
        return assess_applications({name: stack.enter_context(each.opened()) for name, each in clones.items()})


def _assess(name: str, repository: Repository) -> Assessment:
    listing = repository.listing()
    if not listing.files:
        raise InputError(f"{name}: there are no files; pass the root of an application")
    assessor = Assessor(name)
    is_complete = _read(assessor, repository, [path for path in listing.inside if is_read(path)])
    _report_unread(assessor, listing)
    return assessor.result(listing.files, is_complete=is_complete and not listing.unnameable and not listing.too_deep)


def _read(assessor: Assessor, repository: Repository, paths: Sequence[str]) -> bool:
    """Read the files; whether that was all of them."""
    size = 0
    for number, path in enumerate(paths):
        if number == MOST_FILES or size > MOST_BYTES:
            said = (
                f"{len(paths) - number:,} more files were not read: at most {MOST_FILES:,} are, of {MOST_BYTES:,} bytes"
            )
            assessor.report("too-many-files", path, said, "Assess the folders of the application one by one.")
            return False
        if not path.isprintable():
            said = "its path has characters that can't be printed, so it wasn't read"
            assessor.report("name-not-printable", path, said, "Rename it.")
            continue
        try:
            data = repository.read(path)
        except InputError as error:
            assessor.report(
                "unreadable-file", path, str(error), "Make the file readable; until then it proves nothing."
            )
            continue
        size += len(data)
        assessor.look(path, data)
    return True


def _report_unread(assessor: Assessor, listing: Listing) -> None:
    for path in sorted(listing.outside)[:_MOST_LINKS_TOLD]:
        said = "it is a link that leads out of the application, or nowhere, so it wasn't read"
        assessor.report("link-outside", path, said, "Assess what it leads to as well.")
    for path in sorted(listing.folder_links)[:_MOST_LINKS_TOLD]:
        said = "it is a link to a folder of the application, whose files are read where they are"
        assessor.report("link-inside", path, said, "Nothing, if that folder isn't one of tests or documentation.")
    for path in listing.special[:_MOST_LINKS_TOLD]:
        assessor.report("no-file", path, "it is a pipe, a socket or a device, so it wasn't read", "Remove it.")
    for path in listing.unnameable[:_MOST_LINKS_TOLD]:
        assessor.report("name-not-unicode", path, "its path isn't Unicode, so it wasn't read", "Rename it.")
    for path in listing.too_deep[:_MOST_LINKS_TOLD]:
        said = "folders nest here until their paths are too long to be read"
        assessor.report("path-too-long", path[:200], said, "Remove the folder.")
