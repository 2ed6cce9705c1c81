"""Redaction: no form of a secret passes, and the rest of a text stays."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.errors import InputError
from scenedock.model.addresses import REDACTED
from scenedock.model.json import Json
from scenedock.model.redaction import MOST_CHARACTERS, SLICE, Redactor, check_size, sensitive_texts

HIDDEN = 'hunter2/Zu"äß+geheim=%0815&Löwe'


@pytest.mark.parametrize(
    "form",
    [
        HIDDEN,
        base64.b64encode(HIDDEN.encode()).decode(),
        base64.urlsafe_b64encode(HIDDEN.encode()).decode(),
        base64.b64encode(f"user:{HIDDEN}".encode()).decode(),
        base64.b64encode(f"x{HIDDEN}y".encode()).decode(),
        quote(HIDDEN, safe=""),
        quote(HIDDEN),
        quote_plus(HIDDEN),
        json.dumps(HIDDEN),
        json.dumps(HIDDEN, ensure_ascii=False),
        HIDDEN.encode().hex(),
        HIDDEN[:SLICE],
        HIDDEN[-SLICE:],
        base64.b64encode(HIDDEN[3:].encode()).decode(),
    ],
)
def test_a_secret_passes_in_no_form(form: str) -> None:
    shown = Redactor([HIDDEN]).text(f"before {form} after")

    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert REDACTED in shown
    assert all(form[start : start + SLICE] not in shown for start in range(max(1, len(form) - SLICE + 1)))


@given(st.text(st.characters(codec="utf-8"), min_size=3, max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_no_stretch_of_any_secret_passes_wherever_it_stands(secret: str, before: str, after: str) -> None:
    shown = Redactor([secret]).text(before + secret + after)

    if len(secret.strip()) >= 3:
        size = min(SLICE, len(secret))
        left = shown.split(REDACTED)
        assert all(secret[start : start + size] not in part for part in left for start in range(len(secret) - size + 1))


def test_the_lines_of_a_secret_count_each() -> None:
    assert Redactor(["-----BEGIN KEY-----\nabcdefghijklmn\n"]).text("line: abcdefghijklmn.") == f"line: {REDACTED}."


def test_what_stands_side_by_side_is_one_stretch_and_what_stands_apart_is_not() -> None:
    assert Redactor(["abc"]).text("abcabc abc") == f"{REDACTED} {REDACTED}"


def test_of_three_characters_a_secret_is_taken_out_and_of_less_it_is_not() -> None:
    assert Redactor(["xyz"]).text("about xyz") == f"about {REDACTED}"
    assert Redactor(["xy", " x "]).text("about xy and x ") == "about xy and x "


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_no_kind_of_json_shows_a_secret_full_of_quotes_and_umlauts(ensure_ascii: bool) -> None:  # noqa: FBT001
    quotes = 'ä"ö"ü"ß"é"'

    assert Redactor([quotes]).text(json.dumps(quotes, ensure_ascii=ensure_ascii)) == f'"{REDACTED}"'


@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_a_short_secret_passes_not_even_in_the_middle_of_what_is_base64(before: bytes) -> None:
    assert REDACTED in Redactor(["abc"]).text(base64.b64encode(before + b"abc" + b"12345").decode())


def test_secrets_may_have_so_many_characters_in_all_and_no_more() -> None:
    check_size(["x" * (MOST_CHARACTERS - 3), "yyy"])

    with pytest.raises(InputError, match="more than 32,768 characters in total"):
        check_size(["x" * (MOST_CHARACTERS - 3), "yyyy"])


def test_text_without_a_secret_stays_as_it_is() -> None:
    assert Redactor([HIDDEN, "ab", ""]).text("about a lion") == "about a lion"


def test_values_and_keys_of_documents_are_redacted_and_numbers_too() -> None:
    redactor = Redactor([HIDDEN, "8642", "True"])

    assert redactor.json({"a": [HIDDEN, 1, None, True], HIDDEN: "x", "n": 86420, "f": 8.642, "g": 0.8642}) == {
        "a": [REDACTED, 1, None, True],
        REDACTED: "x",
        "n": REDACTED,
        "f": 8.642,
        "g": REDACTED,
    }


def test_of_sensitive_answers_only_those_named_as_secrets_are_hunted_for() -> None:
    answers: Json = {"name": "billing", "db": {"password": "s3cret", "user": "app"}, "apiTokens": ["t1t1"]}

    assert sorted(sensitive_texts(answers)) == ["s3cret", "t1t1"]
