from __future__ import annotations

import pytest

from scenedock.documents.scalars import BACKSTAGE, HELM, Scalar
from scenedock.model.json import Json

# Text → to Helm, to Backstage. tests/contracts holds a longer table against Helm itself.
PLAIN: dict[str, tuple[Scalar, Scalar]] = {
    "": (None, None),
    "~": (None, None),
    "Null": (None, None),
    "nULL": ("nULL", "nULL"),
    "true": (True, True),
    "FALSE": (False, False),
    "y": (True, "y"),
    "No": (False, "No"),
    "on": (True, "on"),
    "1": (1, 1),
    "-0": (0, 0),
    "+7": (7, 7),
    "010": (8, 10),
    "089": (89.0, 89),
    "0o14": (12, 12),
    "-0o14": (-12, "-0o14"),
    "0x1F": (31, 31),
    "0X1F": (31, "0X1F"),
    "0b11": (3, "0b11"),
    "1_000": (1000, "1_000"),
    "1.0": (1.0, 1.0),
    "1e3": (1000.0, 1000.0),
    ".5": (0.5, 0.5),
    ".5_0": (0.5, ".5_0"),
    "1e400": ("1e400", "1e400"),
    "9007199254740993": (9007199254740993, 9007199254740993),
    "18446744073709551615": (18446744073709551615, 18446744073709551615),
    "184467440737095516150": (1.8446744073709552e20, 1.8446744073709552e20),
    "9" * 400: ("9" * 400, "9" * 400),
    "0x" + "F" * 17: ("0x" + "F" * 17, "0x" + "F" * 17),
    "12:30": ("12:30", "12:30"),
    "2020-01-01": ("2020-01-01", "2020-01-01"),
    "=": ("=", "="),
    "<<": ("<<", "<<"),
    "-": ("-", "-"),
    ".": (".", "."),
    "\u0661": ("\u0661", "\u0661"),
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_scalar_means_what_the_reader_takes_it_for(text: str) -> None:
    for meaning, value in zip((HELM, BACKSTAGE), PLAIN[text], strict=True):
        read = meaning.plain(text)
        assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("text", [".inf", "+.Inf", "-.INF", ".nan", ".NaN"])
def test_a_number_that_json_does_not_have_is_refused(text: str) -> None:
    for meaning in (HELM, BACKSTAGE):
        with pytest.raises(ValueError, match="quotes"):
            meaning.plain(text)


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [
        ("str", "1", "1"),
        ("int", "5", 5),
        ("float", "5", 5.0),
        ("bool", "true", True),
        ("null", "", None),
        ("binary", "w7w=", "ü"),
    ],
)
def test_a_tag_decides(tag: str, text: str, value: Scalar) -> None:
    read = HELM.tagged(f"tag:yaml.org,2002:{tag}", text)

    assert (type(read), read) == (type(value), value)


def test_an_unknown_tag_leaves_the_text() -> None:
    assert HELM.tagged("!reference", "1") == "1"


@pytest.mark.parametrize(
    ("tag", "text"), [("int", "a"), ("int", "1.5"), ("float", "18446744073709551615"), ("bool", "~"), ("null", "a")]
)
def test_a_value_that_is_not_what_its_tag_says_is_refused_without_being_repeated(tag: str, text: str) -> None:
    with pytest.raises(ValueError, match=rf"^this value doesn't match its tag !!{tag}$"):
        HELM.tagged(f"tag:yaml.org,2002:{tag}", text)


@pytest.mark.parametrize("text", ["a", "aGk", "a Gk=", "ä"])
def test_a_binary_value_has_to_be_base64(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        HELM.tagged("tag:yaml.org,2002:binary", text)


@pytest.mark.parametrize(
    ("value", "helm", "backstage"),
    [
        ("a", "a", "a"),
        (True, "true", "true"),
        (8, "8", "8"),
        (1.5, "1.5", "1.5"),
        (1.0, "1", "1"),
        (1000000.0, "1e+06", "1000000"),
        (0.0001, "0.0001", "0.0001"),
        (3.14159265358979, "3.1415927", "3.14159265358979"),
        (1e39, ".inf", "1e+39"),
    ],
)
def test_a_key_becomes_text(value: Scalar, helm: str, backstage: str) -> None:
    assert (HELM.key(value), BACKSTAGE.key(value)) == (helm, backstage)


def test_null_is_a_key_to_backstage_alone() -> None:
    assert BACKSTAGE.key(None) == ""
    with pytest.raises(ValueError, match="put the key null in quotes"):
        HELM.key(None)


@pytest.mark.parametrize("value", [[], ["a"], {}, {"a": 1}])
def test_a_container_is_never_a_key(value: Json) -> None:
    for meaning in (HELM, BACKSTAGE):
        with pytest.raises(ValueError, match="list or a mapping"):
            meaning.key(value)
