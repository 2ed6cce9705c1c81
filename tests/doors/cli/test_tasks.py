"""`scenedock tasks`: run a task, find it again, read its log, cancel and retry it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.tools.postgres import running_postgres
from tests.tools.server import free_port

ROOT = Path(__file__).parents[3]
GOOD = {"steps": [{"action": "scenedock:export-catalog", "input": {"withContent": False}}]}
BAD = {"steps": [{"action": "scenedock:export-catalog", "input": {"repository": "none"}}]}
NO_TASK = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCENEDOCK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SCENEDOCK_REPOSITORIES", str(ROOT / "examples" / "acme-apps"))
    return tmp_path


def tasks(*arguments: str, spec: object = None) -> Result:
    return CliRunner().invoke(main, ["tasks", *arguments], input=json.dumps(spec), catch_exceptions=False)


def run(spec: object, *arguments: str) -> tuple[str, Result]:
    result = tasks("run", "-", *arguments, spec=spec)
    return result.stderr.removeprefix("Task ").split()[0], result


def test_a_task_runs_with_its_log_and_is_found_again() -> None:
    task_id, result = run(GOOD)

    assert result.exit_code == 0
    assert result.stdout.endswith("Run completed with status: completed\n")
    assert re.fullmatch(rf"{task_id}  completed .*command-line  scenedock:export-catalog\n", tasks("list").stdout)
    assert json.loads(tasks("show", task_id).stdout)["spec"]["steps"][0]["input"] == {"withContent": False}
    assert tasks("log", task_id).stdout == result.stdout
    assert tasks("log", "--follow", task_id).stdout == result.stdout
    assert tasks("list", "--status", "failed").stdout == ""


def test_an_action_that_changes_something_is_a_task_at_the_command_line_too() -> None:
    baking = ["actions", "run", "bake-skeleton", "skeleton=library-chart", 'answers={"name": "acme-service"}']
    baked = CliRunner().invoke(main, baking, catch_exceptions=False)
    listed = tasks("list").stdout
    CliRunner().invoke(main, ["actions", "run", "list-skeletons"], catch_exceptions=False)

    assert (baked.exit_code, json.loads(baked.stdout)["url"]) == (0, None)
    assert re.fullmatch(r"\S+  completed .*command-line  Bake skeleton\n", listed)
    assert tasks("list").stdout == listed, "what only reads is no task"


def test_the_same_key_gives_the_same_task() -> None:
    assert run(GOOD, "--key", "nightly")[0] == run(GOOD, "--key", "nightly")[0]


def test_a_failed_task_ends_with_1_and_can_be_retried_but_not_a_completed_one() -> None:
    failed, result = run(BAD)
    assert result.exit_code == 1
    assert "NotFoundError: there is no repository 'none'" in result.stdout

    assert tasks("retry", failed).stdout == f"{failed}\n"
    assert json.loads(tasks("show", failed).stdout)["status"] == "open"
    assert tasks("cancel", failed).stdout == f"{failed}  cancelled\n"
    refused = tasks("retry", run(GOOD)[0])
    assert (refused.exit_code, refused.stderr.count("\n")) == (4, 1)


@pytest.mark.parametrize("command", [["show"], ["log"], ["log", "--follow"], ["cancel"], ["retry"]])
def test_a_task_that_is_not_there_ends_with_2(command: list[str]) -> None:
    run(GOOD)
    result = tasks(*command, NO_TASK)

    assert result.exit_code == 2
    assert result.stderr == f"Error: there is no task {NO_TASK}; it may be older than what is kept\n"


@pytest.mark.parametrize("command", [["list"], ["show", NO_TASK], ["log", NO_TASK], ["cancel", NO_TASK]])
def test_where_there_are_no_tasks_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.delenv("SCENEDOCK_DATA")
    monkeypatch.chdir(tmp_path)

    result = tasks(*command)

    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "tasks.db: there are no tasks here; set SCENEDOCK_DATA to the data folder of the service" in result.stderr


def test_git_ignores_what_a_task_leaves_in_the_data_folder(folder: Path) -> None:
    run(GOOD)

    assert (folder / "data" / ".gitignore").read_text() == "*\n"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    status = ["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(status, check=True, capture_output=True).stdout == b""


def test_a_key_that_is_that_of_another_task_is_refused() -> None:
    task_id, _ = run(GOOD, "--key", "nightly")
    refused = tasks("run", "-", "--key", "nightly", spec=BAD)

    assert refused.exit_code == 4
    assert f"this key is that of task {task_id}" in refused.stderr


def test_a_task_that_is_wrong_is_refused_before_it_runs() -> None:
    result = tasks("run", "-", spec={"steps": [{"action": "scenedock:dance"}]})

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: -:1:13: step step-1: there is no action `scenedock:dance`")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("steps: [\n", ["2:1: this is not YAML"]),
        ("- action: a\n", ["1:1: the document: must be an object"]),
        (
            "steps:\n  - export\n  - {action: a, id: ä}\nother: 1\n",
            [
                "2:5: step 1: must be an object with an `action`",
                "3:17: step 2: `id` must be letters",
                "4:1: `other` is not a key of a task; the keys are: ",
            ],
        ),
        (
            "steps:\n  - action: a\n  - action: scenedock:export-catalog\n    input: {withContent: s3cret}\n",
            [
                "2:5: step step-1: there is no action `a`",
                "4:5: scenedock:export-catalog: `withContent` input should be a valid boolean",
            ],
        ),
    ],
)
def test_all_that_is_wrong_with_the_file_of_a_task_is_told_with_its_place(
    folder: Path, written: str, said: list[str]
) -> None:
    (folder / "task.yaml").write_text(written)

    result = tasks("run", str(folder / "task.yaml"))

    assert result.exit_code == 2
    lines = result.stderr.removeprefix("Error: ").replace(f"{folder / 'task.yaml'}:", "").splitlines()
    assert [line[: len(start)] for line, start in zip(lines, said, strict=True)] == said
    assert result.stderr.count("task.yaml:") == len(said)
    assert "s3cret" not in result.stderr


def test_a_worker_refuses_a_database_that_nobody_migrated_and_then_runs_what_others_submit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_postgres() as server:
        monkeypatch.setenv("SCENEDOCK_DATABASE_URL", server.make_database("cli"))
        # A process of its own: a worker blocks signals, and whatever the tests start afterwards would inherit that.
        command = [str(Path(sys.executable).with_name("scenedock")), "worker"]
        refused = subprocess.run(command, capture_output=True, check=False, text=True)
        assert (refused.returncode, "scenedock migrate" in refused.stderr) == (4, True)
        assert CliRunner().invoke(main, ["migrate"]).stdout == "The database was 8 versions behind\n"
        assert CliRunner().invoke(main, ["migrate"]).stdout == "The database is up to date\n"

        failed, _ = run(BAD)
        port = free_port()
        monkeypatch.setenv("SCENEDOCK_WORKER_LISTEN", f"127.0.0.1:{port}")
        with ExitStack() as ending:
            log = ending.enter_context((folder / "log").open("wb"))
            worker = ending.enter_context(subprocess.Popen(command, env=os.environ, stderr=log))
            ending.callback(worker.kill)
            tasks("retry", failed)
            until = time.monotonic() + 60
            while (shown := json.loads(tasks("show", failed).stdout))["status"] != "failed":
                assert time.monotonic() < until, (shown, (folder / "log").read_text())
            assert asked(f"http://127.0.0.1:{port}/healthz") == (200, "ok\n")
            while (ready := asked(f"http://127.0.0.1:{port}/readyz")) != (200, "ok\n"):
                assert time.monotonic() < until, ready
            assert asked(f"http://127.0.0.1:{port}/nope")[0] == 404
            status, metrics = asked(f"http://127.0.0.1:{port}/metrics")
            assert status == 200
            ended = 'scenedock_tasks_ended_total{action="scenedock:export-catalog",status="failed"} 1.0'
            assert {ended, 'scenedock_tasks{state="waiting"} 0.0'} <= set(metrics.splitlines())
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0


def asked(url: str) -> tuple[int, str]:
    answer = urllib3.request("GET", url, timeout=60, retries=False)
    return answer.status, answer.data.decode()
