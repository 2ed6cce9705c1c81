"""What changed files do to each environment, before anybody commits them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from scenedock.effects.git.overlaid import OverlaidRepository
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.manifests.difference import ManifestDiff
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.release import PairKey
from scenedock.usecases.catalog.export_catalog import Names, map_catalog, read_repositories
from scenedock.usecases.catalog.read_served import read_served
from scenedock.usecases.manifests.compare_targets import Compared, compare_targets
from scenedock.usecases.manifests.inputs import Inputs
from scenedock.usecases.manifests.rendering import TargetRenderer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.surveyed import surveyed_targets
from scenedock.usecases.manifests.targets import Target
from scenedock.usecases.manifests.tools import RenderingTools
from scenedock.usecases.releases.list_deployments import survey

ChangedFiles = Mapping[str, bytes | None]


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
    return diff_states(State(repositories), State(after), {name: changed.keys()}, tools, pairs, names)


def diff_states(
    before: State,
    after: State,
    changed: Mapping[str, Collection[str]],
    tools: RenderingTools,
    pairs: Collection[PairKey] | None = None,
    names: Names | None = None,
) -> ManifestDiff:
    """What differs between the repositories at two times, between which only some files have `changed`.

    Raises
    ------
    NotAllowedError   this machine can't sandbox a process
    InputError        a repository can't be read
    """
    paths = {name: sorted(each) for name, each in changed.items()}
    inputs = Inputs(before, paths), Inputs(after, paths)
    old, new = _targets(before, names), _targets(after, names)
    asked: list[Compared] = []
    for key in sorted({*old, *new}, key=lambda key: tuple(part or "" for part in key)):
        one, other = old.get(key), new.get(key)
        is_wanted = pairs is None or key[:3] in pairs
        if is_wanted and (one != other or _have_changed(inputs[0], one) or _have_changed(inputs[1], other)):
            asked.append(Compared(one, other))
    with TargetRenderer(tools) as renderer:
        return compare_targets(before, after, asked, renderer)


def _have_changed(inputs: Inputs, target: Target | None) -> bool:
    return target is not None and inputs.have_changed(target)


def _targets(state: State, names: Names | None) -> dict[tuple[str, str, str | None, str], Target]:
    result = map_catalog(read_repositories(state.repositories), names=names or {}, until="mapped")
    return {each.key: each for each in surveyed_targets(survey(result, state.repositories))}


def preview_served(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    name: str,
    changed: ChangedFiles,
    tools: RenderingTools,
    pairs: Collection[PairKey] | None = None,
) -> ManifestDiff:
    """`preview` for the service's repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    NotAllowedError   this machine can't sandbox a process
    InputError        no repository can be read, or not this one
    """
    from scenedock.usecases.catalog.catalog_record import read_memory

    names = read_memory(kept).names if kept else None
    with read_served(repositories) as (_, opened):
        return preview(opened, name, changed, tools, pairs, names)
