"""Our verdict on an entity is Backstage's: on every entity of the corpus, and on what chance makes of the valid ones.

The files of `entities/` say in their names what Backstage makes of the documents in them, so that a corpus which is
wrong altogether would be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from scenedock.catalog.vocabulary.relations import Reference
from scenedock.catalog.vocabulary.validation import problems_of, unknown_kind
from scenedock.documents.reading import BACKSTAGE, read_documents
from tests.tools.judge import UNRECOGNISED, judge, judge_references, read_with_backstage
from tests.tools.mutants import mutants

FILES = sorted((Path(__file__).parent / "entities").glob("*.yaml"))


def ours(entity: dict[str, Any]) -> str:
    if problems_of(entity):
        return "invalid"
    return "unknown" if unknown_kind(entity) else "valid"


def theirs(entities: Sequence[dict[str, Any]]) -> list[str]:
    words = {None: "valid", UNRECOGNISED: "unknown"}
    return [words.get(message, "invalid") for message in judge(entities)]


def entities_of(file: Path) -> list[Any]:
    return [document.value for document in read_documents(file.read_bytes(), meaning=BACKSTAGE)]


@pytest.fixture(scope="module")
def corpus() -> dict[Path, list[tuple[Any, str]]]:
    """Each file's entities with Backstage's verdicts."""
    entities = {file: entities_of(file) for file in FILES}
    verdicts = iter(theirs([entity for each in entities.values() for entity in each]))
    return {file: [(entity, next(verdicts)) for entity in each] for file, each in entities.items()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_verdicts_on_the_corpus_are_equal(corpus: dict[Path, list[tuple[Any, str]]], file: Path) -> None:
    expected = file.suffixes[0].removeprefix(".")

    assert corpus[file]
    assert [entity for entity, verdict in corpus[file] if verdict != expected] == [], "Backstage disagrees"
    assert [entity for entity, _ in corpus[file] if ours(entity) != expected] == [], "we disagree"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_corpus_reads_the_same(file: Path) -> None:
    assert entities_of(file) == read_with_backstage(file.read_text("utf-8"))


def test_the_verdicts_on_mutants_of_the_valid_entities_are_equal() -> None:
    valid = [entity for file in FILES if ".valid" in file.suffixes for entity in entities_of(file)]
    tried: list[Any] = []

    @settings(max_examples=200)
    @given(mutants(valid))
    def collect(entity: Any) -> None:
        tried.append(entity)

    collect()

    verdicts = zip(tried, map(ours, tried), theirs(tried), strict=True)
    assert [verdict for verdict in verdicts if verdict[1] != verdict[2]] == []


def test_the_same_references_can_be_read() -> None:
    texts = ["".join(parts) for length in range(6) for parts in product("a:/", repeat=length)]
    asked = [(text, kind) for text in [*texts, " ", "a b", "é"] for kind in ("", "Group")]

    faults = judge_references(asked)

    unequal = [
        (text, kind, fault)
        for (text, kind), fault in zip(asked, faults, strict=True)
        if (fault is None) != (not Reference((), text, kind).fault)
    ]
    assert unequal == []
