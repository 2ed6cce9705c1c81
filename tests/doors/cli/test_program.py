"""The command line starts quickly, and says what is wrong in words."""

from __future__ import annotations

import subprocess
import sys

from click.testing import CliRunner

from scenedock.doors.cli import main


def test_it_says_its_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.startswith("scenedock, version ")


def test_help_lists_the_groups_and_their_commands() -> None:
    assert "catalog" in CliRunner().invoke(main, ["--help"]).output
    assert "validate" in CliRunner().invoke(main, ["catalog", "-h"]).output


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["catalog", "explode"])

    assert (result.exit_code, "No such command 'explode'" in result.stderr) == (2, True)


def test_help_waits_for_no_heavy_library() -> None:
    program = (
        "import sys; from scenedock.doors.cli import main; main(['--help'], standalone_mode=False);"
        "print(sorted({'yaml', 'jsonschema', 'jsonschema_rs', 'cookiecutter', 'rich', 'can_ada'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)

    assert done.stdout.splitlines()[-1] == "[]"
