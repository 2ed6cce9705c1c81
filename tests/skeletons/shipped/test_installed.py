"""What an installed Scenedock bakes is what a checkout bakes, though pip has compiled its skeletons meanwhile."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.skeletons.shipped.answers import CLUSTERS, DEPLOYMENTS, GITOPS, LIBRARY, MICROSERVICES, RUNBOOKS
from tests.skeletons.shipped.world import SKELETONS, run
from tests.tools.wheel import build_wheel, install_wheel

ANSWERS = {
    "deployment": {"service": "orders", **DEPLOYMENTS["orders"]},
    "eks-cluster": CLUSTERS["capability"],
    "gitops-repository": GITOPS["gitlab"],
    "library-chart": LIBRARY,
    "microservice-python": MICROSERVICES["gitlab"],
    "migration-runbook": RUNBOOKS["nobody calls it"],
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("installed") / "environment"
    install_wheel(wheel, place)
    return place


@pytest.fixture(scope="module")
def installed(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the installed program bakes of each skeleton: a folder with a project in it."""
    made = {skeleton: tmp_path_factory.mktemp(skeleton) for skeleton in ANSWERS}
    for skeleton, output in made.items():
        program = environment / "bin" / "scenedock"
        run([program, "skeletons", "bake", skeleton, "--output", output, *pairs(skeleton)], output)
    return made


def pairs(skeleton: str) -> list[str]:
    return [f"{name}={value}" for name, value in ANSWERS[skeleton].items()]


def bake_here(*arguments: str | Path) -> None:
    """What the program of this checkout does."""
    done = CliRunner().invoke(main, ["skeletons", "bake", *map(str, arguments)])
    assert done.exit_code == 0, done.output


def contents(output: Path) -> dict[str, tuple[bytes, int]]:
    """The bytes of every file, and whether it can be run, by path."""
    files = (path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o100) for path in files}


def test_there_are_answers_for_every_skeleton_that_ships() -> None:
    assert sorted(ANSWERS) == sorted(folder.name for folder in SKELETONS.iterdir())


def test_pip_compiles_the_skeletons(environment: Path) -> None:
    assert list((environment / "share" / "scenedock" / "cookiecutters").rglob("__pycache__/*.pyc"))


@pytest.mark.parametrize("skeleton", ANSWERS)
def test_installed_and_checked_out_they_bake_the_same_bytes(
    skeleton: str, installed: dict[str, Path], tmp_path: Path
) -> None:
    bake_here(skeleton, "--output", tmp_path / "checkout", *pairs(skeleton))

    assert contents(installed[skeleton])
    assert contents(installed[skeleton]) == contents(tmp_path / "checkout")


@pytest.mark.parametrize("skeleton", ANSWERS)
def test_the_wheel_of_the_recorded_release_bakes_the_same_files_again(
    skeleton: str, wheel: Path, installed: dict[str, Path], tmp_path: Path
) -> None:
    """As docs/skeletons.md says: this is how a project's base can be had again."""
    (project,) = installed[skeleton].iterdir()
    about = yaml.safe_load((project / ".scenedock" / "skeleton.yaml").read_bytes())
    assert wheel.name.startswith(f"scenedock-{about['scenedock']}-")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
    (base,) = (tmp_path / "unpacked").glob(f"*.data/data/share/scenedock/cookiecutters/{about['skeleton']}")
    (tmp_path / "answers.yaml").write_text(yaml.safe_dump(about["answers"]), encoding="utf-8")

    bake_here(base, "--output", tmp_path / "again", "--answers", tmp_path / "answers.yaml")

    again = yaml.safe_load((tmp_path / "again" / project.name / ".scenedock" / "skeleton.yaml").read_bytes())
    assert [again[key] for key in ("answers", "computed", "files")] == [
        about[key] for key in ("answers", "computed", "files")
    ]
    assert again["files"] == {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in project.rglob("*")
        if path.is_file() and path.name != "skeleton.yaml"
    }
