"""Values that stand in other files are found where the catalog would put them in."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.catalog.vocabulary.placeholders import placeholders_of


@pytest.mark.parametrize(
    ("entity", "found"),
    [
        ({"spec": {"definition": {"$text": "./a.yaml"}}}, {("spec", "definition"): "./a.yaml"}),
        ({"spec": {"$yaml": "a"}}, {("spec",): "a"}),
        ({"spec": {"parameters": [{}, {"$json": "a"}]}}, {("spec", "parameters", 1): "a"}),
        ({"metadata": {"annotations": {"a": {"$text": "b"}}}}, {("metadata", "annotations", "a"): "b"}),
        ({"spec": {"a": {"$openapi": "b"}, "c": {"$asyncapi": "d"}}}, {("spec", "a"): "b", ("spec", "c"): "d"}),
    ],
)
def test_placeholders_are_found(entity: dict[str, Any], found: dict[tuple[str | int, ...], str]) -> None:
    assert {each.path: each.target for each in placeholders_of(entity)} == found


@pytest.mark.parametrize(
    "entity",
    [
        {},
        {"spec": None, "metadata": []},
        {"spec": {"a": {"$text": 5}}},
        {"spec": {"a": {"$text": "b", "c": "d"}}},
        {"spec": {"a": {"$unknown": "b"}}},
        {"spec": {"a": {"$ref": {"$text": "b"}}}},
        {"metadata": {"name": {"$text": "b"}, "namespace": {"$text": "b"}}, "kind": {"$text": "b"}},
        {"metadata": {"$yaml": "b"}},
    ],
)
def test_what_the_catalog_ignores_or_validates_first_is_no_placeholder(entity: dict[str, Any]) -> None:
    assert list(placeholders_of(entity)) == []
