"""The scripts behind `make` say what is missing on a new machine, and what failed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
