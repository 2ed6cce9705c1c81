"""The job that proposes a release asks again where Scenedock can't answer for a while, however late it says so."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.skeletons.shipped.world import SKELETONS

LATE_503 = (200, "   ServiceUnavailableError: git took too long")
LATE_404 = (200, " NotFoundError: there is no deployment")
EARLY_503 = (503, json.dumps({"error": {"name": "ServiceUnavailableError", "message": "busy"}}))
DONE = (200, json.dumps({"output": {"title": "Set billing to 1.2.0", "changed": True, "published": []}}))


@contextmanager
def scenedock(answers: list[tuple[int, str]]) -> Iterator[tuple[str, list[bytes]]]:
    """A Scenedock that gives these answers, the last one for ever; its address, and what it was sent."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = answers[min(len(sent), len(answers)) - 1]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("answers", "asked", "said"),
    [
        ([LATE_503, DONE], 2, "Set billing to 1.2.0"),
        ([EARLY_503, LATE_503, DONE], 3, "Set billing to 1.2.0"),
        ([LATE_503], 4, "refused 1.2.0 for dev with 200: ServiceUnavailableError: git took too long"),
        ([LATE_404], 1, "refused 1.2.0 for dev with 200: NotFoundError: there is no deployment"),
    ],
)
def test_a_late_503_is_asked_again_as_an_early_one(
    tmp_path: Path, answers: list[tuple[int, str]], asked: int, said: str
) -> None:
    (template,) = (SKELETONS / "microservice-python").rglob("*propose.py*")
    text = template.read_text().replace("{{ cookiecutter.name }}", "billing")
    script = tmp_path / "propose.py"
    script.write_text(text.replace("{{ cookiecutter.deploy_to }}", "dev").replace("time.sleep(2**attempt)", "pass"))
    with scenedock(answers) as (address, sent):
        done = subprocess.run(
            [sys.executable, str(script), "1.2.0"],
            env={"SCENEDOCK_URL": address, "SCENEDOCK_TOKEN": "t"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert said in done.stdout + done.stderr
    assert (len(sent), len(set(sent))) == (asked, 1)
    assert done.returncode == (said[0] != "S")
