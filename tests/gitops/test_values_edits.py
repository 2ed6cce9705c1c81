"""A value is set where it stands: everything around it stays, and what can't be set so is refused with its line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.documents.reading import read_document
from scenedock.errors import InputError
from scenedock.gitops.values_edits import get_value, set_value

VALUES = """\
# how billing runs
image:   # two spaces more
  repository: acme/billing
  tag: '1.0.0' # keep
  digest: "sha256:1"
  plain: 1.0.0   # é

  empty:  # nothing yet
replicas: 2
flow: {a: 1, b: "x", list: [p, q]}
containers:
  - name: web
    image: acme/web:1.0
"a.b": dotted
on: true
anchored: &anchor v1
alias: *anchor
tagged: !ours 1
block: |
  text
"""


def changed(path: str, value: Any, text: str = VALUES) -> list[str]:
    """The lines that setting a value changes."""
    made = set_value(text.encode(), path, value, "values.yaml").decode()
    before, after = text.split("\n"), made.split("\n")
    assert len(before) == len(after)
    return [new for old, new in zip(before, after, strict=True) if old != new]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("image.tag", "1.4.0", "  tag: '1.4.0' # keep"),
        ("image.tag", "it's", "  tag: 'it''s' # keep"),
        ("image.digest", "sha256:2", '  digest: "sha256:2"'),
        ("image.digest", 'a"b\n', '  digest: "a\\"b\\n"'),
        ("image.plain", "1.4.0", "  plain: 1.4.0   # é"),
        ("image.plain", "1.4", '  plain: "1.4"   # é'),
        ("image.plain", "yes", '  plain: "yes"   # é'),
        ("image.plain", "a: b # c", '  plain: "a: b # c"   # é'),
        ("image.plain", True, "  plain: true   # é"),
        ("image.empty", "x", "  empty: x  # nothing yet"),
        ("replicas", 5, "replicas: 5"),
        ("replicas", "5", 'replicas: "5"'),
        ("replicas", None, "replicas: null"),
        ("flow.b", "y", 'flow: {a: 1, b: "y", list: [p, q]}'),
        ("flow.list.1", "r,s", 'flow: {a: 1, b: "x", list: [p, "r,s"]}'),
        ("containers.0.image", "acme/web:2.0", "    image: acme/web:2.0"),
        ("a\\.b", "x", '"a.b": x'),
        ("on", False, "on: false"),
        ("anchored", "v2", "anchored: &anchor v2"),
    ],
)
def test_only_the_value_changes(path: str, value: Any, line: str) -> None:
    assert changed(path, value) == [line]


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("a: [p,q]\n", "a.1", "a: [p,x]\n"),
        ('{"a":"p"}\n', "a", '{"a":"x"}\n'),
        ("a: {b: , c: 1}\n", "a.b", "a: {b: x, c: 1}\n"),
        ("a:\n\nb: 1\n", "a", "a: x\n\nb: 1\n"),
        ("- p\n-\n", "1", "- p\n- x\n"),
        ("a:   ~  # none\n", "a", "a:   x  # none\n"),
    ],
)
def test_space_comes_in_only_where_yaml_needs_it(before: str, path: str, after: str) -> None:
    assert set_value(before.encode(), path, "x", "v").decode() == after


def test_what_is_said_already_changes_nothing() -> None:
    assert changed("image.tag", "1.0.0") == []


def test_line_ends_marks_and_second_documents_stay() -> None:
    text = "\ufeffimage:\r\n  tag: 1.0.0\r\n---\r\nimage: {tag: 1.0.0}\r\n"

    assert set_value(text.encode(), "image.tag", "2.0.0", "v") == text.replace("tag: 1.0.0\r", "tag: 2.0.0\r").encode()


def test_of_a_key_that_stands_twice_the_last_counts_as_in_helm() -> None:
    assert changed("a", "x", "a: 1\na: 2\n") == ["a: x"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("image.tga", r"values.yaml:3: there is no 'image.tga': image has no 'tga' of its own"),
        ("images.tag", r"values.yaml:1: there is no 'images.tag': the file has no 'images'"),
        ("image", r"values.yaml:3: image is not a single value"),
        ("image.tag.x", r"values.yaml:4: there is no 'image.tag.x'"),
        ("containers.1.image", r"there is no 'containers.1.image'"),
        ("alias", r"values.yaml:17: alias is an alias of &anchor in line 16; set `anchored` and both change"),
        ("tagged", r"values.yaml:18: tagged has a tag"),
        ("block", r"values.yaml:19: block is a block scalar"),
        ("", r"there is no ''"),
    ],
)
def test_what_cannot_be_set_in_place_is_refused_with_its_line(path: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        set_value(VALUES.encode(), path, "x", "values.yaml")


@pytest.mark.parametrize(
    "data",
    [
        b"a: [",
        b"\xff\xfea\0:\0 \0b\0",
        b"$ANSIBLE_VAULT;1.1;AES256\n6162",
        b"a: ENC[AES256_GCM,data:x]\nsops:\n  version: 3\n",
        b"a: {{ .Values.b }}\n",
        b"",
        b"base: &b {a: 1}\n<<: *b\n",
        b"a: " + b"[" * 200 + b"]" * 200,
    ],
)
def test_what_is_no_plain_values_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^v\.yaml:"):
        set_value(data, "a", "x", "v.yaml")


def test_what_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match=r"^v\.yaml:3:4: "):
        set_value(b"a: 1\n# no list:\nb: ]\n", "a", "x", "v.yaml")


def test_a_value_is_found_where_it_stands_or_not_at_all() -> None:
    data = VALUES.encode()

    assert get_value(data, "containers.0.image", "v") == "acme/web:1.0"
    assert [get_value(data, path, "v") for path in ("no", "image.no.x", "containers.1", "replicas.0")] == [None] * 4


@given(
    st.text(max_size=30), st.sampled_from(["image.tag", "image.digest", "image.plain", "image.empty", "flow.list.0"])
)
def test_whatever_text_is_set_is_what_is_read_back(value: str, path: str) -> None:
    try:
        made = set_value(VALUES.encode(), path, value, "v")
    except InputError:
        assert any("\ud800" <= sign <= "\udfff" for sign in value)
        return
    assert get_value(made, path, "v") == value
    before, after = read_document(VALUES.encode()).value, read_document(made).value
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert {key: before[key] for key in before if key not in {"image", "flow"}} == {
        key: after[key] for key in after if key not in {"image", "flow"}
    }
