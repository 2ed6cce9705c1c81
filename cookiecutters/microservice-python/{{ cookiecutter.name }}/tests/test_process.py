"""Test the service as its container runs it: with gunicorn and gunicorn.conf.py."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECONDS = 30


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
        return number


@pytest.fixture
def process(port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "gunicorn", "--pythonpath", "tests", "slow:create_app()"]
    environment = {**os.environ, "PORT": str(port)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            wait_until_ready(port)
            yield running
        finally:
            running.kill()


def get(port: int, path: str) -> HTTPResponse:
    answer: HTTPResponse = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=SECONDS)
    return answer


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            get(port, "/readyz").close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def test_a_request_in_flight_is_answered_before_the_process_stops(process: subprocess.Popen[str], port: int) -> None:
    with get(port, "/slow") as answer:
        assert answer.readline() == b"begun\n"
        process.send_signal(signal.SIGTERM)
        assert answer.read() == b"done\n"

    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["status"] for line in lines if line.get("path") == "/slow"] == [200]
    assert "gunicorn.error" in {line["logger"] for line in lines}
