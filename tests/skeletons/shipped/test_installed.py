"""What an installed Scenedock bakes is what a checkout bakes, though pip has compiled its skeletons meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.repositories import COMMAND
from tests.skeletons.shipped.answers import DEPLOYMENTS, LIBRARY, MICROSERVICES
from tests.skeletons.shipped.world import SKELETONS, run
from tests.tools.wheel import build_wheel, install_wheel

ANSWERS = {
    "deployment": {"service": "orders", **DEPLOYMENTS["orders"]},
    "library-chart": LIBRARY,
    "microservice-python": MICROSERVICES["gitlab"],
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("installed")
    install_wheel(build_wheel(place), place / "environment")
    return place / "environment"


def baked(command: Path, skeleton: str, output: Path) -> dict[str, tuple[bytes, int]]:
    """The bytes of every file that a command bakes, and whether it can be run, by path."""
    answers = [f"{name}={value}" for name, value in ANSWERS[skeleton].items()]
    output.mkdir()
    run([command, "skeletons", "bake", skeleton, "--output", output, *answers], output)
    files = (path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o100) for path in files}


def test_there_are_answers_for_every_skeleton_that_ships() -> None:
    assert sorted(ANSWERS) == sorted(folder.name for folder in SKELETONS.iterdir())


def test_pip_compiles_the_skeletons(environment: Path) -> None:
    assert list((environment / "share" / "scenedock" / "cookiecutters").rglob("__pycache__/*.pyc"))


@pytest.mark.parametrize("skeleton", ANSWERS)
def test_installed_and_checked_out_they_bake_the_same_bytes(skeleton: str, environment: Path, tmp_path: Path) -> None:
    installed = baked(environment / "bin" / "scenedock", skeleton, tmp_path / "installed")

    assert installed
    assert installed == baked(COMMAND, skeleton, tmp_path / "checkout")
