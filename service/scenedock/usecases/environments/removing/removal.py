"""What goes with deployments: their own files, and the entries that name them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.services import Member
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.end_edits import SIGNS
from scenedock.changes.planned import PlannedFile, Refusal
from scenedock.changes.retirement import Retirement
from scenedock.documents.reading import Document, read_documents
from scenedock.effects.git.repositories import Repository
from scenedock.errors import InputError, NotFoundError
from scenedock.gitops.values_edits import remove_value
from scenedock.model.finding import Place
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import as_list, as_object, as_text, value_at
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass, field
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.releases.reading.pairs import Pair

_FLUX = "kustomize.toolkit.fluxcd.io"
_TAKING = ("resources", "components", "bases")
"""What a kustomization lists folders and files under."""


At: TypeAlias = tuple[str | int, ...]
"""A place in a file: the number of the document, and the keys and numbers of items that lead to it."""


class ChangedAlreadyError(InputError):
    """A place can't be edited before the repositories are read again: an edit before it has moved it."""


@dataclass(slots=True)
class Removal:
    """What a retirement takes away, in the making: of each file what it was and what it becomes, None if it goes.

    `now` is the ground as it would be so far, but for the `edited` places.
    """

    ground: Ground
    keys: Sequence[PairKey]
    now: Ground
    before: dict[tuple[str, str], bytes] = field(default_factory=dict)
    after: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    edited: dict[tuple[str, str], list[At]] = field(default_factory=dict)
    _read: tuple[PlannedFile, ...] = ()

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """The files that change or go, by path."""
        found = (PlannedFile(*at, self.before[at], after) for at, after in sorted(self.after.items()))
        return tuple(each for each in found if each.after != each.before)

    def renew(self) -> None:
        """Read the repositories as they would be now, unless they were.

        Raises
        ------
        InputError   they couldn't be read then
        """
        if self.files != self._read:
            self.now, self._read = self.ground.later(self.files), self.files
        self.edited.clear()

    def paths(self, repository: str) -> Iterator[str]:
        """The files of a repository that stay."""
        for path in self._repository(repository).listing().files:
            if self.after.get((repository, path), b"") is not None:
                yield path

    def content(self, repository: str, path: str) -> bytes:
        """The bytes of a file that stays, as far as the removal goes.

        Raises
        ------
        InputError, NotFoundError   it can't be read, or has gone
        """
        at = repository, path
        if at not in self.after:
            self.before[at] = self.after[at] = self.ground.read(repository, path)
        content = self.after[at]
        if content is None:
            raise NotFoundError(f"{repository}:{path} goes already")
        return content

    def edit(self, repository: str, path: str, edited: Callable[[bytes], bytes]) -> None:
        """Change a file in place.

        Raises
        ------
        InputError, NotFoundError   it can't be read or edited
        """
        self.after[repository, path] = edited(self.content(repository, path))

    def edit_as_read(self, repository: str, path: str, at: At, edited: Callable[[bytes], bytes]) -> None:
        """As `edit`, at a place that `now` tells: numbers of documents and items mean others after an edit before it.

        Raises
        ------
        ChangedAlreadyError         it isn't where `now` has it
        InputError, NotFoundError   it can't be read or edited
        """
        places = self.edited.setdefault((repository, path), [])
        changed = self.content(repository, path) != self.now.read(repository, path)
        if changed and (not places or any(_moves(each, at) for each in places)):
            raise ChangedAlreadyError(
                f"{repository}:{path} would have to be changed twice at once; remove one entry by hand"
            )
        self.edit(repository, path, edited)
        places.append(at)

    def delete(self, repository: str, path: str) -> None:
        """Let a file go."""
        at = repository, path
        self.before.setdefault(at, self._repository(repository).read(path))
        self.after[at] = None

    def delete_below(self, repository: str, folder: str) -> None:
        """Let all files of a folder go."""
        for path in list(self.paths(repository)):
            if path.startswith(f"{folder}/"):
                self.delete(repository, path)

    def refuse(self, pair: str, message: str, place: Place, remedy: str = "Remove it by hand.") -> None:
        """Note that something can't be taken away."""
        self.refusals.append(Refusal("not-removable", pair, message, place, remedy))

    def _repository(self, name: str) -> Repository:
        if name not in self.ground.repositories:
            raise NotFoundError(f"{name} is not among the repositories that are read")
        return self.ground.repositories[name]


def _moves(edited: At, at: At) -> bool:
    """Whether an edit of one place may have moved another one, or is around it or in it."""
    for one, other in zip(edited, at, strict=False):
        if one != other:
            return isinstance(one, int) and isinstance(other, int) and one < other
    return True


def pair_of(key: PairKey) -> str:
    """`billing/qa`."""
    _, service, environment = key
    return f"{service}/{environment}" if environment else service


def files_outside(ground: Ground, keys: Sequence[PairKey]) -> Iterator[tuple[str, str]]:
    """The values files outside of their charts that Applications name for some deployments, and nobody else by name.

    Others may take them in ways that nobody can see here: by a pattern, or by a name that only a cluster fills in.
    """
    readers: dict[tuple[str, str], set[PairKey]] = {}
    for key, deployed in ground.deployed.items():
        for layer in deployed.all_layers:
            if layer.is_file and not layer.elsewhere:
                readers.setdefault((key[0], layer.path), set()).add(key)
    for at, users in sorted(readers.items()):
        if users <= set(keys) and not any(_is_inside(ground.pairs[key], at[1]) for key in users):
            yield at


def _is_inside(pair: Pair, path: str) -> bool:
    """Whether a file is in the folders of a service, or is said by something else than its Applications."""
    deployment = pair.deployment
    if deployment.application is None or deployment.unit or deployment.item:
        return True
    return any(not each.path or path.startswith(f"{each.path}/") for each in pair.member.folders)


def written(at: Collection[str | int]) -> str:
    """A path as edits take it."""
    return ".".join(str(each).translate(SIGNS) for each in at)


def left_of(removal: Removal) -> Iterator[tuple[Member, Deployment, bool]]:
    """The deployments that are still there, each with whether it counts: lesser evidence is taken away, too."""
    mapped = removal.now.result.mapped
    for each in mapped.services if mapped else ():
        for member in each.service.members:
            for is_passed_over, deployments in ((False, member.deployments), (True, member.passed_over)):
                for deployment in deployments:
                    key = member.contents.facts.name, each.service.name, deployment.environment
                    if key in removal.keys:
                        yield member, deployment, not is_passed_over


def drop_mentions(removal: Removal) -> None:
    """Take what goes out of the kustomizations that list it, but for those that another deployment is built from.

    Raises
    ------
    InputError, NotFoundError   one can't be edited
    """
    gone = {at for at, after in removal.after.items() if after is None}
    for repository in {repository for repository, _ in gone}:
        stay = set(removal.paths(repository))
        folders = {posixpath.dirname(path) for name, path in gone if name == repository}
        for path in sorted(stay):
            if posixpath.basename(path) in KUSTOMIZATIONS and not _builds_others(removal, repository, path):
                _drop_from(removal, repository, path, {path for name, path in gone if name == repository} | folders)


def kustomizations_of_flux(removal: Removal, repository: str) -> Iterator[tuple[Place, Document, str]]:
    """The Kustomizations of Flux that stay so far, each with its place and the folder that it deploys."""
    for path in removal.paths(repository):
        if not path.endswith((".yaml", ".yml")):
            continue
        try:
            data = removal.after.get((repository, path)) or removal.ground.read(repository, path)
            documents = read_documents(data) if _FLUX.encode() in data else ()
        except (InputError, NotFoundError):
            continue
        for each in documents:
            value = as_object(each.value)
            if as_text(value.get("apiVersion")).startswith(_FLUX) and value.get("kind") == "Kustomization":
                folder = posixpath.normpath(as_text(value_at(value, ("spec", "path"))))
                yield Place(repository, path, each.line), each, folder


def _builds_others(removal: Removal, repository: str, path: str) -> bool:
    """Whether a deployment that stays is built from a kustomization, other than by one that only puts many together."""
    for key, pair in removal.ground.pairs.items():
        unit = pair.deployment.unit
        if key in removal.keys or key[0] != repository:
            continue
        files = {layer.path for layer in removal.ground.deployed[key].all_layers if not layer.elsewhere}
        folders = unit.folders if unit else (pair.deployment.folder,)
        if path in files or (unit and path == unit.place.path) or posixpath.dirname(path) in folders:
            return True
    return False


def _drop_from(removal: Removal, repository: str, path: str, gone: Collection[str]) -> None:
    try:
        data = removal.ground.read(repository, path)
        documents = read_documents(data)
    except InputError:
        return
    kustomization = as_object(documents[0].value) if documents else {}
    for name in _TAKING:
        listed = list(enumerate(map(as_text, as_list(kustomization.get(name)))))
        for number, entry in reversed(listed):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry))
            if (
                entry
                and target in gone
                and not any(each.startswith(f"{target}/") for each in removal.paths(repository))
            ):
                where = f"{name}.{number}"
                removal.edit(repository, path, partial(_without, where=where, path=path))


def _without(data: bytes, where: str, path: str) -> bytes:
    return remove_value(data, where, path)


def forget_in_settings(removal: Removal, retirement: Retirement, repository: str) -> None:
    """Take the locks, the end and the corrections of what goes out of the settings.

    Raises
    ------
    InputError, NotFoundError   the settings can't be edited
    """
    contents = next(each for each in removal.ground.result.repositories if each.facts.name == repository)
    settings, service = contents.settings, retirement.service
    environments = {environment for _, _, environment in removal.keys if environment}
    where = [
        f"locks.{number}"
        for number, lock in enumerate(settings.locks)
        if lock.service == service and lock.environment in environments
    ]
    override, ends = settings.overrides.get(service), settings.expires.get(service, {})
    name = service.translate(SIGNS)
    where += [f"expires.{name}.{each.translate(SIGNS)}" for each in sorted(environments & ends.keys())]
    if override and retirement.is_whole:
        where.append(f"overrides.{name}")
    elif override:
        where += [
            f"overrides.{name}.environments.{number}"
            for number, each in enumerate(override.environments or ())
            if each in environments
        ]
    for path in reversed(where):
        removal.edit(repository, FILE_NAME, partial(_without, where=path, path=FILE_NAME))
