"""npm packages are installed once, whole, and a failure says what to type."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.node import node, node_modules

ROOT = Path(__file__).parent.parent.parent


def package(folder: Path, dependencies: dict[str, str]) -> Path:
    """A folder with a package.json and a lock of dependencies that exist nowhere."""
    folder.mkdir()
    root = {"name": "tried", "dependencies": dependencies}
    packages = {f"node_modules/{name}": {"version": version} for name, version in dependencies.items()}
    lock = {"name": "tried", "lockfileVersion": 3, "requires": True, "packages": {"": root, **packages}}
    (folder / "package.json").write_text(json.dumps(root))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "scenedock"


def test_node_is_the_one_of_the_lock() -> None:
    assert subprocess.run([node(), "--version"], capture_output=True, check=True).stdout == b"v24.11.1\n"


def test_several_processes_install_a_lock_once(tmp_path: Path, cache: Path) -> None:
    folder = package(tmp_path / "tried", {})
    program = (
        "import sys; from pathlib import Path; from tests.tools.node import *; print(node_modules(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, str(folder)]

    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate()[0].strip() for process in running}

    assert answers == {str(node_modules(folder))}
    assert sorted(path.suffix for path in cache.iterdir()) == ["", ".lock"]


def test_a_failure_leaves_nothing_and_says_what_to_type(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    folder = package(tmp_path / "tried", {"nothing-of-this-name": "1.0.0"})

    with pytest.raises(RuntimeError, match=r"could not be installed(.|\n)*To try it yourself: cd .*/tried && .* ci"):
        node_modules(folder)

    assert [path.suffix for path in cache.iterdir()] == [".lock"]
