"""Whatever is wrong with a person's file is told with its place, all at once, and without the value."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from scenedock.documents.configuration import field_problems, read_configuration, repeated_names
from scenedock.documents.problems import DocumentProblem, Format
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["list"],
    "properties": {
        "list": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
                "oneOfErrorMessage": "give `a` or `b`",
                "properties": {
                    "a": {"type": ["string", "boolean"], "pattern": "^[a-z]+$", "patternErrorMessage": "write letters"},
                    "b": {"enum": ["x", "y"]},
                    "c": {"type": "string", "format": "even"},
                    "d": {"type": "string", "minLength": 1, "maxLength": 3},
                    "e": {"type": "integer"},
                },
            },
        }
    },
}
EVEN = {"even": Format(lambda text: len(text) % 2 == 0, "must have an even length")}


def told(text: str | bytes, schema: JsonObject | None = SCHEMA) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(InputError) as refused:
        read_configuration(data, "it.yaml", schema=schema, formats=EVEN, rules=names_differ)
    assert "s3cret" not in str(refused.value)
    return str(refused.value).splitlines()


def names_differ(value: JsonObject) -> Iterable[DocumentProblem]:
    return repeated_names(value, "list", "a")


def test_a_file_gives_its_value_and_the_place_of_each_part() -> None:
    read = read_configuration(b"\nlist:\n  - a: x\n    c: four\n", "it.yaml", schema=SCHEMA, formats=EVEN)

    assert read.value == {"list": [{"a": "x", "c": "four"}]}
    assert (read.line_of("list", 0, "c"), read.place(("list", 0, "c"))) == (4, "it.yaml:4:5")
    assert read.place(("list", 0, "nothing")) == "it.yaml:3:5"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{a: s3cret}", "it.yaml:2:6: list[0].a: write letters"),
        ("{a: 5}", "it.yaml:2:6: list[0].a: must be a string or true or false, not a number; put it in quotes"),
        ("{b: s3cret}", "it.yaml:2:6: list[0].b: must be x or y"),
        ("{a: x, c: s3cret7}", "it.yaml:2:12: list[0].c: must have an even length"),
        ("{a: x, d: s3cret}", "it.yaml:2:12: list[0].d: the value is longer than 3 characters"),
        ("{a: x, d: ''}", "it.yaml:2:12: list[0].d: must not be empty"),
        ("{a: x, d: [s3cret]}", "it.yaml:2:12: list[0].d: must be a string, not a list"),
        ("{a: x, d: }", "it.yaml:2:12: list[0].d: must be a string, not null"),
        ("{a: x, e: s3cret}", "it.yaml:2:12: list[0].e: must be a whole number, not a string"),
        ("{c: s3cret}", "it.yaml:2:5: list[0]: give `a` or `b`"),
        ("{a: x}\n  - {a: x}", "it.yaml:3:6: list[1].a: is the same as that of list[0]; names must differ"),
        (
            "{a: *s3cret}",
            "it.yaml:2:9: this alias has no anchor before it; put text that begins with * in quotes",
        ),
    ],
)
def test_what_a_schema_and_rules_refuse_is_told_with_its_place_and_without_the_value(written: str, said: str) -> None:
    assert told(f"list:\n  - {written}\n") == [said]


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    text = "list:\n  - {b: x, d: long}\n  - {c: even, b: z}\nother: 1\n"

    assert [line.partition(": ")[0] for line in told(text)] == ["it.yaml:2:12", "it.yaml:3:15", "it.yaml:4:1"]
    assert told(text)[-1] == "it.yaml:4:1: other: there is no such key here; there are: list"


def test_a_key_that_is_similar_is_named_and_the_keys_that_there_are_only_once() -> None:
    assert told("lst: []\nother: 1\nmore: 2\n") == [
        "it.yaml:1:1: list: is missing",
        "it.yaml:1:1: lst: there is no such key here (did you mean list?)",
        "it.yaml:2:1: other: there is no such key here; there are: list",
        "it.yaml:3:1: more: there is no such key here",
    ]


@pytest.mark.parametrize("schema", [SCHEMA, None])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\n- s3cret\n", "it.yaml:2:1: the document: must be an object, `key: value`"),
        (b"s3cret", "it.yaml:1:1: the document: must be an object, `key: value`"),
        (b"a: 1\na: s3cret\n", "it.yaml:2:1: the key 'a' occurs twice in one mapping"),
        (b"a: 1\n---\na: s3cret\n", "it.yaml:3:1: a second document begins here; the file may have only one"),
        (b"a: 1\n\0", "it.yaml:2:1: the file is binary, not YAML"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162\n", "it.yaml:1:1: the file is encrypted with "),
    ],
)
def test_what_is_no_object_in_yaml_is_told_with_its_place(schema: JsonObject | None, data: bytes, said: str) -> None:
    assert told(data, schema)[0].startswith(said)


@pytest.mark.parametrize("data", [b"", b"# nothing yet\n", b"---\n", b"null\n"])
def test_an_empty_file_holds_an_empty_object(data: bytes) -> None:
    assert read_configuration(data, "it.yaml").value == {}
    assert told(data) == ["it.yaml:1:1: list: is missing"]


def test_fields_may_be_read_by_functions() -> None:
    def number(value: Json) -> int:
        if not isinstance(value, int):
            raise ValueError("must be a number")  # noqa: TRY004 - readers raise one error
        return value

    problems = field_problems({"a": 1, "b": "s3cret", "c": 2}, ("list", 0), {"a": number, "b": number})

    assert [*map(str, problems)] == [
        "list[0].b: must be a number",
        "list[0].c: there is no such key here; there are: a, b",
    ]
