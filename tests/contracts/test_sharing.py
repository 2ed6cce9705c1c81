"""Workers share the tests so that what is started once is started once, and the end says what each folder cost."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONGEST_FIRST

ROOT = Path(__file__).parents[2]
STARTED_ONCE = """
import pathlib, pytest

@pytest.fixture(scope="package")
def started():
    with pathlib.Path("started").open("a") as file:
        print("started", file=file)
"""
PYPROJECT = """
[tool.pytest.ini_options]
addopts = ["--import-mode=importlib", "-m", "not extended"]
filterwarnings = ["error"]
markers = ["extended: takes long"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two files that share what is started for their package, and two others, one of which has an extended test."""
    company, units = tmp_path / "tests" / "company", tmp_path / "tests" / "units"
    for folder in (company, units):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (company / "__init__.py").touch()
    (company / "conftest.py").write_text(STARTED_ONCE)
    for name in ("one", "two"):
        (company / f"test_{name}.py").write_text("def test_it(started):\n    pass\n")
        (units / f"test_{name}.py").write_text("def test_it():\n    pass\n")
    with (units / "test_two.py").open("a") as file:
        file.write("\nimport pytest\n\n@pytest.mark.extended\ndef test_long():\n    pass\n")
    return tmp_path


def run(project: Path, *arguments: str) -> list[str]:
    """The lines that a run with two workers prints, without other plugins, which take long to import."""
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "--numprocesses=2", *arguments]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_what_a_package_shares_is_started_once(project: Path) -> None:
    run(project)

    assert (project / "started").read_text() == "started\n"


def test_only_postgresql_which_starts_in_a_second_lives_as_long_as_a_session_so_that_every_worker_starts_it() -> None:
    files = [path for path in (ROOT / "tests").rglob("*.py") if 'scope="sess' + 'ion"' in path.read_text("utf-8")]

    assert files == [ROOT / "tests" / "faults" / "conftest.py"]


def test_the_costs_of_each_folder_stand_before_the_last_line(project: Path) -> None:
    *lines, last = run(project)

    costs = [line.split()[:2] for line in lines if re.search(r"\d+\.\d +\d+\.\d$", line)]
    assert costs == [["tests/company", "2"], ["tests/units", "2"], ["all", "4"]]
    assert re.fullmatch(r"=+ 4 passed, 1 deselected in \S+ =+", last)


def test_extended_tests_run_where_nothing_is_deselected(project: Path) -> None:
    assert re.fullmatch(r"=+ 5 passed in \S+ =+", run(project, "-m", "")[-1])


def test_what_begins_first_is_there() -> None:
    assert [path for path in LONGEST_FIRST if not (ROOT / path).exists()] == []
