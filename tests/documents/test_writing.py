from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from scenedock.documents.reading import BACKSTAGE, HELM, read_documents
from scenedock.documents.writing import write_documents
from scenedock.model.json import Json, JsonObject
from tests.tools.strategies import MISREAD, json_objects

ENTITY: JsonObject = {
    "apiVersion": "backstage.io/v1alpha1",
    "kind": "Component",
    "metadata": {
        "name": "billing",
        "title": "Billing & invoices (EU)",
        "description": "Sends invoices.\nAnd reminders: politely.\n",
        "annotations": {"backstage.io/source-location": "url:https://github.com/acme/apps/tree/main/billing/"},
        "labels": {"version": "1.10", "y": "yes"},
        "tags": ["java", "3d"],
        "links": [{"url": "https://acme.example/#top", "title": "C# 🎉"}, {}],
    },
    "spec": {
        "owner": "group:default/payments",
        "replicas": 2,
        "ratio": 0.5,
        "public": False,
        "extra": None,
        "grid": [[1], []],
    },
}
WRITTEN = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: billing
  title: Billing & invoices (EU)
  description: |
    Sends invoices.
    And reminders: politely.
  annotations:
    backstage.io/source-location: url:https://github.com/acme/apps/tree/main/billing/
  labels:
    version: "1.10"
    "y": "yes"
  tags:
    - java
    - "3d"
  links:
    - url: https://acme.example/#top
      title: "C# 🎉"
    - {}
spec:
  owner: group:default/payments
  replicas: 2
  ratio: 0.5
  public: false
  extra: null
  grid:
    - - 1
    - []
"""


def test_an_entity_looks_as_a_person_would_write_it() -> None:
    assert write_documents([ENTITY]) == WRITTEN


def test_documents_are_parted_and_none_are_nothing() -> None:
    assert write_documents([{"a": 1}, {}, {"b": 2}]) == "a: 1\n---\n{}\n---\nb: 2\n"
    assert write_documents([]) == ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain text", "plain text"),
        ("/healthz", "/healthz"),
        ("Grüße", "Grüße"),
        ('it\'s "so" [1]', 'it\'s "so" [1]'),
        ("a:b", "a:b"),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("true", '"true"'),
        ("1", '"1"'),
        ("", '""'),
        (" a", '" a"'),
        ("tab\there", '"tab\\there"'),
        ("\u2028", '"\\u2028"'),
        ("\u202eevil", '"\\u202eevil"'),
        ("\x85\x7f\ufeff", '"\\u0085\\u007f\\ufeff"'),
        ("a\r\nb", '"a\\r\\nb"'),
        ("\ud800", '"\ufffd"'),
        ("\ud800\na", '"\ufffd\\na"'),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\n  b\n", "|\n  a\n\n    b"),
        ("a\n\n", '"a\\n\\n"'),
        ("a \nb", '"a \\nb"'),
        ("\na", '"\\na"'),
    ],
)
def test_text_is_plain_or_literal_only_where_no_reader_can_misread_it(text: str, written: str) -> None:
    assert write_documents([{"v": text}]) == f"v: {written}\n"


def test_long_text_is_never_folded() -> None:
    assert write_documents([{"v": "word " * 500 + "end"}]).count("\n") == 1


def test_a_key_that_is_too_long_for_one_line_is_written_as_an_explicit_one() -> None:
    document: JsonObject = {"a": {"k" * 2000: {"b": 1}, "l" * 2000: 2}}

    assert write_documents([document]) == f"a:\n  ? {'k' * 2000}\n  :\n    b: 1\n  ? {'l' * 2000}\n  : 2\n"


@pytest.mark.parametrize(
    ("number", "written"),
    [(1e16, "1.0e+16"), (1e-7, "1.0e-07"), (1.5e300, "1.5e+300"), (2.0, "2.0"), (2**64, str(2**64))],
)
def test_a_float_is_a_float_to_every_reader(number: float, written: str) -> None:
    assert write_documents([{"v": number}]) == f"v: {written}\n"


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_does_not_have_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_documents([{"v": number}])


def test_tuples_are_lists() -> None:
    assert write_documents([{"a": ("b", ("c",)), "d": ()}]) == "a:\n  - b\n  - - c\nd: []\n"


@given(st.lists(json_objects, max_size=4))
@example([{text: text, "list": [text, [text]], "deep": {"er": text}} for text in MISREAD])
def test_what_is_written_is_read_back_by_yaml_1_1_by_yaml_1_2_and_by_helms_rules(documents: list[JsonObject]) -> None:
    written = write_documents(documents)

    readings: list[list[Json]] = [
        [document.value for document in read_documents(written.encode(), meaning=HELM)],
        [document.value for document in read_documents(written.encode(), meaning=BACKSTAGE)],
        list(yaml.safe_load_all(written)),
        list(yaml.load_all(written, Loader=yaml.CSafeLoader)),
    ]

    for read in readings:
        assert json.dumps(read) == json.dumps(documents)
