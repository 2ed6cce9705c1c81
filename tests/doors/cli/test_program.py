"""The command line starts quickly, and says what is wrong in words."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.actions import ACTIONS
from scenedock.doors.cli import main
from tests.scenarios.repositories import plant
from tests.tools.service import EXAMPLE

ROOT = Path(__file__).parents[3]
SCENEDOCK = Path(sys.executable).with_name("scenedock")


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


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["catalgo"], "No such command 'catalgo' (did you mean catalog?)"),
        (["catalog", "exprot"], "No such command 'exprot' (did you mean export?)"),
        (["tasks", "zzz"], "No such command 'zzz'; the commands are: cancel, list, log, retry, run, show"),
        (["catalog", "check", "--formt", "json", "."], "Did you mean"),
        (
            ["actions", "run", "export-catalogue"],
            "there is no action 'export-catalogue' (did you mean export-catalog?)",
        ),
        (
            ["actions", "run", "promote-deployment", "services=orders,web"],
            """services takes a list, as JSON: 'services=["orders", "web"]'""",
        ),
    ],
)
def test_what_was_probably_meant_is_told(typed: list[str], said: str) -> None:
    result = CliRunner().invoke(main, typed)

    assert result.exit_code == 2
    assert said in result.stderr


def test_an_export_of_no_repositories_is_an_error() -> None:
    result = CliRunner().invoke(main, ["actions", "run", "export-catalog"], env={"SCENEDOCK_REPOSITORIES": None})

    assert (result.exit_code, result.stdout) == (2, "")
    assert "there are no GitOps repositories to export; list them in SCENEDOCK_REPOSITORIES" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["show", "bake-skeleton"],
        ["run", "list-skeletons"],
        ["run", "list-deployments"],
        ["run", "show-deployment", "service=billing"],
        ["run", "export-catalog"],
        ["run", "validate-entities", "content=kind: Component"],
    ],
)
def test_what_only_reads_writes_nothing(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apps = plant(tmp_path / "apps", {"billing/Chart.yaml": "name: billing\n", "billing/values-production.yaml": ""})
    here = tmp_path / "empty"
    here.mkdir()
    monkeypatch.chdir(here)
    # With these settings, a service signs calls and addresses.
    signing = {"SCENEDOCK_BACKSTAGE_URL": "http://127.0.0.1:9", "SCENEDOCK_FOLDERS_LISTEN": "127.0.0.1:9"}

    done = CliRunner().invoke(main, ["actions", *words], env={"SCENEDOCK_REPOSITORIES": str(apps), **signing})

    assert (done.exit_code, list(here.iterdir())) == (0, []), done.output


def on_a_terminal(arguments: list[str], **variables: str) -> str:
    """What a person sees on a terminal."""
    leader, follower = os.openpty()
    command = [str(SCENEDOCK), *arguments]
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **variables}
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        shown = b""
        with suppress(OSError):  # Linux's way to say that nobody writes any more
            while part := os.read(leader, 4096):
                shown += part
        process.wait(60)
    os.close(leader)
    return shown.decode()


CHECK = ["catalog", "check", str(EXAMPLE)]


def test_terminals_have_colours_and_nothing_else_has() -> None:
    red = "\x1b[31m\x1b[1m"

    assert f"{red}Error:\x1b[0m there is no action" in on_a_terminal(["actions", "run", "nothing"])
    assert f"{red}error:\x1b[0m acme-apps:" in on_a_terminal(CHECK)
    assert "\x1b[1mexport-catalog" in on_a_terminal(["actions", "list"])
    for shown in (
        on_a_terminal(CHECK, NO_COLOR="1"),
        on_a_terminal(["actions", "run", "nothing"], NO_COLOR="1"),
        CliRunner().invoke(main, CHECK).output,
    ):
        assert "\x1b" not in shown
        assert "rror: " in shown


def test_a_file_has_no_colours(tmp_path: Path) -> None:
    on_a_terminal([*CHECK, "--output", str(tmp_path / "check.txt")])

    assert "error: acme-apps:" in (tmp_path / "check.txt").read_text(encoding="utf-8")


def as_json(*arguments: str) -> Any:
    result = CliRunner().invoke(main, [*arguments, "--format", "json"], catch_exceptions=False)
    return json.loads(result.stdout)


def test_lists_settings_and_checks_are_printed_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCENEDOCK_DATA", str(tmp_path))
    monkeypatch.setenv("SCENEDOCK_DATABASE_URL", "postgresql://somebody:hunter2@db/scenedock")

    settings = as_json("settings")
    monkeypatch.delenv("SCENEDOCK_DATABASE_URL")
    baking = ["actions", "run", "bake-skeleton", "skeleton=library-chart", 'answers={"name": "acme-service"}']
    CliRunner().invoke(main, baking, catch_exceptions=False)
    (task,), checked = as_json("tasks", "list"), as_json(*CHECK)

    assert [each["name"] for each in as_json("actions", "list")] == sorted(each.name for each in ACTIONS)
    assert {"name": "SCENEDOCK_DATA", "value": str(tmp_path), "source": "SCENEDOCK_DATA"} in settings
    assert "hunter2" not in json.dumps(settings)
    assert (task["status"], task["spec"]["steps"][0]["action"]) == ("completed", "scenedock:bake-skeleton")
    assert (checked["failed"], checked["right"]) == (True, 0)
    assert {each["code"] for each in checked["files"]} == {"catalog-file-missing"}


def test_a_shell_completes_commands_options_and_choices_as_the_documentation_says() -> None:
    documented = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    sourced = {shell: f"_SCENEDOCK_COMPLETE={shell}_source scenedock" for shell in ("bash", "zsh", "fish")}
    assert [shell for shell, command in sourced.items() if command not in documented] == []

    def completed(words: str, position: int) -> str:
        variables = {"_SCENEDOCK_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(position)}
        return subprocess.run(
            [str(SCENEDOCK)], env={**os.environ, **variables}, capture_output=True, text=True, check=True
        ).stdout

    assert "plain,export" in completed("scenedock catalog ex", 2).splitlines()
    assert "plain,--format" in completed("scenedock catalog check --fo", 3).splitlines()
    assert "plain,sarif" in completed("scenedock catalog check --format sa", 4).splitlines()


def test_a_command_in_a_message_can_be_pasted(tmp_path: Path) -> None:
    repository = tmp_path / "apps"
    (repository / "billing").mkdir(parents=True)
    chart = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
    (repository / "billing" / "Chart.yaml").write_text(chart, encoding="utf-8")
    told = CliRunner().invoke(main, ["catalog", "check", str(repository)]).output
    (command,) = set(re.findall(r"Run `scenedock (catalog export .+?)` there", told))

    done = subprocess.run([str(SCENEDOCK), *command.split()], cwd=repository, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert CliRunner().invoke(main, ["catalog", "check", str(repository)]).exit_code == 0


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["nonsense"], 2)])
def test_a_process_that_ends_at_once_has_said_all_and_done_what_was_left_for_the_end(
    arguments: list[str], code: int
) -> None:
    left = "import atexit, sys; from scenedock.doors.cli import main; atexit.register(print, 'done'); main()"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", left, *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == code
    assert "Usage: " in ended.stdout + ended.stderr
    assert ended.stdout.endswith("done\n")


def test_a_diff_of_the_catalog_is_that_of_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(main, ["example", "apps"])
    monkeypatch.chdir(tmp_path / "apps")
    done = CliRunner().invoke(main, ["catalog", "diff", "--since", "HEAD"])

    assert (made.exit_code, done.exit_code) == (0, 0), done.output
