"""docs/security-model.md claims only what a test tries: each test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "security-model.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"\]\(([^)#]+\.py)#(\w+)\)", TEXT)))
ROWS = [line for line in TEXT.partition("## What is tried")[2].partition("\n## ")[0].splitlines() if line[:1] == "|"]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    text = (PAGE.parent / file).read_text(encoding="utf-8")

    assert re.search(rf"^def {name}\(", text, re.MULTILINE)


def test_each_threat_names_a_test() -> None:
    assert len(ROWS) > 15
    assert [row for row in ROWS[2:] if not re.search(r"\.py#test_", row)] == []
