"""The judge tells right from wrong: without this, a judge that always nods would pass every other test."""

from __future__ import annotations

import pytest

from scenedock.model.json import JsonObject
from tests.tools.judge import UNRECOGNISED, judge, read_with_backstage

DOMAIN: JsonObject = {
    "apiVersion": "backstage.io/v1alpha1",
    "kind": "Domain",
    "metadata": {"name": "a"},
    "spec": {"owner": "b"},
}


def test_it_accepts_refuses_and_does_not_recognise_in_the_order_of_the_questions() -> None:
    entities = [{**DOMAIN, "kind": "Realm"}, DOMAIN, {**DOMAIN, "spec": {}}, {**DOMAIN, "status": {}}]

    assert judge(entities) == [
        UNRECOGNISED,
        None,
        "/spec must have required property 'owner' - missingProperty: owner",
        "Unknown field status",
    ]


def test_nothing_asked_is_nothing_answered() -> None:
    assert judge([]) == []


def test_it_reads_yaml_as_the_catalog_does() -> None:
    text = "a: yes\nb: 0o14\nc: 2026-11-21\nd: {<<: {x: 1}}\n---\n# nothing\n---\n- é\u2028\n"

    assert read_with_backstage(text) == [{"a": "yes", "b": 12, "c": "2026-11-21", "d": {"<<": {"x": 1}}}, ["é\u2028"]]


def test_a_text_that_it_refuses_is_an_error() -> None:
    with pytest.raises(ValueError, match="unique"):
        read_with_backstage("a: 1\na: 2\n")
