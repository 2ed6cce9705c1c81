"""What the catalog costs by the number of folders and of repositories: seconds of CPU, and mebibytes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.export import cost_of
from bench.feed import CHANGED, Watched, cpu_of, git
from bench.repository import write_repository
from scenedock.effects.git.clones import RemoteBranch, RepositoryClone

SCENEDOCK = Path(sys.executable).with_name("scenedock")
_CHANGES = 3


@dataclass(frozen=True)
class Costs:
    """What is done with repositories, and what each costs; `memory` is that of an export."""

    cpu: Mapping[str, float]
    memory: float


def of_folders(folder: Path, folders: int) -> Costs:
    """The costs of one repository of so many folders, written into a folder of its own."""
    root = write_repository(folder / "apps", folders)
    export = cost_of([SCENEDOCK, "catalog", "export", root, "--output", folder / "all.yaml", "--quiet"], folder)
    versions = cost_of([SCENEDOCK, "deployments", "list", root, "--format", "json"], folder)
    watched = _watched(root, folder)
    full = cpu_of(watched.feed.refresh)
    nothing = cpu_of(watched.feed.refresh, _CHANGES)
    watched.changed("CODEOWNERS", "@acme/platform", "@acme/owners")  # from now on all names are remembered ones
    tag = watched.changed(f"{CHANGED}/values-qa.yaml", "tag: 2", "tag: 3")
    owner = watched.changed(
        f"{CHANGED}/Chart.yaml", "type: application", "type: application\nannotations: {owner: jane}"
    )
    cpu = {
        "export": export.cpu,
        "list of deployments": versions.cpu,
        "first build of the feed": full,
        "refresh when nothing has changed": nothing,
        "refresh after a changed tag": tag,
        "refresh after a changed owner": owner,
    }
    return Costs(cpu, export.memory)


def of_repositories(folder: Path, repositories: int, folders: int) -> Costs:
    """The cost of an export of so many repositories that have so many folders together."""
    roots = [write_repository(folder / f"apps-{number}", folders // repositories) for number in range(repositories)]
    export = cost_of([SCENEDOCK, "catalog", "export", *roots, "--output", folder / "all.yaml", "--quiet"], folder)
    return Costs({"export": export.cpu}, export.memory)


def _watched(root: Path, folder: Path) -> Watched:
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=First")
    bare, data = folder / "clone.git", folder / "data"
    git(folder, "clone", "--quiet", "--bare", str(root), str(bare))
    data.mkdir()
    return Watched.of(root, RepositoryClone(RemoteBranch.read("https://git.acme.example/acme/apps"), bare), data)
