"""What changed files do to each environment, before anybody commits them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from scenedock.effects.git.overlaid import OverlaidRepository
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import InputError
from scenedock.manifests.difference import ManifestDiff
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.release import PairKey
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Names
from scenedock.usecases.catalog.read_served import opened_served
from scenedock.usecases.manifests.deployed_targets import Selected
from scenedock.usecases.manifests.differences import diff_states
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.tools import RenderingTools

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
    before = State(repositories)
    return diff_states(before, State(after), {name: changed.keys()}, tools, Selected(pairs=pairs), names)


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
    names = read_memory(kept).names if kept else None
    with opened_served(repositories) as (opened, problems):
        if name not in opened:
            raise InputError(problems.get(name, f"{name} is not among the repositories of this service"))
        return preview(opened, name, changed, tools, pairs, names)
