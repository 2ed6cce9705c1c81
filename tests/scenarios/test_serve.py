"""`scenedock serve` as a process: how it starts, what it says, whom it doesn't wait for, and how it ends."""

from __future__ import annotations

import errno
import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.effects.tasks.store import TaskStore
from scenedock.model.json import JsonObject
from scenedock.model.tasks.task import Task
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from tests.tools.command import run_scenedock
from tests.tools.server import Server, free_port, wait_until
from tests.tools.service import EXAMPLE, READ, RUN, TOKENS, bearer

ROOT = Path(__file__).parents[2]
SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
BASE = "/api/scenedock"
PATIENCE = 60
HEAVY = {"sqlalchemy", "cryptography", "jsonschema_rs"}
"""Libraries with compiled code, which shows in the memory map of a process that has loaded them."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int]]:
    folder = tmp_path_factory.mktemp("served")
    port = free_port()
    server = Server(
        [SCENEDOCK, "serve"], environment(folder, port), ROOT, f"http://127.0.0.1:{port}/healthz", folder / "log"
    )
    server.start()
    yield server, port
    server.stop()


def environment(folder: Path, port: int) -> dict[str, str]:
    (folder / "tokens.yaml").write_text(TOKENS)
    return {
        "SCENEDOCK_DATA": str(folder / "data"),
        "SCENEDOCK_LISTEN": f"127.0.0.1:{port}",
        "SCENEDOCK_REPOSITORIES": str(EXAMPLE),
        "SCENEDOCK_TOKENS_FILE": str(folder / "tokens.yaml"),
        "SCENEDOCK_THREADS": "4",
        "SCENEDOCK_EVENT_READERS": "1",
    }


def connected(port: int) -> closing[HTTPConnection]:
    return closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE))


def ask(connection: HTTPConnection, path: str, body: object = None, token: str = RUN) -> tuple[int, str, bytes]:
    sent = None if body is None else json.dumps(body)
    headers = {**bearer(token), "Content-Type": "application/json"}
    connection.request("GET" if body is None else "POST", path, sent, headers)
    answer = connection.getresponse()
    return answer.status, answer.reason, answer.read()


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, a fork."""
    return run_scenedock(arguments, {"PATH": os.environ["PATH"], **settings})


def test_a_service_without_tasks_has_not_opened_what_runs_them(tmp_path: Path) -> None:
    port = free_port()
    server = Server(
        [SCENEDOCK, "serve"], environment(tmp_path, port), ROOT, f"http://127.0.0.1:{port}/readyz", tmp_path / "log"
    )
    server.start()
    try:
        with connected(port) as connection:
            assert ask(connection, f"{BASE}/actions")[0] == 200
            assert not loaded(server) & HEAVY
            given = {"skeleton": "library-chart", "answers": {"name": "shared", "owner": "group:default/platform"}}
            assert ask(connection, f"{BASE}/actions/bake-skeleton/invoke", given)[0] == 200
            assert "sqlalchemy" in loaded(server)
    finally:
        server.stop()


def loaded(server: Server) -> set[str]:
    """The packages with compiled code that the process which answers has loaded."""
    assert server.process
    first = server.process.pid
    (worker,) = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    mapped = Path(f"/proc/{worker}/maps").read_text().split()
    return {word.partition("/site-packages/")[2].partition("/")[0] for word in mapped}


def test_it_says_where_things_are(served: tuple[Server, int]) -> None:
    server, port = served

    said = server.said()

    assert f"http://127.0.0.1:{port}/" in said
    assert f"http://127.0.0.1:{port}{BASE}/catalog/catalog-info.yaml" in said
    assert "Data:" in said


def test_a_connection_is_used_for_many_requests(served: tuple[Server, int]) -> None:
    with connected(served[1]) as connection:
        assert [ask(connection, f"{BASE}/actions")[0] for _ in range(3)] == [200, 200, 200]
        used = connection.sock
        time.sleep(3)  # longer than gunicorn keeps connections by itself
        assert ask(connection, f"{BASE}/actions")[0] == 200
        assert connection.sock is used


def test_the_message_of_a_refusal_is_in_the_status_line_that_is_sent(served: tuple[Server, int]) -> None:
    with connected(served[1]) as connection:
        status, reason, _ = ask(connection, f"{BASE}/actions/export-catalog/invoke", {"repository": "payröll"})

    assert (status, reason) == (404, "NotFoundError: there is no repository 'payr?ll'; the repositories are: acme-apps")


def test_the_feed_is_there_soon_and_a_skeleton_is_baked(served: tuple[Server, int]) -> None:
    given = {"skeleton": "microservice-python", "answers": {"name": "ledger", "owner": "group:default/payments"}}
    with connected(served[1]) as connection:
        status, _, feed = ask(connection, f"{BASE}/catalog/catalog-info.yaml", token=READ)
        baked, reason, _ = ask(connection, f"{BASE}/actions/bake-skeleton/invoke", given)

    assert (status, b"./entities-" in feed) == (200, True)
    assert (baked, reason) == (200, "OK")


def test_clients_that_dawdle_keep_nobody_else_waiting_for_long(served: tuple[Server, int]) -> None:
    """More clients than threads, each in the middle of a request that never ends."""
    dawdlers = [socket.create_connection(("127.0.0.1", served[1])) for _ in range(6)]
    try:
        for dawdler in dawdlers:
            dawdler.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        with connected(served[1]) as connection:
            assert ask(connection, f"{BASE}/actions")[0] == 200
    finally:
        for dawdler in dawdlers:
            dawdler.close()


def test_a_reader_that_hangs_up_leaves_its_place_to_the_next(served: tuple[Server, int]) -> None:
    put_waiting_task(served[0].log.parent / "data")

    with follower(served[1]) as first:
        assert b" 200 " in first
        with follower(served[1]) as second:
            assert b" 503 " in second
    left = time.monotonic()
    wait_until(lambda: place_is_free(served[1]), "a place for the next reader")

    # A busy machine looks late; without a look at the connection it is the next beat but one, after 20 s.
    assert time.monotonic() - left < 15


@contextmanager
def follower(port: int) -> Iterator[bytes]:
    """A client that follows the waiting task, and the beginning of the answer that it gets."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        path = f"{BASE}/tasks/waiting/eventstream"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RUN}\r\n\r\n".encode())
        yield client.recv(1000)


def place_is_free(port: int) -> bool:
    with follower(port) as answer:
        return b" 200 " in answer


def put_waiting_task(data: Path) -> None:
    """A task of the runner that waits for days, and says nothing."""
    database = open_database(TaskSettings(data))
    database.write(migrate)
    now = time.time_ns() // 1_000_000
    spec: JsonObject = {"steps": []}
    TaskStore(database).add(Task("waiting", spec, "processing", now, "token:runner", wake_at=now + 86_400_000), None)
    database.close()


def test_a_client_that_hangs_up_harms_nobody(served: tuple[Server, int]) -> None:
    for _ in range(8):
        with socket.create_connection(("127.0.0.1", served[1])) as client:
            client.sendall(
                b"POST /api/scenedock/actions/export-catalog/invoke HTTP/1.1\r\nContent-Length: 900\r\n\r\n{"
            )

    with connected(served[1]) as connection:
        assert ask(connection, f"{BASE}/actions")[0] == 200


def test_more_requests_at_once_than_threads_wait_for_their_turn(served: tuple[Server, int]) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(served[1])) for _ in range(40)]
        for client in clients:
            client.request("GET", f"{BASE}/actions", headers=bearer(RUN))

        assert [client.getresponse().status for client in clients] == [200] * 40


def test_who_gets_no_thread_for_seconds_is_asked_to_come_again(served: tuple[Server, int]) -> None:
    path = f"{BASE}/actions/export-catalog/invoke"
    began = f"POST {path} HTTP/1.1\r\nAuthorization: Bearer {RUN}\r\nContent-Length: 900\r\n\r\n{{".encode()
    with ExitStack() as opened:
        for _ in range(8):
            slow = opened.enter_context(socket.create_connection(("127.0.0.1", served[1])))
            slow.sendall(began)
        client = opened.enter_context(connected(served[1]))
        client.request("GET", f"{BASE}/actions", headers=bearer(RUN))
        answer = client.getresponse()

        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")

    with connected(served[1]) as client:
        assert ask(client, f"{BASE}/actions")[0] == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\0\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    ],
)
def test_what_is_no_proper_request_is_refused(served: tuple[Server, int], request_bytes: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served[1]), timeout=PATIENCE) as client:
        client.sendall(request_bytes)
        answer = client.recv(1000)

    assert answer[9:12].startswith(b"4") or answer == b""


def test_a_stop_lets_the_call_that_runs_end(tmp_path: Path) -> None:
    port = free_port()
    server = Server(
        [SCENEDOCK, "serve"], environment(tmp_path, port), ROOT, f"http://127.0.0.1:{port}/healthz", tmp_path / "log"
    )
    server.start()
    answered: list[int] = []
    connected_all = threading.Barrier(3, timeout=PATIENCE)

    def call() -> None:
        with connected(port) as connection:
            ask(connection, "/healthz")  # a connection that the service hasn't taken yet is nobody's call
            connected_all.wait()
            answered.append(ask(connection, f"{BASE}/actions/export-catalog/invoke", {})[0])

    callers = [threading.Thread(target=call) for _ in range(2)]
    try:
        for caller in callers:
            caller.start()
        connected_all.wait()
        time.sleep(0.05)
        assert server.process
        server.process.send_signal(signal.SIGTERM)
        for caller in callers:
            caller.join(PATIENCE)
        assert server.process.wait(PATIENCE) == 0
    finally:
        server.stop()

    assert answered == [200, 200]
    assert "Traceback" not in server.said()


def test_a_wrong_setting_is_told_before_anything_starts() -> None:
    done = run("serve", SCENEDOCK_LISTEN="8000")

    assert (done.returncode, done.stdout) == (2, "")
    assert "SCENEDOCK_LISTEN: must be HOST:PORT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SCENEDOCK_TOKENS_FILE", "nowhere.yaml", "nowhere.yaml: there is no such file"),
        ("SCENEDOCK_SIGNING_KEY", "no key", "SCENEDOCK_SIGNING_KEY: this is not a private key"),
        ("SCENEDOCK_SKELETONS", "nowhere.yaml", "nowhere.yaml: there is no such file"),
    ],
)
def test_what_a_setting_names_is_looked_at_before_anything_starts(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    done = run("serve", **{"SCENEDOCK_DATA": str(tmp_path / "data"), name: value})

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_replicas_on_postgresql_need_a_key_that_they_share(tmp_path: Path) -> None:
    settings = {"SCENEDOCK_DATABASE_URL": "postgresql://db/tasks", "SCENEDOCK_FOLDERS_LISTEN": "127.0.0.1:8001"}

    for command in ("serve", "worker"):
        done = run(command, SCENEDOCK_DATA=str(tmp_path / "data"), **settings)
        assert done.returncode == 2
        assert "SCENEDOCK_SIGNING_KEY must be set: with PostgreSQL" in done.stderr
        assert "Traceback" not in done.stderr


def test_settings_are_printed_with_their_sources_and_secrets_masked() -> None:
    done = run("settings", SCENEDOCK_THREADS="8", SCENEDOCK_SIGNING_KEY="hunter2")

    lines = {line.split("=")[0]: line for line in done.stdout.splitlines()}
    assert lines["SCENEDOCK_THREADS"].split() == ["SCENEDOCK_THREADS=8", "#", "SCENEDOCK_THREADS"]
    assert lines["SCENEDOCK_DATA"].endswith("# default")
    assert "hunter2" not in done.stdout + done.stderr


def test_the_command_line_lists_shows_and_runs_actions(tmp_path: Path) -> None:
    settings = {"SCENEDOCK_DATA": str(tmp_path), "SCENEDOCK_REPOSITORIES": str(EXAMPLE)}

    assert "export-catalog" in run("actions", "list").stdout
    assert json.loads(run("actions", "show", "export-catalog").stdout)["id"] == "scenedock:export-catalog"
    done = run("actions", "run", "export-catalog", "withContent=false", **settings)
    assert json.loads(done.stdout)["byKind"]["Component"] == 6
    assert "10 entities" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "there is no action 'nope'"),
        (["export-catalog", "repository"], "write FIELD=VALUE"),
        (["export-catalog", "--input", "nowhere.json"], "there is no such file"),
        (["export-catalog", "withContent=perhaps"], "`withContent` input should be a valid boolean"),
    ],
)
def test_a_wrong_call_of_an_action_is_refused(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run("actions", "run", *arguments, SCENEDOCK_DATA=str(tmp_path))

    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("setting", ["SCENEDOCK_LISTEN", "SCENEDOCK_FOLDERS_LISTEN"])
def test_a_port_that_is_taken_is_said_at_once_and_nothing_else(tmp_path: Path, setting: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = {**environment(tmp_path, free_port()), setting: address}

        done = run("serve", **settings)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Error: {setting}={address}: can't listen there: address already in use; stop the other program, "
        "or set another address\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_port_that_only_root_may_use_is_told_from_one_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_socket: socket.socket, _address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    monkeypatch.setenv("SCENEDOCK_LISTEN", "127.0.0.1:80")
    monkeypatch.setenv("SCENEDOCK_DATA", str(tmp_path))
    done = CliRunner().invoke(main, ["serve"])

    assert done.exit_code == 2
    assert done.stderr == (
        "Error: SCENEDOCK_LISTEN=127.0.0.1:80: can't listen there: permission denied; only root may use this port; "
        "set one above 1023\n"
    )


def test_a_worker_with_a_database_of_its_own_is_warned_of_it(tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [SCENEDOCK, "worker"],
        env={**os.environ, "SCENEDOCK_DATA": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stderr
    said = [worker.stderr.readline() for _ in range(2)]
    worker.terminate()
    worker.communicate(timeout=PATIENCE)

    assert said[0].startswith("Warning: SCENEDOCK_DATABASE_URL isn't set")
    assert said[1].startswith("Running tasks")


def test_a_repository_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "no-apps"

    done = run("serve", **{**environment(tmp_path, free_port()), "SCENEDOCK_REPOSITORIES": f"{EXAMPLE},{missing}"})

    assert (done.returncode, done.stderr) == (2, f"Error: SCENEDOCK_REPOSITORIES: there is no folder {missing}\n")


def test_the_hints_of_the_page_work_where_the_service_was_started(tmp_path: Path) -> None:
    port = free_port()
    settings = {**environment(tmp_path, port), "SCENEDOCK_PUBLIC_FEED": "true"}
    server = Server([SCENEDOCK, "serve"], settings, ROOT, f"http://127.0.0.1:{port}/readyz", tmp_path / "log")
    server.start()
    try:
        with connected(port) as connection:
            page = ask(connection, "/", token="")[2].decode()
            (hint,) = re.findall(r"at the command line: <code>(.+?)</code>", page)
            (link,) = re.findall(r'<a href="(\S+?openapi\.json)">', page)
            described = ask(connection, link, token="")
    finally:
        server.stop()
    command = ["sh", "-c", html.unescape(hint)]
    path = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["byKind"] == {"API": 1, "Component": 6, "Resource": 3}
    assert (described[0], "openapi" in json.loads(described[2])) == (200, True)
