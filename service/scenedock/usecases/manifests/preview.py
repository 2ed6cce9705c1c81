"""What changed files do to each environment, before anybody commits them; and what differs in served repositories."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from scenedock.catalog.reading.sources import slug_of
from scenedock.effects.git.overlaid import OverlaidRepository
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.git.revisions import GitRevision
from scenedock.errors import InputError, NotFoundError
from scenedock.gitops.changes import Edit, NewFile, apply_edit
from scenedock.manifests.difference import ManifestDiff
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Names
from scenedock.usecases.catalog.read_served import opened_served
from scenedock.usecases.manifests.deployed_targets import Selected
from scenedock.usecases.manifests.differences import changed_paths, diff_environments, diff_states
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.tools import RenderingTools

ChangedFiles = Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to preview of a repository, by its name or address: changes of its files, or revisions, or environments.

    `since` and `until` are revisions; without the second, the state that the service reads. `environment` selects one,
    or with `against` is compared with that.
    """

    repository: str
    files: tuple[NewFile, ...] = ()
    delete: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    since: str = ""
    until: str = ""
    services: tuple[str, ...] = ()
    environment: str | None = None
    against: str = ""


def preview(
    repositories: Mapping[str, Repository],
    name: str,
    changed: ChangedFiles,
    tools: RenderingTools,
    pairs: Collection[PairKey] | None = None,
    names: Names | None = None,
) -> ManifestDiff:
    """What `changed` files of the repository called `name` do to what is deployed; None for a file that is deleted.

    Only what has changed files among its inputs is rendered, on both sides; with `pairs`, only these. `names` are those
    that services had before.

    Raises
    ------
    NotAllowedError   this machine can't sandbox a process
    InputError        a repository can't be read
    """
    after = {**repositories, name: OverlaidRepository(repositories[name], changed)}
    before = State(repositories)
    return diff_states(before, State(after), {name: changed.keys()}, tools, Selected(pairs=pairs), names)


def preview_asked(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, asked: Asked, tools: RenderingTools
) -> ManifestDiff:
    """What somebody asked for, of the service's repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    NotAllowedError   this machine can't sandbox a process
    NotFoundError     the service has no such repository, or this no such file, revision or environment
    InputError        it can't be read, or an edit isn't possible
    """
    with opened_served(repositories) as (opened, problems):
        name = _name_in(opened, problems, asked.repository)
        selected = Selected(asked.services, None if asked.against else asked.environment)
        if asked.against:
            return diff_environments(State(opened), asked.environment or "", asked.against, tools, selected)
        if asked.since:
            with _revisions(opened[name], asked) as (old, new):
                sides = State({**opened, name: old}), State({**opened, name: new})
                changed = {name: list(changed_paths(old, new))}
                return diff_states(*sides, changed, tools, selected, _names(kept))
        files = _changed_files(opened[name], asked)
        after = State({**opened, name: OverlaidRepository(opened[name], files)})
        return diff_states(State(opened), after, {name: files.keys()}, tools, selected, _names(kept))


@contextmanager
def _revisions(repository: Repository, asked: Asked) -> Iterator[tuple[Repository, Repository]]:
    root, _ = repository.history_root()
    with GitRevision(root, asked.since) as old:
        if not asked.until:
            yield old, repository
            return
        with GitRevision(root, asked.until) as new:
            yield old, new


def _changed_files(repository: Repository, asked: Asked) -> ChangedFiles:
    """The files as they would be."""
    here = frozenset(repository.listing().inside)
    files: dict[str, bytes | None] = {each.path: each.content for each in asked.files}
    for path in asked.delete:
        below = [each for each in here if each == path or each.startswith(f"{path}/")]
        if not below:
            raise NotFoundError(f"there is no file or folder {path!r} in the repository")
        files.update(dict.fromkeys(below))
    for edit in asked.edits:
        content = files.get(edit.path)
        if content is None:
            if edit.path not in here:
                raise NotFoundError(f"there is no file {edit.path!r} to edit")
            content = repository.read(edit.path)
        files[edit.path] = apply_edit(content, edit)
    return files


def _name_in(opened: Mapping[str, Repository], problems: Mapping[str, str], asked: str) -> str:
    """The name of the repository that somebody means by its name or address."""
    if asked in opened:
        return asked
    for name, repository in opened.items():
        if (url := repository.address().url) and slug_of(url) == slug_of(asked):
            return name
    if asked in problems:
        raise InputError(problems[asked])
    known = ", ".join(sorted({*opened, *problems})) or "none"
    raise NotFoundError(f"{asked!r} is not a repository that this service reads; these are: {known}")


def _names(kept: KeptCatalog | None) -> Names | None:
    return read_memory(kept).names if kept else None
