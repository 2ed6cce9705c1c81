"""The quick reader against libyaml and the composer: it says the same, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from yaml.error import YAMLError

from scenedock.documents.composed import DocumentError
from scenedock.documents.composing import compose
from scenedock.documents.ordinary import read_ordinary
from scenedock.documents.reading import read_document
from scenedock.documents.scalars import BACKSTAGE, HELM, Meaning
from scenedock.documents.writing import write_documents
from scenedock.model.json import Json
from tests.properties.documents import charts, values
from tests.properties.files import DAMAGES, written
from tests.tools.strategies import MISREAD, json_objects

CASES = Path(__file__).parent.parent / "cases"
meanings = st.sampled_from((HELM, BACKSTAGE))

ORDINARY = b"""\
# Defaults of the chart.
---
# and more
name: billing
description: Sends invoices, "reminders" too  # they say
image: {repository: acme/billing, 'tag': "1.4", pull: yes}
"prometheus.io/scrape": 'true'
empty:
securityContext:
  {}
ports: [80, "443" , /a b]
url: http://a.test/b#c
hosts:
- name: a
  paths:
  - /
  -   deep: 1
      er: 012
- b

replicas:
    min: 1

    # less
  # and less
    max: 2
"""


def judged(data: bytes, meaning: Meaning) -> tuple[Json, int] | None:
    """The value and line of the only document of a file by libyaml; None where it has others, or is wrong."""
    try:
        documents = list(compose(data, meaning))
    except (YAMLError, DocumentError):
        return None
    repeats = any(document.repeated_keys for document in documents)
    return (documents[0].value, documents[0].line) if len(documents) == 1 and not repeats else None


def spelled(value: object) -> str:
    """A value with the order of its keys and the types of its numbers, which `==` doesn't tell."""
    return json.dumps(value)


def assert_says_the_same_or_nothing(data: bytes, meaning: Meaning) -> None:
    said = read_ordinary(data, meaning)
    if said is not None:
        assert spelled(said) == spelled(judged(data, meaning))


# What lines are made of, ordinary or nearly so: of a handful in a row, many are right by libyaml, and many are wrong.
TOKENS = (
    *("\n", "\n", "\n", "\n  ", "\n    ", " ", "  ", "- ", "\n- ", "\n  - ", "-", "---", "---\n", "\n...\n"),
    *(
        "a:",
        "b:",
        "c: ",
        "\na: ",
        "\nb: ",
        "\n  a: ",
        "a",
        "y: ",
        "1: ",
        "'k': ",
        '"k":',
        "<<: ",
        "a b: ",
        "? ",
        ": ",
        ":",
    ),
    *(
        "x",
        "x y",
        "1",
        "012",
        "1.0",
        "yes",
        "~",
        ".5",
        ".inf",
        "-1",
        "é",
        "http://a/b",
        "a:b",
        "x#y",
        "+",
        "=",
        "<<",
        "$x",
    ),
    *(
        "'x'",
        "'it''s'",
        '"y"',
        '"\\n"',
        "'",
        '"',
        "[]",
        "{}",
        "[1, a b]",
        "{a: 1, b: 'x'}",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
    ),
    *(
        "#",
        " #",
        "# c",
        " # c",
        "\n# c\n",
        "|",
        ">",
        "&a ",
        "*a",
        "!t ",
        "%",
        "@",
        "`",
        "\t",
        "\r",
        "\x85",
        "\u2028",
        "\ufeff",
    ),
)
tokens: SearchStrategy[str] = st.lists(st.sampled_from(TOKENS), max_size=14).map("".join)


@given(tokens, meanings)
@example("a:\n  - b\n - c", HELM)
@example("a: b\n  c: d", HELM)
@example("a: b\n  c", HELM)
@example("- a\n  b", HELM)
@example("a:\n  b: 1\n c: 2", HELM)
@example("a: 1\n- b", HELM)
@example("a: 1\na: 2", HELM)
@example("a: 1\n'a': 2", HELM)
@example("1: a\n0x1: b", HELM)
@example("a: {b: 1, b: 2}", HELM)
@example("<<: {a: 1}", HELM)
@example("a: 'b' c", HELM)
@example("a: [b]: c", HELM)
@example("a: b: c", HELM)
@example("a: b:", HELM)
@example("a\n", HELM)
@example("{}\n", HELM)
@example("a: 1\n---\nb: 1", HELM)
@example("a: 1\n...\nb: 1", HELM)
@example("a: x\ty", HELM)
@example("a: " + "x" * 2000 + "\n" + "b" * 2000 + ": y", HELM)
def test_any_lines_say_what_they_say_to_libyaml_or_nothing(text: str, meaning: Meaning) -> None:
    assert_says_the_same_or_nothing(text.encode(), meaning)


@given(written(charts) | written(values) | json_objects.map(lambda each: write_documents([each]).encode()), meanings)
def test_documents_of_any_kind_and_damaged_ones_do_too(data: bytes, meaning: Meaning) -> None:
    assert_says_the_same_or_nothing(data, meaning)


@pytest.mark.parametrize("around", ["%s", "a: %s", "- %s", "%s: a", "- %s: a", "a: [%s]", "a: {b: %s}", "a: {%s: b}"])
@pytest.mark.parametrize("meaning", [HELM, BACKSTAGE], ids=["helm", "backstage"])
def test_scalars_that_are_often_misread_do_too(around: str, meaning: Meaning) -> None:
    for text in (*MISREAD, *(damage.decode("latin-1") for damage in DAMAGES)):
        assert_says_the_same_or_nothing(around.replace("%s", text).encode("utf-8", "replace"), meaning)


def test_all_files_of_the_golden_cases_do_too() -> None:
    files = [path.read_bytes() for path in sorted(CASES.rglob("*.y*ml")) if path.is_file()]

    for data in files:
        assert_says_the_same_or_nothing(data, HELM)
    assert sum(read_ordinary(data, HELM) is not None for data in files) > len(files) * 2 / 3


def test_an_ordinary_file_is_read_whole() -> None:
    said = read_ordinary(ORDINARY, HELM)

    assert said is not None
    assert spelled(said) == spelled(judged(ORDINARY, HELM))
    assert said[1] == 4


def test_places_in_an_ordinary_file_are_found() -> None:
    document = read_document(ORDINARY)

    assert document.line == 4
    assert document.position_of(["hosts", 0, "paths", 1, "er"]) == (18, 7)
    assert document.position_of(["image", "tag"]) == (6, 35)


def test_a_line_that_was_read_before_says_the_same_at_another_place() -> None:
    for data in (b"a:\n  b: 1\n  c: [x]\n", b"- a:\n  b: 1\n", b"  b: 1\n", b"a: 1\n  b: 1\n", b"c:\n  c: [x]\n"):
        for meaning in (HELM, BACKSTAGE):
            assert_says_the_same_or_nothing(data, meaning)


@pytest.mark.parametrize("level", [50, 120, 2000])
def test_what_is_nested_deeply_is_left_to_the_composer(level: int) -> None:
    assert_says_the_same_or_nothing(
        "".join(f"{' ' * at}a:\n{' ' * at}- b:\n" for at in range(0, level, 2)).encode(), HELM
    )
    assert_says_the_same_or_nothing("".join(f"{' ' * at}a:\n" for at in range(level)).encode(), HELM)
    assert_says_the_same_or_nothing(b"a: " + b"- " * level + b"b", HELM)
