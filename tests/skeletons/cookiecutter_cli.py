"""The reference: the `cookiecutter` command in a process of each call, compared with ours in the same folder."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from scenedock.effects.bakes.baked_trees import write_tree
from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.effects.skeletons.repositories import SkeletonRepositories
from scenedock.errors import ScenedockError
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.structs import replace
from scenedock.usecases.skeletons.bake_skeleton import bake_opened
from tests.tools.forks import Forks

Tree: TypeAlias = dict[str, tuple[int, bytes | None]]
"""Path → permission bits, and bytes where it is a file."""


@dataclass(frozen=True)
class Refused:
    """No tree, and why."""

    why: str


def tree_of(folder: Path) -> Tree:
    tree: Tree = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        assert not stat.S_ISLNK(state.st_mode), path
        content = path.read_bytes() if path.is_file() else None
        tree[path.relative_to(folder).as_posix()] = stat.S_IMODE(state.st_mode), content
    return tree


@cache
def _cookiecutter() -> Forks:
    return Forks("cookiecutter.cli:main", {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}, options=["-W", "error"])


def bake_as_cookiecutter(skeleton: Path, answers: dict[str, Any], work: Path) -> Tree | Refused:
    """What the command writes. Text goes in as `key=value`, the rest through its configuration file."""
    output = work / "output"
    config = work / "config.yaml"
    rest = {name: value for name, value in answers.items() if not isinstance(value, str)}
    config.write_text(
        yaml.safe_dump({"default_context": rest, "replay_dir": str(work / "r"), "cookiecutters_dir": str(work / "c")})
    )
    texts = [f"{name}={value}" for name, value in answers.items() if isinstance(value, str)]
    arguments = ["--no-input", "--config-file", str(config), "-o", str(output), str(skeleton), *texts]
    done = _cookiecutter().run(arguments, {"PATH": "/usr/bin:/bin", "HOME": str(work)})
    tree = tree_of(output) if output.is_dir() else {}
    shutil.rmtree(output, ignore_errors=True)
    return tree if done.returncode == 0 else Refused(done.stderr + done.stdout)


def bake_as_ours(skeleton: Path, answers: dict[str, Any], work: Path) -> Tree | Refused:
    """What we write, without the provenance file; the skeleton may run hooks and extensions."""
    output = work / "output"
    library = SkeletonLibrary((), work, None, SkeletonRepositories(work / "cache"))
    try:
        opened = replace(library.open_folder(skeleton), allow=frozenset(["hooks", "extensions"]))
        tree = bake_opened(opened, answers, ConfinedBakes(), output_dir=str(output))
        project = write_tree(tree, output)
    except ScenedockError as error:
        return Refused(str(error))
    (project / PROVENANCE_FILE).unlink()
    (project / PROVENANCE_FILE).parent.rmdir()
    written = tree_of(output)
    shutil.rmtree(output)
    return written
