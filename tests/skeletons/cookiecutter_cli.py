"""The reference: the `cookiecutter` command in a process of each call, compared with ours in the same folder."""

from __future__ import annotations

import atexit
import json
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, replace
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
from scenedock.usecases.skeletons.bake_skeleton import bake_opened

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
def _forks() -> subprocess.Popen[str]:
    """What makes the calls; it lives as long as this process."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", Path(__file__).with_name("cookiecutter_forks.py")],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    atexit.register(process.communicate)
    return process


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
    forks = _forks()
    assert forks.stdin
    assert forks.stdout
    forks.stdin.write(json.dumps({"arguments": arguments, "home": str(work)}) + "\n")
    exit_code = int(forks.stdout.readline())
    tree = tree_of(output) if output.is_dir() else {}
    shutil.rmtree(output, ignore_errors=True)
    return tree if exit_code == 0 else Refused((work / "said").read_text())


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
