"""What is to be said of a repository as a whole: that it is empty, or what of it can't be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from scenedock.catalog.explaining.coverage import advice_on, describe_deployed
from scenedock.catalog.reading.plan import Plan
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Deployed, Listing, RepositoryFacts

_SHOWN_SEGMENTS, _SHOWN_CHARACTERS = 3, 200
"""Of a path that is too long."""
_NOT_USED = "Make the file readable, or smaller; until then it is not used."
_NO_CHARTS = (
    "Pass the root of a repository of Helm folders. In scenedock.yaml, `folders.include` adds folders without charts, "
    "and `apps` adds lists of services."
)


def find_missing_charts_of(repository: str, plan: Plan, deployed: Sequence[Deployed]) -> Finding:
    """The finding for a repository without charts; it names the tools that deploy what is there."""
    skipped = f" ({len(plan.skipped)} charts were skipped)" if plan.skipped else ""
    seen = f"; it has {describe_deployed(deployed)}" if deployed else ""
    remedy = f"{advice_on(deployed)}." if deployed else _NO_CHARTS
    message = f"the repository has no Chart.yaml of a deployment{skipped}{seen}"
    return Finding("error", "no-charts", message, Place(repository), remedy)


def find_missing_folders(repository: str, listing: Listing) -> Iterator[Finding]:
    """What is to be said of an empty repository, and of paths that can't be part of a catalog."""
    if not listing.files:
        remedy = "Check the path, and that the clone is complete."
        yield Finding("error", "empty-repository", "the repository has no files", Place(repository), remedy)
    for path in listing.unnameable:
        if path.endswith("Chart.yaml"):
            message = "its path isn't Unicode, so it can't be part of a catalog"
            yield Finding("warning", "name-not-unicode", message, Place(repository, path), "Rename the folder.")
    if listing.too_deep:
        deepest = "/".join(listing.too_deep[0].split("/")[:_SHOWN_SEGMENTS])
        paths = f" ({len(listing.too_deep)} such paths in the repository)" if len(listing.too_deep) > 1 else ""
        message = "folders nest here until their paths are too long to be read; what is down there is left out"
        place = Place(repository, deepest[:_SHOWN_CHARACTERS])
        remedy = "Remove the folder, or exclude it from the clone."
        yield Finding("warning", "path-too-long", f"{message}{paths}", place, remedy)


def find_unread_files(repository: str, problems: Mapping[str, str], told: Collection[str]) -> Iterator[Finding]:
    """A finding for each file that can't be read and that nothing else has told of."""
    for path, problem in sorted(problems.items()):
        if path not in told:
            yield Finding("warning", "unreadable-file", problem, Place(repository, path), _NOT_USED)


def find_missing_address(facts: RepositoryFacts, problem: str, *, is_folder: bool) -> Iterator[Finding]:
    """The finding if the address is unknown, so that no entity links to its source; `problem` is git's reason.

    `is_folder` says that git knows a remote, but that it is a folder.
    """
    if not facts.url:
        message = "the repository's address isn't known, so no entity links to its source"
        remedy = "Set `repository` in scenedock.yaml, or add the git remote `origin`."
        if is_folder:
            message = f"{message}: git's remote `origin` is a folder, not an address"
            remedy = "Set `repository` in scenedock.yaml."
        said = f"{message}: {problem}" if problem else message
        yield Finding("warning" if problem else "info", "no-address", said, Place(facts.name), remedy)
