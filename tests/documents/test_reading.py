from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.documents import composing, reading
from scenedock.documents.reading import (
    BACKSTAGE,
    HELM,
    Document,
    DocumentError,
    RepeatedKey,
    read_document,
    read_documents,
)
from scenedock.documents.scalars import Meaning
from scenedock.documents.writing import write_documents
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject, as_object
from tests.tools.strategies import json_objects

VALUES = b"""\
# defaults
image: &image
  tag: 1.4.2
  pull: Always

web:
  <<: *image
  pull: Never
  ports: [80, 443]
  hosts:
    - name: a
    - b
worker: {image: *image}
image: twice
"""


def test_the_documents_of_a_file_come_in_order_and_without_the_empty_ones() -> None:
    read = read_documents(b"# none\n---\na: 1\n---\n---\n# comment\n---\n- b\n...\n")

    assert read == (Document({"a": 1}, line=3), Document(["b"], line=8))


def test_one_document_is_the_first_as_in_helm() -> None:
    assert read_document(b"a: 1\n---\nb: [broken\n").value == {"a": 1}
    assert read_document(b"---\n---\nb: 2\n").value is None


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# only a comment\n", b"---\n", b"null\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_none(data: bytes) -> None:
    assert read_document(data).value is None
    assert read_documents(data) == ()


def test_a_value_has_the_line_of_its_key_also_where_an_alias_or_a_merge_brought_it() -> None:
    document = read_document(VALUES)

    assert document.line == 2
    lines: dict[tuple[str | int, ...], int] = {
        (): 2,
        ("web",): 6,
        ("web", "tag"): 3,
        ("web", "pull"): 8,
        ("web", "ports", 1): 9,
        ("web", "hosts", 0, "name"): 11,
        ("web", "hosts", 1): 12,
        ("worker", "image", "pull"): 4,
        ("image",): 14,
    }
    assert {path: document.line_of(path) for path in lines} == lines


def test_what_does_not_exist_has_the_line_of_what_should_hold_it() -> None:
    document = read_document(VALUES)

    for missing in [("web", "nope"), ("web", "nope", "pull"), ("web", 0)]:
        assert document.line_of(missing) == document.line_of(["web"])
    assert document.line_of(["web", "hosts", 7]) == document.line_of(["web", "hosts"])
    assert document.line_of(["web", "hosts", -1]) == document.line_of(["web", "hosts"])


def test_lines_are_those_of_the_whole_file() -> None:
    first, second = read_documents(b"a: 1\n---\nb:\n  c: 2\n--- \n")

    assert (first.line_of(["a"]), second.line_of(["b", "c"])) == (1, 4)


def test_lines_can_be_asked_for_where_a_later_document_is_broken() -> None:
    assert read_document(b"\na: 1\n---\n{").line_of(["a"]) == 2


def test_a_document_that_was_not_read_from_a_file_has_one_line() -> None:
    assert Document({"a": 1}).line_of(["a"]) == 1


def test_of_a_repeated_key_the_last_one_counts_and_the_repetition_is_told() -> None:
    document = read_document(b"a: 1\nb: {c: 1, c: 2}\na: 3\n")

    assert document.value == {"a": 3, "b": {"c": 2}}
    assert document.repeated_keys == (RepeatedKey("c", 2, 2), RepeatedKey("a", 3, 1))


def test_a_key_that_overrides_a_merged_one_is_not_repeated() -> None:
    assert read_document(b"a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n").repeated_keys == ()


def test_backstage_refuses_a_repeated_key_and_does_not_merge() -> None:
    assert read_document(b"{<<: {a: 1}, b: yes}", meaning=BACKSTAGE).value == {"<<": {"a": 1}, "b": "yes"}
    with pytest.raises(DocumentError, match="'a' occurs twice"):
        read_document(b"a: 1\na: 1\n", meaning=BACKSTAGE)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (
            b"a: 1\nb: [1\n",
            3,
            "not YAML: did not find expected ',' or ']', while parsing a flow sequence that begins in line 2",
        ),
        (b"a: 1\nb: c: d\n", 2, "not YAML: mapping values are not allowed"),
        (b"a: 1\n\tb: 1\n", 2, "indented with a tab"),
        (b"a: 1\nb: {{ .Values.b }}\n", 2, "template, not YAML"),
        (b"a: 1\n{{- if .Values.b }}\nb: 1\n{{- end }}\n", 2, "template, not YAML"),
        (b"a: 1\n{% if b %}\nb: 1\n", 2, "template, not YAML"),
        (b"a: 1\nb: *nope\n", 2, "this alias has no anchor before it; put text that begins with * in quotes"),
        (b"a: 1\nb: &b\n  c: *b\n", 3, "the anchor 'b' contains itself"),
        (b"a: 1\n<<: 1\n", 2, "merge key"),
        (b"a: 1\n? [b]\n: 1\n", 2, "a key can't be a list or a mapping"),
        (b"a: 1\n~: 1\n", 2, "put the key null in quotes"),
        (b"a: 1\nb: .inf\n", 2, "JSON has no number .inf"),
        (b"a: 1\nb: !!int b\n", 2, "this value doesn't match its tag !!int"),
        (b"a: 1\nb: \x01\n", 2, "not YAML: control characters are not allowed"),
        (b"a: 1\nb: \xe4\n", 2, "not YAML: incomplete UTF-8"),
        (b"a: 1\nb: \0\n", 2, "binary, not YAML"),
        (b"\xff\xfea", None, "begins like UTF-16"),
        (b"%TAG ! " + b"a" * 2000 + b"\n---\na: 1\n", 1, "prefix of a %TAG directive is too long"),
        (b"%TAG ! a\n" * 2000, None, "too many %TAG directives"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_where(data: bytes, line: int | None, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(data)

    assert message in str(caught.value)
    assert caught.value.line == line
    assert isinstance(caught.value, InputError)


def test_a_template_in_quotes_does_not_explain_another_mistake() -> None:
    with pytest.raises(DocumentError, match="this alias has no anchor before it"):
        read_document(b'a: "{{ .Values.a }}"\nb: *nope\n')


def test_a_utf_16_file_has_lines_too() -> None:
    document = read_document("a: ü\nb: {c: 1}\n".encode("utf-16"))

    assert document.value == {"a": "ü", "b": {"c": 1}}
    assert document.line_of(["b", "c"]) == 2


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(DocumentError, match="5,242,881 bytes, more than the limit of 5,242,880"):
        read_documents(b"#" * (reading.MAX_BYTES + 1))
    with pytest.raises(DocumentError, match="more than the limit of 3"):
        read_document(b"a: 1", max_bytes=3)


@pytest.mark.parametrize("nest", ["[", "{a: ", "- ", "? "])
def test_a_deep_nest_is_refused(nest: str) -> None:
    with pytest.raises(DocumentError, match="more than 100 levels deep"):
        read_document((nest * 5000).encode())


def test_a_nest_that_is_not_too_deep_is_read() -> None:
    value = read_document(b"[" * composing.MAX_DEPTH + b"]" * composing.MAX_DEPTH).value

    assert deepest(value) == composing.MAX_DEPTH


def test_aliases_count_for_the_depth_of_what_they_stand_for() -> None:
    links = [f"a{n}: &a{n} [{f'*a{n - 1}' if n else ''}]\n" for n in range(composing.MAX_DEPTH)]

    assert deepest(read_document("".join(links[:-1]).encode()).value) == composing.MAX_DEPTH
    with pytest.raises(DocumentError, match="levels deep") as caught:
        read_document("".join(links).encode())
    assert caught.value.line == composing.MAX_DEPTH


def test_a_long_chain_of_merges_is_not_deep() -> None:
    links = [f"a{n}: &a{n} {{<<: [*a{n - 1}], k{n}: 1}}\n" for n in range(1, 150)]

    value = read_document(("a0: &a0 {k0: 1}\n" + "".join(links)).encode()).value

    assert isinstance(value, dict)
    assert len(value["a149"]) == 150


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 10}]\n" for n in range(1, 30))

    with pytest.raises(DocumentError, match="aliases expand to far more") as caught:
        read_document(bomb.encode())

    assert caught.value.line is not None
    assert caught.value.line < 8


def test_aliases_share_what_they_stand_for() -> None:
    value = read_document(b"a: &a [1]\nb: *a\n").value

    assert isinstance(value, dict)
    assert value["a"] is value["b"]


BASES = (
    VALUES,
    b"a: {b: [c, 'd', \"e\"]}\n---\n!t &x {? y : |\n  z\n, <<: *x}\n",
    b"%TAG ! x\n---\n- !!binary aGk=\n- 1e3\n",
)


@st.composite
def broken_yaml(draw: st.DrawFn) -> bytes:
    """A real file, cut, doubled and sprinkled with what YAML treats as special."""
    data = draw(st.sampled_from(BASES))
    pieces = st.binary(max_size=4) | st.sampled_from(
        b"\n : - ? [ ] { } & * ! | > ' \" % @ ` # << \t --- {{ \xef\xbb\xbf".split(b" ")
    )
    for _ in range(draw(st.integers(0, 6))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        data = data[:start] + draw(pieces | st.just(data[start:end] * 2)) + data[end:]
    return data


@pytest.mark.parametrize("meaning", [HELM, BACKSTAGE], ids=["helm", "backstage"])
@given(data=st.binary(max_size=200) | broken_yaml() | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_documents_of_bounded_size_or_an_error_that_says_why(meaning: Meaning, data: bytes) -> None:
    documents, error = read_or_refuse(data, meaning)

    for document in documents:
        assert deepest(document.value) <= composing.MAX_DEPTH
        assert len(json.dumps(document.value, allow_nan=False)) < 100_000
        assert 1 <= document.line_of(first_path(document.value)) <= len(data) + 1
    if error:
        assert str(error)
        assert error.line is None or 1 <= error.line <= len(data) + 1


@given(st.lists(json_objects, max_size=3))
def test_lines_grow_along_a_file_without_aliases(documents: list[JsonObject]) -> None:
    read = read_documents(write_documents(documents).encode())

    lines = [document.line_of([key]) for document in read for key in as_object(document.value)]

    assert lines == sorted(lines)


def read_or_refuse(data: bytes, meaning: Meaning) -> tuple[tuple[Document, ...], DocumentError | None]:
    try:
        return read_documents(data, meaning=meaning), None
    except DocumentError as error:
        return (), error


def deepest(value: Json) -> int:
    if isinstance(value, Mapping):
        return 1 + max(map(deepest, value.values()), default=0)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return 1 + max(map(deepest, value), default=0)
    return 0


def first_path(value: Json) -> list[str | int]:
    """The way to the first scalar."""
    if isinstance(value, dict) and value:
        key, first = next(iter(value.items()))
        return [key, *first_path(first)]
    return [0, *first_path(value[0])] if isinstance(value, list) and value else []


def test_a_position_has_a_column_too() -> None:
    document = read_document(b"a:\n  b: [1, {c: 2}]\n")

    assert document.position_of(["a", "b", 1, "c"]) == (2, 11)
    assert document.position_of(["nothing"]) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nimage: {tag: 1.2.3}\n",
        "# tag: 1.2.3\nimage:\n  tag: '1.2.3'  # now\n",
        "other: {tag: 1.2.3}\nimage: {tag: 1.2.3}\n",
        "other: &it {tag: 1.2.3}\nimage:\n  tag: 1.2.3\n",
        "image:\n  tag: >-\n    1.2.3\nnote: a\n",
        "image:\n  my-tag: 1.2.3\n  tag: 1.2.3\n",
        "image: {tag: 1.2}\n---\ntag: 1.2\n",
    ],
)
def test_the_line_of_a_text_is_that_of_its_key(text: str) -> None:
    document = read_document(text.encode())
    assert document.line_of_text(("image", "tag")) == document.line_of(("image", "tag"))
