"""Hostile applications: clear findings, no crash, nothing that takes for ever, nothing that is printed raw."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from scenedock.assessment.assess import MOST_ALIKE, MOST_BYTES
from scenedock.doors.cli import main
from tests.assessment.looking import assessment

LINES = {
    "pom.xml": "<dependency>\n",
    "web.xml": "<!--\n",
    "src/a.java": "/*\n",
    "src/a.py": '"""\n',
    "Gemfile": "group :test do\n",
    "package.json": '"devDependencies": {\n',
    "composer.json": '"require": {\n',
    "Dockerfile": "RUN <<A <<B \\\n",
    "config/key.pem": "-----BEGIN PRIVATE KEY-----\n",
    "config/a.properties": "host: a-a-a-a.a-a-a-a!\n",
    "config/b.conf": "=/var/lib/=/var/lib/\n",
    "config/c.yml": "a=://:a@a=://:a@\n",
    "recipes/a.rb": "file [a][a][a][a]\n",
    "application.yml": "---\nprofiles: \n",
    "conf/a.ini": "[database]\nTYPE\n",
    "src/a.js": "session({ store session({\n",
    "settings.py": "if DEBUG:\n ",
    "config/database.yml": "a: &a\n adapter:\n",
    "src/a.php": "new PDO('a', 'b', 'c\n",
    "src/a.go": "password=a host= user:aaa@tcp\n",
    "run.sh": "PASSWORD=a PASSWORD=b PASSWORD=c \n",
    "deploy.sh": "rsync aaaaaaaa aaaaaaaaa\n",
}


@pytest.mark.parametrize("path", LINES)
def test_a_file_full_of_beginnings_takes_no_longer_than_others(path: str) -> None:
    line = LINES[path]

    assert assessment({path: line * (100_000 // len(line))}).files == 1


def test_too_many_claims_of_a_rule_are_counted() -> None:
    found = assessment({"lib/a.rb": 'A = "10.0.3.17"\n' * (MOST_ALIKE + 7)})

    assert (len(found.of_rule("host-in-code")), found.left_out) == (MOST_ALIKE, {"host-in-code": 7})


@given(st.binary(max_size=300), st.sampled_from(sorted({*LINES, "compose.yaml", "Procfile", "settings.py", "crontab"})))
def test_any_bytes_are_assessed(data: bytes, path: str) -> None:
    for claim in assessment({path: data}).claims:
        assert 1 <= claim.line <= data.count(b"\n") + data.count(b"\r") + 1
        assert claim.said.isprintable()


def test_odd_names_links_and_sizes_are_findings(tmp_path: Path) -> None:
    (tmp_path / "Gemfile").write_text('gem "rails"\n')
    (tmp_path / "evil\n\x1b[31m.yml").write_text("host: db1.acme.internal\n")
    (tmp_path / "passwd.yml").symlink_to("/etc/passwd")
    (tmp_path / "config").mkdir()
    (tmp_path / "linked").symlink_to("config")
    (tmp_path / "long.yml").write_text(f"a: 1\nhost: {'x' * 1_001}\n")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "large.yml").write_bytes(b"a" * (MOST_BYTES + 1))
    (tmp_path / "deep.yml").write_text(f"{'[' * 50_000}\n")
    (tmp_path / "compose.yml").write_text(f"services: {'[' * 50_000}\n")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.yml")).write_text("host: db1.acme.internal\n")

    done = CliRunner().invoke(main, ["assess", str(tmp_path)], catch_exceptions=False)

    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert [line.partition(": ")[2].partition(": ")[0] for line in done.output.splitlines() if "not read" in line] == [
        "bad\\udcff.yml",
        "compose.yml",
        "compose.yml",
        "deep.yml",
        "evil\\n\\x1b[31m.yml",
        "large.yml",
        "linked",
        "long.yml",
        "loop",
        "passwd.yml",
        "pipe.yml",
    ]
    assert "db1.acme.internal" not in done.output
