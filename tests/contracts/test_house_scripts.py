"""The scripts behind `make` say what is missing on a new machine, and what failed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.repositories import COMMAND, plant

ROOT = Path(__file__).parents[2]


class ANewMachine:
    """A folder with this project's set-up in it, and a PATH that holds only what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        (self.project / "scripts").mkdir(parents=True)
        (self.project / "requirements").mkdir()
        for name in ("scripts/bootstrap", "scripts/check", "pyproject.toml", "requirements/dev.txt"):
            shutil.copy(ROOT / name, self.project / name)

    def has(self, *names: str) -> None:
        for name in names:
            found = shutil.which(name)
            assert found, f"{name} is missing; install it as root: apt-get install {name}"
            (self.bin / name).symlink_to(found)

    def has_script(self, name: str, text: str, folder: Path | None = None) -> None:
        script = (folder or self.bin) / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        script.chmod(0o755)

    def runs(self, script: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.project.parent)}
        command = ["/bin/sh", str(self.project / "scripts" / script)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


@pytest.fixture
def machine(tmp_path: Path) -> ANewMachine:
    machine = ANewMachine(tmp_path)
    machine.has("dirname", "cat")
    return machine


def test_set_up_without_git_says_how_to_install_it(machine: ANewMachine) -> None:
    refused = machine.runs("bootstrap")

    assert refused.returncode == 1
    assert "apt-get install git" in refused.stderr


def test_set_up_with_an_old_python_says_which_it_found_and_how_to_install_a_new_one(machine: ANewMachine) -> None:
    machine.has("git")
    machine.has_script("python3", 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac')

    refused = machine.runs("bootstrap")

    assert refused.returncode == 1
    assert "Python 3.9.2" in refused.stderr
    assert "apt-get install python3 python3-venv" in refused.stderr


def test_set_up_without_venv_says_how_to_install_it(machine: ANewMachine) -> None:
    machine.has("git")
    (machine.bin / "ensurepip.py").write_text("raise ImportError('kept in python3-venv')", encoding="utf-8")
    machine.has_script("python3", f'PYTHONPATH={machine.bin} exec {sys.executable} "$@"')

    refused = machine.runs("bootstrap")

    assert refused.returncode == 1
    assert refused.stderr.rstrip().endswith("apt-get install python3-venv")
    assert not (machine.project / ".venv").exists()


def test_one_failing_check_fails_the_run_and_is_named_though_all_others_pass(machine: ANewMachine) -> None:
    tools = machine.project / ".venv" / "bin"
    for tool in ("mypy", "lint-imports", "python", "hadolint", "pytest"):
        machine.has_script(tool, f"echo {tool} passed", tools)
    machine.has_script("ruff", '[ "$1" != format ]', tools)

    run = machine.runs("check")

    assert run.returncode == 1
    assert run.stderr == "\nFailed:\n  ruff format --check\n"
    assert run.stdout.endswith("pytest passed\n")


class MakeRun:
    """`make run` in a copy of what it needs; its service only says what it would serve, and where it keeps that."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.home = folder / "home"
        for name in ("scripts", "examples"):
            shutil.copytree(ROOT / name, self.project / name)
        shutil.copy(ROOT / "Makefile", self.project)
        self._replace("scripts/bootstrap", "exit 0")
        served = 'echo "serves $SCENEDOCK_REPOSITORIES from $SCENEDOCK_DATA"'
        self._replace(".venv/bin/scenedock", f'[ "$1" = serve ] || exec {COMMAND} "$@"\n{served}')

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "CDPATH": str(self.home)}
        command = ["make", "run", *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.project, env=environment, timeout=120
        )

    def serves(self, *arguments: str) -> tuple[str, str]:
        """What it would serve, and the folder where it would keep that."""
        run = self(*arguments)
        assert run.returncode == 0, run.stderr
        repository, _, data = run.stdout.splitlines()[-1].removeprefix("serves ").rpartition(" from ")
        assert (self.project / data).parent.joinpath("catalog-info.yaml").is_file()
        return repository, data

    def _replace(self, name: str, text: str) -> None:
        script = self.project / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        script.chmod(0o755)


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    return MakeRun(tmp_path)


def test_make_run_shows_one_repository_after_the_other(make_run: MakeRun) -> None:
    apps = plant(make_run.home / "apps")

    example, first = make_run.serves()
    repository, data = make_run.serves(f"repository={apps}")

    assert (example, first) == ("out/acme-apps", "out/data")
    assert (repository, data != first) == (str(apps), True)
    assert "name: billing" in (make_run.project / data).with_name("catalog-info.yaml").read_text(encoding="utf-8")
    assert make_run.serves() == (example, first)


def test_make_run_takes_every_way_to_write_a_path(make_run: MakeRun) -> None:
    apps = plant(make_run.home / "it's my $ apps")
    written = str(apps).replace("$", "$$")  # make's own sign

    absolute = make_run.serves(f"repository={written}")

    assert absolute[0] == str(apps)
    assert make_run.serves("repository=~/it's my $$ apps") == absolute
    assert make_run.serves("repository=../home/it's my $$ apps/") == absolute


def test_make_run_keeps_repositories_of_one_name_apart(make_run: MakeRun) -> None:
    one, other = (plant(make_run.home / name / "apps") for name in ("a", "b"))

    assert make_run.serves(f"repository={one}")[1] != make_run.serves(f"repository={other}")[1]


def test_make_run_serves_a_repository_with_errors_and_none_that_is_not_there(make_run: MakeRun) -> None:
    broken = plant(
        make_run.home / "apps", {"billing/Chart.yaml": "name: billing\n", "ledger/catalog-info.yaml": "a: ["}
    )
    (broken / "ledger" / "Chart.yaml").write_text("name: ledger\n")

    run, refused = make_run(f"repository={broken}"), make_run("repository=nowhere")

    assert "error: apps:ledger/catalog-info.yaml" in run.stdout
    assert run.stdout.splitlines()[-1].startswith(f"serves {broken} ")
    assert refused.returncode != 0
    assert "Error: nowhere: there is no such folder" in refused.stderr
    assert "serves" not in refused.stdout
