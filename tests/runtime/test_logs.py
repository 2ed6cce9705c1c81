"""Log lines are JSON for machines and text for a person."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from scenedock.runtime.logs import Troubles, set_up_logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level


def test_a_line_of_json_has_the_facts_and_the_traceback(stream: io.StringIO) -> None:
    set_up_logs("auto", stream)

    logging.getLogger("scenedock.audit").info("ran %s", "it", extra={"facts": {"user": "user:default/jane"}})
    try:
        int("no number\nin two lines")
    except ValueError:
        logging.getLogger("x").exception("a bug")

    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (first["message"], first["user"], first["logger"]) == ("ran it", "user:default/jane", "scenedock.audit")
    assert "ValueError: invalid literal" in second["traceback"]


def test_what_somebody_sends_makes_no_line_of_its_own(stream: io.StringIO) -> None:
    set_up_logs("json", stream)

    logging.getLogger("x").info("path %s", '/a\n{"level": "error"}')

    assert len(stream.getvalue().splitlines()) == 1


def test_a_person_reads_words(stream: io.StringIO) -> None:
    set_up_logs("text", stream)

    logging.getLogger("x").warning("something is odd")

    assert stream.getvalue().split(" ", 1)[1] == "warning: something is odd\n"


def test_a_person_at_a_terminal_is_not_deceived(stream: io.StringIO) -> None:
    set_up_logs("text", stream)

    logging.getLogger("x").info("GET %s 404", "/a\n12:00:00 user:default/admin ran it\x1b[2J\r\x9b")

    _first, second = stream.getvalue().splitlines()
    assert second.startswith("  12:00:00 user")
    assert second.endswith("ran it\\x1b[2J\\x0d\\x9b 404")


def test_a_trouble_is_logged_when_it_begins_changes_and_is_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    troubles = Troubles(logging.getLogger("x"))
    looks = [{"a": "after 12 ms"}, {"a": "after 7 ms"}, {"a": "after 7 ms", "b": ""}, {"a": "refused", "b": ""}, {}, {}]

    for found in looks:
        troubles.note(found)

    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", "a: after 12 ms"),
        ("ERROR", "b"),
        ("ERROR", "a: refused"),
        ("INFO", "over: a"),
        ("INFO", "over: b"),
    ]
