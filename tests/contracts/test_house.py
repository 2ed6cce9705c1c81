"""The house keeps its promises: what a contributor types, what the locks hold, what no file may say."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, requires
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench import mutants

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MEGABYTE = 1_000_000
FOR_OTHERS = {"cookiecutter"}
"""Libraries that the product brings and doesn't import: decision 3 says what for."""


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def lines_with(pattern: str) -> list[str]:
    """Every line of a tracked file in which the pattern occurs, as `path:line: text`."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:160]}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if re.search(pattern, line)
    ]


def pins(lock: Path) -> dict[str, str]:
    """Name to version of everything that a lock holds."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def asked_for(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for by name and what therefore has to be in this lock."""
    groups = PYPROJECT["dependency-groups"]
    written = {
        "build.txt": groups["build"],
        "runtime.txt": PYPROJECT["project"]["dependencies"],
        "dev.txt": [*PYPROJECT["project"]["dependencies"], *groups["build"], *groups["dev"]],
    }[lock]
    return [Requirement(text) for text in written if isinstance(text, str)]


def required_by(name: str) -> set[str]:
    """The packages that an installed one, of which an extra may be asked for, needs on this platform."""
    asked = Requirement(name)
    extras = [{"extra": extra} for extra in ("", *asked.extras)]
    return {
        _with_extras(each)
        for each in map(Requirement, requires(asked.name) or ())
        if not each.marker or any(each.marker.evaluate(extra) for extra in extras)
    }


def _with_extras(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{canonicalize_name(requirement.name)}{extras}"


def test_no_file_names_a_path_of_a_machine() -> None:
    assert lines_with(r"(?<![\w.$}-])/(?:root|work|home/\w+|Users/\w+)/") == []


def test_no_file_names_a_package_registry() -> None:
    assert lines_with(r"pypi\.org|python[h]osted|npmjs\.(?:org|com)|yarnpkg\.com|deb\.debian\.org") == []


def test_every_module_that_mutants_are_made_of_is_there_with_its_tests() -> None:
    files = [mutants.path_of(module) for module in mutants.TESTS]
    files += [Path(tests) for tests in mutants.TESTS.values()]

    assert [file for file in files if not (ROOT / file).exists()] == []


def test_a_new_module_has_to_choose_its_layer() -> None:
    layers = [each for each in PYPROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers"]

    assert [each["name"] for each in layers if not each.get("exhaustive")] == []


def test_a_loose_end_names_its_issue() -> None:
    assert lines_with(r"\b(?:TO[D]O|FIX[M]E)\b(?!\(#\d+\))") == []


def test_no_file_is_over_a_megabyte() -> None:
    assert [path for path in tracked_files() if path.stat().st_size > MEGABYTE] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_everything_by_hash_and_says_nothing_about_where_it_comes_from(lock: Path) -> None:
    text = re.sub(r"^ *#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    pinned = r"[a-z0-9-]+==[^\s;]+(?: ; [^\n\\]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"

    assert re.fullmatch(f"(?:{pinned})+", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_what_pyproject_asks_for(lock: Path) -> None:
    held = pins(lock)

    unmet = [
        str(wanted)
        for wanted in asked_for(lock.name)
        if not wanted.specifier.contains(held.get(canonicalize_name(wanted.name), "0"))
    ]
    assert unmet == [], "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_nothing_else(lock: Path) -> None:
    wanted = {_with_extras(requirement) for requirement in asked_for(lock.name)}
    needed: set[str] = set()
    while wanted:
        needed |= wanted
        wanted = {below for name in wanted for below in required_by(name)} - needed
    # What only other platforms need is in the lock, too, with the marker that says so.
    everywhere = re.findall(r"^([a-z0-9-]+)==\S+ \\$", lock.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(set(everywhere) - {name.partition("[")[0] for name in needed}) == [], "run `make lock`"


def imported_names() -> set[str]:
    """The top-level modules that the product imports, early or late, those of Python and its own apart."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "service").rglob("*.py")]
    names = {
        name
        for tree in trees
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    return {name.partition(".")[0] for name in names} - {*sys.stdlib_module_names, "scenedock"}


def modules_of(requirement: str) -> set[str]:
    """The top-level modules that a package brings."""
    tops = {file.parts[0] for file in distribution(Requirement(requirement).name).files or ()}
    return {top.partition(".")[0] for top in tops if not top.endswith((".dist-info", ".pth", ".libs")) and top != ".."}


def test_what_the_product_imports_is_declared_and_what_is_declared_is_imported() -> None:
    project = PYPROJECT["project"]
    declared = {*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())}
    imported = imported_names()

    assert imported <= set().union(*map(modules_of, declared))
    assert {Requirement(each).name for each in declared if not modules_of(each) & imported} == FOR_OTHERS


def test_the_locks_are_one_resolution() -> None:
    dev = pins(ROOT / "requirements" / "dev.txt")

    assert [pin for lock in LOCKS for pin in pins(lock).items() if pin not in dev.items()] == []


def test_an_npm_lock_holds_hashes_and_no_addresses() -> None:
    locks = [path for path in tracked_files() if path.name == "package-lock.json"]
    packages = [
        package for lock in locks for package in json.loads(lock.read_text("utf-8"))["packages"].items() if package[0]
    ]

    assert packages
    assert [name for name, facts in packages if "resolved" in facts or "integrity" not in facts] == []


def test_what_builds_the_package_is_locked() -> None:
    assert PYPROJECT["dependency-groups"]["build"] == PYPROJECT["build-system"]["requires"]


def test_the_image_is_labelled_with_the_version_of_the_package() -> None:
    assert f"\nARG VERSION={PYPROJECT['project']['version']}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_make_alone_explains_every_target() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert declared
    assert re.findall(r"^make (\S+) +\S", printed, re.MULTILINE) == [
        target for target in declared[1].split() if target != "set-up"
    ]
