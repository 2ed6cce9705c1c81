"""Entities are read from every shape in which they are kept."""

from __future__ import annotations

import json

import pytest

from scenedock.catalog.emitting.output import OutputFormat, render
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.errors import InputError
from scenedock.model.json import JsonObject

ONE: JsonObject = {"kind": "Component", "metadata": {"name": "one", "tags": ["a"]}}
TWO: JsonObject = {"kind": "System", "metadata": {"name": "two"}, "spec": {"text": "a\n{b\n"}}


@pytest.mark.parametrize("layout", ["yaml", "json", "jsonl"])
@pytest.mark.parametrize("documents", [[ONE, TWO], [ONE]])
def test_what_an_export_writes_is_read_back(layout: OutputFormat, documents: list[JsonObject]) -> None:
    read = read_entities(render(documents, layout).encode(), label="file")

    assert [entity.document for entity in read] == documents


def test_an_answer_of_backstages_api_is_read_and_so_is_a_single_entity() -> None:
    answer = {"items": [ONE, TWO], "totalItems": 2, "pageInfo": {}}

    assert [each.document for each in read_entities(json.dumps(answer).encode(), label="file")] == [ONE, TWO]
    assert [each.document for each in read_entities(json.dumps(ONE, indent=2).encode(), label="file")] == [ONE]
    assert read_entities(b"", label="file") == ()


@pytest.mark.parametrize(
    "data", [b"a: [", b"- text", b"[1]", b'{"kind": "Component"}', b"{]", b"\xff\xfe\x00", b"kind: A\n"]
)
def test_what_holds_no_entities_is_refused_with_the_files_name(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^file:"):
        read_entities(data, label="file")
