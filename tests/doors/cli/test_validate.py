"""`scenedock catalog validate` prints findings that editors link, and its exit code says whether all is valid."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scenedock.doors.cli import main

VALID = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: jane}\nspec: {memberOf: []}\n"
INVALID = VALID.replace("jane", "Jane Doe")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "valid.yaml").write_text(f"{VALID}---\n{VALID.replace('jane', 'joe')}")
    (tmp_path / "invalid.yaml").write_text(
        f"{VALID.replace('jane', 'jim')}---\n{INVALID}---\n{VALID.replace('User', 'Robot')}"
    )
    return tmp_path


def validate(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["catalog", "validate", *arguments], input=stdin, catch_exceptions=False)


def test_valid_files_end_with_0() -> None:
    result = validate("valid.yaml")

    assert (result.exit_code, result.stdout) == (0, "2 entities in 1 file: all valid\n")


def test_problems_are_printed_with_file_and_line_and_end_with_1() -> None:
    result = validate("valid.yaml", "invalid.yaml")

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        (
            "invalid.yaml:8: error: metadata.name: 'Jane Doe' must be 1 to 63 characters of [a-zA-Z0-9-_.], "
            "starting and ending with a letter or digit"
        ),
        (
            "invalid.yaml:12: note: kind: Backstage's own validators don't support 'Robot' of 'backstage.io/v1alpha1', "
            "so only the envelope was validated"
        ),
        "5 entities in 2 files: 1 error, 1 note",
    ]


def test_notes_and_warnings_are_no_problems() -> None:
    result = validate("valid.yaml", "-", stdin="# nothing\n")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "2 entities in 2 files: all valid, 1 warning"


def test_a_dash_is_standard_input() -> None:
    result = validate("-", stdin=INVALID)

    assert (result.exit_code, result.stdout.startswith("<stdin>:3: error: metadata.name:")) == (1, True)


def test_json_has_the_same_findings() -> None:
    result = validate("--format", "json", "invalid.yaml")
    report = json.loads(result.stdout)

    assert result.exit_code == 1
    assert {key: report[key] for key in ("valid", "files", "entities")} == {"valid": False, "files": 1, "entities": 3}
    assert [(found["severity"], found["code"], found["path"], found["line"]) for found in report["findings"]] == [
        ("error", "invalid-entity", "invalid.yaml", 8),
        ("info", "unknown-kind", "invalid.yaml", 12),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing argument"),
        (("--format", "xml", "valid.yaml"), "is not one of 'text', 'json'"),
        (("valid.yaml", "gone.yaml"), "Error: gone.yaml: there is no such file; check the name"),
        (("valid.yaml", "."), "Error: .: this is a folder; pass a file in it"),
    ],
)
def test_wrong_usage_and_unreadable_files_end_with_2(arguments: tuple[str, ...], message: str) -> None:
    result = validate(*arguments)

    assert (result.exit_code, message in result.stderr, result.stdout) == (2, True, "")


def test_names_and_values_that_no_terminal_can_show_are_escaped(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.yaml")
    (folder / name).write_text(INVALID.replace("Jane Doe", '"\\x1b[31m"'))

    result = validate(name)

    assert result.stdout.startswith(
        "caf\\udce9.yaml:3: error: metadata.name: '\\x1b[31m' must be 1 to 63 characters of"
    )
