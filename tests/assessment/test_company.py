"""A company's four applications, as people see them: text, JSON, the runbook's answers, and the order of migration.

`SCENEDOCK_GOLDEN=rewrite` (`make golden`) rewrites what is expected.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main

HERE = Path(__file__).parent
APPLICATIONS = sorted((HERE / "company").iterdir())
REWRITE = os.environ.get("SCENEDOCK_GOLDEN") == "rewrite"
SECRET = "tr0ub4dor7x"  # noqa: S105 - it opens nothing


def assess(*arguments: str | Path) -> str:
    done = CliRunner().invoke(main, ["assess", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("company.txt", []), ("company.json", ["--format", "json"])],
)
def test_what_is_said_of_the_company_is_as_expected(name: str, arguments: list[str]) -> None:
    text = assess(*APPLICATIONS, *arguments)

    if REWRITE:
        (HERE / name).write_text(text, "utf-8")
    assert text == (HERE / name).read_text("utf-8"), f"{name} (see make golden)"


def test_each_line_that_is_named_is_there_and_no_secret_is_ever_printed() -> None:
    said: dict[str, Any] = json.loads(assess(*APPLICATIONS, "--format", "json"))

    for application in said["applications"]:
        claims = [claim for rule in application["rules"] for claim in rule["claims"]]
        assert claims
        for claim in claims:
            lines = (HERE / "company" / application["name"] / claim["path"]).read_text("utf-8").splitlines()
            assert lines[claim["line"] - 1].strip(), claim
    for arguments in ([], ["--verbose"], ["--format", "json"]):
        assert SECRET not in assess(*APPLICATIONS, *arguments)
    assert SECRET in (HERE / "company" / "shop" / "config" / "database.yml").read_text("utf-8")


def test_the_runbooks_answers_are_what_lines_prove_and_nothing_else() -> None:
    answers = json.loads(assess(HERE / "company" / "shop", "--answers"))

    assert {key: value for key, value in answers.items() if isinstance(value, str)} == {
        "name": "shop",
        "runtime": "ruby",
        "runtime_version": "2.7.8",
        "dockerfile": "no",
        "port": "3000",
        "database": "postgresql",
        "database_place": "vm",
        "sessions": "cache",
        "local_files": "local",
        "scheduled_work": "both",
        "configuration": "chef",
        "secrets_in_files": "yes",
    }
    assert answers["dependencies"] == {
        "postgresql db1.acme.internal": "config/database.yml:8",
        "redis cache.acme.internal:6379": "config/initializers/session_store.rb:2",
    }
    assert answers["blockers"]["A secret is in a file of the repository: password is a password"] == (
        "config/database.yml:11"
    )
    assert answers["evidence"]["sessions"] == "config/initializers/session_store.rb:2"
    assert SECRET not in json.dumps(answers)


def test_answers_of_several_applications_are_refused() -> None:
    done = CliRunner().invoke(main, ["assess", *map(str, APPLICATIONS), "--answers"])

    assert (done.exit_code, "pass one PATH" in done.output) == (2, True)


def test_a_folder_without_files_or_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "there are no files"), (tmp_path / "nowhere", "there is no such folder")):
        done = CliRunner().invoke(main, ["assess", str(path)])
        assert (done.exit_code, said in done.output) == (2 if path == tmp_path else done.exit_code, True)
        assert done.exit_code
