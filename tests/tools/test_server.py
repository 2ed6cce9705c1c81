"""A server of the tests is started until it is ready, says why it isn't, and leaves nothing running."""

from __future__ import annotations

import fcntl
import socket
import sys
from pathlib import Path
from typing import IO

import pytest

from tests.tools.server import Server, free_port, wait_until


def server(folder: Path, *command: str, path: str = "/") -> Server:
    return Server([sys.executable, *command], {}, folder, f"http://127.0.0.1:{command[-1]}{path}", folder / "log")


def test_a_server_is_ready_when_it_has_started_and_can_start_again(tmp_path: Path) -> None:
    tried = server(tmp_path, "-m", "http.server", "--bind", "127.0.0.1", str(free_port()))

    for _ in range(2):
        tried.start()
        tried.stop()

    assert tried.said().count('"GET / HTTP/1.1" 200') == 2


def test_a_port_is_kept_for_a_server_of_ours() -> None:
    port = free_port()

    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_a_server_that_ends_says_why(tmp_path: Path) -> None:
    tried = server(tmp_path, "-c", "raise SystemExit('no configuration')", str(free_port()))

    with pytest.raises(RuntimeError, match=r"did not start:\n(.|\n)*no configuration"):
        tried.start()


def test_a_stopped_server_leaves_nothing_that_it_started(tmp_path: Path) -> None:
    held = tmp_path / "held"
    child = f"import fcntl, time; fcntl.flock(open({str(held)!r}, 'w'), fcntl.LOCK_EX); print('held', flush=True); "
    program = (
        "import http.server, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child + 'time.sleep(600)'!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')\n"
    )
    tried = server(tmp_path, "-c", program, str(free_port()))
    tried.start()

    tried.stop()

    with held.open() as file:
        wait_until(lambda: lock(file), "the end of the process that held the lock")


def test_a_server_that_does_not_stop_is_killed_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.tools.server.SECONDS_TO_STOP", 0.5)
    deaf = "import http.server, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    serve = "http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
    tried = server(tmp_path, "-c", deaf + serve, str(free_port()))
    tried.start()

    with pytest.raises(TimeoutError, match=r"did not stop:\n(.|\n)*GET /"):
        tried.stop()

    assert tried.process is None


def lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
