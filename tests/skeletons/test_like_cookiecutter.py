"""Every skeleton of `fixtures/`, with every set of answers beside it: what `cookiecutter` writes, we write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.skeletons.cookiecutter_cli import Refused, bake_as_cookiecutter, bake_as_ours

FIXTURES = Path(__file__).parent / "fixtures"


def cases() -> Iterator[Any]:
    for file in sorted(FIXTURES.glob("*.yaml")):
        for outcome, sets in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            for number, answers in enumerate(sets, 1):
                yield pytest.param(file.stem, answers, outcome, id=f"{file.stem}-{outcome}-{number}")


@pytest.mark.parametrize(("name", "answers", "outcome"), list(cases()))
def test_we_write_what_cookiecutter_writes_or_both_refuse(
    name: str, answers: dict[str, Any], outcome: str, tmp_path: Path
) -> None:
    theirs = bake_as_cookiecutter(FIXTURES / name, answers, tmp_path)
    ours = bake_as_ours(FIXTURES / name, answers, tmp_path)

    if outcome == "refused":
        assert isinstance(theirs, Refused)
        assert isinstance(ours, Refused)
    else:
        assert ours == theirs


def test_there_are_at_least_thirty_skeletons() -> None:
    assert len(list(FIXTURES.glob("*/cookiecutter.json"))) >= 30
