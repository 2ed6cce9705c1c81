"""The documentation keeps up with the code, and its pages with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
MOST_MODULES = 15
DECISIONS = sorted(DOCS.glob("decisions/[0-9]*.md"))


def written(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_room_has_a_paragraph_in_the_architecture() -> None:
    rooms = {
        path.stem for path in (ROOT / "service" / "scenedock").iterdir() if path.is_dir() or path.suffix == ".py"
    } - {"__init__", "__pycache__"}

    assert set(re.findall(r"^### `(\w+)`\n\n\S", written(DOCS / "architecture.md"), re.MULTILINE)) == rooms


def test_a_file_that_the_architecture_names_is_there() -> None:
    named = re.findall(r"`([a-z_/]+\.py)`", written(DOCS / "architecture.md"))
    places = (ROOT, ROOT / "service" / "scenedock")

    assert named
    assert [path for path in named if not any((place / path).is_file() for place in places)] == []


def test_no_room_is_too_full_to_see() -> None:
    packages = [init.parent for init in (ROOT / "service").rglob("__init__.py")]
    modules = {str(package): len(list(package.glob("*.py"))) - 1 for package in packages}

    assert packages
    assert {name: count for name, count in modules.items() if count > MOST_MODULES} == {}


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.name)
def test_a_decision_says_context_decision_and_consequence_on_one_screen(decision: Path) -> None:
    text = written(decision)

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_a_gap_and_all_are_listed() -> None:
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", written(DOCS / "decisions" / "README.md"), re.MULTILINE)

    assert [(f"# {number}. {title}", name) for number, title, name in listed] == [
        (written(decision).splitlines()[0], decision.name) for decision in DECISIONS
    ]
    assert [int(decision.name[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_dependency_has_its_reason_and_no_other_has_one() -> None:
    pyproject = tomllib.loads(written(ROOT / "pyproject.toml"))
    asked_for = [*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]]
    names = {Requirement(text).name.lower() for text in asked_for if isinstance(text, str)}
    libraries = written(DOCS / "decisions" / "0003-the-libraries.md")
    first_cells = re.findall(r"^\| (?!library|---)([^|]+) \|", libraries, re.MULTILINE)

    assert sorted(", ".join(first_cells).lower().split(", ")) == sorted(names)


def test_the_words_of_the_glossary_are_in_order_and_each_stands_once() -> None:
    parts = written(DOCS / "glossary.md").split("\n## ")[1:]
    words = [[word.lower() for word in re.findall(r"^\| (?!word|---)([^|]+) \|", part, re.MULTILINE)] for part in parts]

    assert words == [sorted(part) for part in words]
    assert len({word for part in words for word in part}) == sum(map(len, words)) > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_leads_to_a_file_that_is_there(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", written(page))

    assert [target for target in targets if not (page.parent / target).exists()] == []
