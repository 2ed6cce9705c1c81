"""Texts for readers are plain English: the phrases that tired them don't come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.contracts.test_house import tracked_files

ROOT = Path(__file__).parents[2]

NOT_SCANNED = ("tests/",)
"""Folders whose texts nobody reads but us."""

INSTEAD: Mapping[str, str] = {
    r"mend(s|ed|ing)?\b": "fix",
    r"judg(e|es|ed|ing)\b": "validate, check",
    r"as may\b(?! be)": "the maximum",
    r"(?<!there\s)(?-i:is none)\b": "is not one",
    r"(this|it|that) is no(?!\s+(longer|more|other|such))\b": "is not a",
    r"shut(s|ting)? in\b": "sandboxed",
    r"reads only\b": "read-only",
    r"is no evidence\b": "is not used as evidence",
    r"with cookiecutter's meaning\b": "compatible with cookiecutter",
    r"that which\b": "what",
    r"of which nothing\b": "unknown",
    r"lest\b": "so that … not",
    r"anew\b": "again",
    r"somebody's\b": "another person's",
    r"dawdl(e|es|ed|ing)\b": "slow",
    r"in vain\b": "without success",
    r"out of breath\b": "overloaded",
    r"(thereof|therein|whence|hitherto)\b": "of it, in it, from where, until now",
}
"""A phrase that readers stumble over, and what to write instead."""

ALLOWED: frozenset[tuple[str, str]] = frozenset()
"""Path and phrase, in lower case, where it is right."""

PHRASES = re.compile(rf"\b(?:{'|'.join(INSTEAD)})".replace(" ", r"\s+"), re.IGNORECASE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """First line and text of each string literal of a Python file, docstrings too; of another file all of it.

    A template of a Python file with blocks of Jinja can't be parsed, so all of it counts.
    """
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py" or re.search(r"^ *{%", source, re.MULTILINE):
        yield 1, source
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def phrases(path: Path) -> Iterator[str]:
    """Every phrase of the list in a file, as `path:line: phrase`."""
    name = path.relative_to(ROOT).as_posix()
    for first, text in texts(path):
        for match in PHRASES.finditer(text):
            phrase = " ".join(match[0].lower().split())
            if (name, phrase) not in ALLOWED:
                yield f"{name}:{first + text.count(chr(10), 0, match.start())}: {phrase}"


def is_read(path: Path) -> bool:
    """Whether somebody reads a file's texts: code, pages, forms, schemas, documentation, the help of `make`."""
    name = path.relative_to(ROOT).as_posix()
    kinds = {".py", ".md", ".html", ".yaml", ".yml", ".json"}
    return (path.suffix in kinds or name in {"Makefile", "Dockerfile"}) and not name.startswith(NOT_SCANNED)


def test_no_text_has_a_phrase_that_readers_stumble_over() -> None:
    read = [path for path in tracked_files() if is_read(path)]

    assert {path.suffix for path in read} >= {".py", ".md", ".html", ".yaml", ".json", ""}
    assert [found for path in read for found in phrases(path)] == [], INSTEAD


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("code.py", 'def f():\n    """Judge\n    it."""\n', ["code.py:2: judge"]),
        ("code.py", 'a = 1\nb = f"{a}: this is\\nnone"\n', ["code.py:2: is none"]),
        ("code.py", "judge = 1  # mend\n", []),
        ("code.py", "{% if true %}\njudge = 1\n{% endif %}\n", ["code.py:2: judge"]),
        ("page.md", "All right.\nAs many as\nmay come; there is none.\n", ["page.md:2: as may"]),
        ("page.md", "None is None; it may be as may be.\n", []),
    ],
)
def test_a_phrase_is_found_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, found: list[str]
) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")

    assert list(phrases(tmp_path / name)) == found
