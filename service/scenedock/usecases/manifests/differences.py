"""What differs between two times, or two environments."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from scenedock.catalog.vocabulary.environments import without_environment
from scenedock.effects.git.overlaid import OverlaidRepository
from scenedock.effects.git.repositories import Repository
from scenedock.effects.git.snapshots import FileState
from scenedock.errors import InputError, NotFoundError
from scenedock.manifests.difference import ManifestDiff
from scenedock.structs import replace
from scenedock.usecases.manifests.compare_targets import Compared, compare_targets
from scenedock.usecases.manifests.deployed_targets import DeployedTargets, Selected
from scenedock.usecases.manifests.inputs import Inputs
from scenedock.usecases.manifests.rendering import TargetRenderer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import Target, Targets
from scenedock.usecases.manifests.tools import RenderingTools

if TYPE_CHECKING:
    from scenedock.usecases.catalog.export_catalog import Names

EVERYTHING: Final = Selected()


def diff_states(
    before: State,
    after: State,
    changed: Mapping[str, Collection[str]],
    tools: RenderingTools,
    selected: Selected = EVERYTHING,
    names: Names | None = None,
) -> ManifestDiff:
    """What differs between the repositories at two times, between which only some files have `changed`.

    `names` are those that services had before.

    Raises
    ------
    NotAllowedError             this machine can't sandbox a process
    NotFoundError, InputError   a repository can't be read
    """
    paths = {name: sorted(each) for name, each in changed.items()}
    inputs = Inputs(before, paths), Inputs(after, paths)
    with TargetRenderer(tools) as renderer:
        old = DeployedTargets.of(before, renderer, names)
        is_same = old.planner.holds(after, paths, inputs)
        later = replace(old, state=after)
        new = later if is_same else DeployedTargets.of(after, renderer, names, old, inputs[1])
        sides = _by_key(old.by_applications()), _by_key(new.by_applications())
        if not all(side.explain(name, each) for name, each in paths.items() for side in (old, new)):
            sides = {**sides[0], **_by_key(old.by_folders())}, {**sides[1], **_by_key(new.by_folders())}
        asked: list[Compared] = []
        for key in sorted({*sides[0], *sides[1]}, key=lambda key: tuple(part or "" for part in key)):
            one, other = sides[0].get(key), sides[1].get(key)
            if not any(each and selected.includes(each) for each in (one, other)):
                continue
            is_equal = one == other and not _have_changed(inputs[0], one) and not _have_changed(inputs[1], other)
            if not is_equal or (other and other.key in new.unknown):
                asked.append(Compared(one, other))
        return compare_targets(before, after, asked, renderer)


def diff_repositories(
    before: Mapping[str, Repository],
    after: Mapping[str, Repository],
    tools: RenderingTools,
    selected: Selected = EVERYTHING,
) -> ManifestDiff:
    """What differs between the same repositories at two times.

    Raises
    ------
    NotAllowedError             this machine can't sandbox a process
    NotFoundError, InputError   a repository can't be read
    """
    changed = {name: list(changed_paths(before[name], after[name])) for name in before}
    earlier = {name: before_changes(before[name], after[name], paths) for name, paths in changed.items()}
    return diff_states(State(earlier), State(after), changed, tools, selected)


def diff_environments(
    state: State, environment: str, against: str, tools: RenderingTools, selected: Selected = EVERYTHING
) -> ManifestDiff:
    """What is other in `against` than in an `environment`, of the services that have both.

    Raises
    ------
    NotAllowedError             this machine can't sandbox a process
    NotFoundError, InputError   a repository can't be read, or no service has both environments
    """
    with TargetRenderer(tools) as renderer:
        found = all_targets(state, renderer, selected)
        sides: tuple[dict[tuple[str, ...], Target], dict[tuple[str, ...], Target]] = {}, {}
        for each in found:
            for side, wanted in zip(sides, (environment, against), strict=True):
                if each.environment == wanted:
                    name = without_environment(each.name, wanted)
                    label = f"{environment} (-) → {against} (+)"
                    side[each.repository, each.service, name] = replace(each, environment=label)
        both = sorted(sides[0].keys() & sides[1].keys())
        if not both:
            known = ", ".join(sorted({each.environment for each in found if each.environment})) or "none"
            raise NotFoundError(f"nothing is in both {environment!r} and {against!r}; the environments are: {known}")
        asked = [Compared(sides[0][key], sides[1][key]) for key in both]
        return compare_targets(state, state, asked, renderer)


def all_targets(state: State, renderer: TargetRenderer, selected: Selected = EVERYTHING) -> list[Target]:
    """All that is deployed, sorted by service and environment.

    Raises
    ------
    NotAllowedError             this machine can't sandbox a process
    NotFoundError, InputError   a repository can't be read
    """
    deployed = DeployedTargets.of(state, renderer)
    every = {**_by_key(deployed.by_folders()), **_by_key(deployed.by_applications())}
    found = [each for each in every.values() if selected.includes(each)]
    return sorted(found, key=lambda each: (each.service, each.environment or "", each.repository, each.name))


def changed_paths(before: Repository, after: Repository) -> Iterator[str]:
    """The files that differ between two states of a repository, by git's names for contents."""
    old, new = before.listing().inside, after.listing().inside
    states = before.snapshot().states, after.snapshot().states
    yield from sorted({*old} ^ {*new})
    for path in sorted({*old} & {*new}):
        one, other = states[0].get(path), states[1].get(path)
        known = one if isinstance(one, str) else other if isinstance(other, str) else ""
        if _id(before, path, one, known) != _id(after, path, other, known):
            yield path


def before_changes(before: Repository, after: Repository, changed: Collection[str]) -> Repository:
    """The state before some changes, of which all other files are read as they are after them: from a disk, perhaps.

    Raises
    ------
    InputError   a file can't be read
    """
    here = frozenset(before.listing().inside)
    return OverlaidRepository(after, {path: before.read(path) if path in here else None for path in changed})


def _id(repository: Repository, path: str, state: FileState, like: str) -> str:
    """The name of a file's contents: that of its blob."""
    if isinstance(state, str):
        return state
    try:
        data = repository.read(path)
    except InputError as error:
        return str(error)
    digest = hashlib.new("sha256" if len(like) > 40 else "sha1", usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()


def _have_changed(inputs: Inputs, target: Target | None) -> bool:
    return target is not None and inputs.have_changed(target)


def _by_key(targets: Collection[Target] | Iterator[Target]) -> Targets:
    return {each.key: each for each in targets}
