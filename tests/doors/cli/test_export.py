"""What an export writes, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from scenedock.doors.cli import main


def test_an_error_that_leaves_no_entity_leaves_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    written = tmp_path / "catalog-info.yaml"
    written.write_text("earlier")

    done = CliRunner().invoke(main, ["catalog", "export", str(tmp_path / "apps"), "--output", str(written)])

    assert (done.exit_code, written.read_text()) == (1, "earlier")
    assert done.output.endswith("0 folders: no entities\n")


def test_what_is_no_error_may_leave_an_empty_file(tmp_path: Path) -> None:
    apps, written = tmp_path / "apps", tmp_path / "catalog-info.yaml"
    apps.mkdir()
    (apps / "list.yaml").write_text("billing: false\n")
    (apps / "scenedock.yaml").write_text("apps: [{file: list.yaml}]\n")
    written.write_text("earlier")

    done = CliRunner().invoke(main, ["catalog", "export", str(apps), "--output", str(written)])

    assert (done.exit_code, written.read_text()) == (0, "")


def test_standard_output_is_whole_even_with_an_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["catalog", "export", str(tmp_path), "--format", "json"])
    assert (done.exit_code, done.stdout) == (1, "[]\n")
