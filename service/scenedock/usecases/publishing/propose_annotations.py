"""Propose the annotations that entities in files of a repository lack, as one pull request that follows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from scenedock.effects.code_hosts.remote_repository import RemoteRepository, no_branch
from scenedock.errors import ConflictError, InputError, NotFoundError, ScenedockError
from scenedock.gitops.annotation_edits import add_annotations
from scenedock.gitops.changes import ChangeRequest, NewFile
from scenedock.model.code_hosts.code_host import checked_branch, checked_path
from scenedock.model.code_hosts.commit import Attempt, Mark
from scenedock.model.entity import EntityRef
from scenedock.structs import dataclass
from scenedock.usecases.publishing.keep_proposal import digest_of, keep_proposal
from scenedock.usecases.publishing.propose_change import Proposal

_BRANCH = "scenedock/annotations"
_TITLE = "Add annotations to the catalog files"
_BODY = (
    "Scenedock knows these annotations from where the services are deployed. Each run of `scenedock catalog adopt "
    "--propose` updates this pull request."
)
_PROGRAM = "catalog-adopt"


@dataclass(frozen=True, slots=True)
class Lacking:
    """An entity in the file at a path of a branch (`HEAD` is the default one), and the annotations that it lacks."""

    branch: str
    path: str
    ref: EntityRef
    annotations: Mapping[str, str]


def propose_annotations(
    repository: RemoteRepository, lacking: Sequence[Lacking], log: Callable[[str], None]
) -> list[ScenedockError]:
    """Propose annotations for files of a repository, for each branch on its own; return what can't be proposed.

    What counts is what the files say now: nothing happens if they have all of it.

    Raises
    ------
    NotFoundError     there is no such repository
    NotAllowedError   our credentials don't suffice
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    by_base: dict[str, list[Lacking]] = defaultdict(list)
    for each in lacking:
        by_base[repository.default_branch() if each.branch == "HEAD" else each.branch].append(each)
    refused: list[ScenedockError] = []
    for base, of_base in by_base.items():
        try:
            refused += _propose(repository, checked_branch(base), of_base, log)
        except (InputError, NotFoundError, ConflictError) as error:
            refused.append(error)
    return refused


def _propose(
    repository: RemoteRepository, base: str, lacking: Sequence[Lacking], log: Callable[[str], None]
) -> list[ScenedockError]:
    head = repository.head(base)
    if head is None:
        raise no_branch(repository, base)
    by_path: dict[str, list[Lacking]] = defaultdict(list)
    for each in lacking:
        by_path[checked_path(each.path)].append(each)
    listing = repository.listing(head, list(by_path))
    refused: list[ScenedockError] = []
    found: set[bytes] = set()
    files: list[NewFile] = []
    for path, of_path in by_path.items():
        name = f"{repository.address}: {path}"
        if path not in listing:
            refused.append(NotFoundError(f"{name}: there is no such file in {base}"))
            continue
        content = before = repository.read(listing[path])
        for each in of_path:
            try:
                content = add_annotations(content, each.ref, each.annotations, name)
            except InputError as error:
                refused.append(error)
        if content != before:
            found.add(before)
            files.append(NewFile(path, content))
    if files:
        changes = ChangeRequest(files=tuple(files))
        proposal = Proposal(changes, f"{_BRANCH}/{base}", base, title=_TITLE, body=_BODY, message=_TITLE)
        attempt = Attempt(Mark(_PROGRAM, digest_of(changes)), log=log)
        keep_proposal(repository, proposal, attempt, may_replace=found.__contains__)
    return refused
