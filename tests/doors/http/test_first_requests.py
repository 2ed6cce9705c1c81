"""Many first requests at once, to a service that loads what it needs when it needs it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

from tests.tools.server import Server, free_port
from tests.tools.service import ADMIN, EXAMPLE, TOKENS, bearer

ROOT = Path(__file__).parents[3]
API = "/api/scenedock"
PATIENCE = 120
BEFORE_ITS_THREADS = (
    "scenedock.doors.serve",
    "scenedock.doors.http.serving",
    "scenedock.doors.http.app",
    "scenedock.doors.http.handlers.folders",
    "scenedock.runtime.service_wiring",
)
"""What `scenedock serve` has loaded before a request can come, whatever is set."""
PATHS = (
    *("/", "/actions", "/actions/bake-skeleton", "/approvals", "/board", "/delivery", "/findings", "/graph"),
    *("/metrics", "/repositories", "/services", "/tasks"),
    f"{API}/.backstage/actions/v1/actions",
    f"{API}/actions",
    f"{API}/actions/promote-deployment",
    f"{API}/catalog/catalog-info.yaml",
    f"{API}/openapi.json",
    f"{API}/tasks",
    "/api/scaffolder/v2/actions",
)
CALLS = {
    "assess-application": ({}, 400),
    "bake-skeleton": ({}, 400),
    "export-catalog": ({}, 200),
    "lint-deployments": ({}, 200),
    "list-deployments": ({}, 200),
    "list-skeletons": ({}, 200),
    "nobody's": ({}, 404),
    "validate-entities": ({"content": "kind: [", "name": "catalog-info.yaml"}, 200),
}


def test_no_two_threads_load_libraries_in_opposite_order() -> None:
    program = [sys.executable, "-m", "tests.tools.import_order", "service", "scenedock", ",".join(BEFORE_ITS_THREADS)]

    done = subprocess.run([*program, "scenedock.doors.cli"], capture_output=True, check=True, cwd=ROOT, text=True)

    assert json.loads(done.stdout) == [], "import the library itself before its parts, as decision 91 says"


def test_first_requests_that_come_at_once_are_all_answered(tmp_path: Path) -> None:
    (tmp_path / "tokens.yaml").write_text(TOKENS)
    port = free_port()
    environment = {
        "SCENEDOCK_DATA": str(tmp_path / "data"),
        "SCENEDOCK_LISTEN": f"127.0.0.1:{port}",
        "SCENEDOCK_REPOSITORIES": str(EXAMPLE),
        "SCENEDOCK_TOKENS_FILE": str(tmp_path / "tokens.yaml"),
        "SCENEDOCK_THREADS": "64",  # an eighth of them may wait until the repositories have been read
    }
    command = [str(Path(sys.executable).with_name("scenedock")), "serve"]
    server = Server(command, environment, ROOT, f"http://127.0.0.1:{port}/healthz", tmp_path / "log")
    all_connected = threading.Barrier(len(PATHS) + len(CALLS))

    def ask(path: str, body: object = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.connect()
        all_connected.wait(PATIENCE)
        headers = {**bearer(ADMIN), "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, sent, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, data

    server.start()
    try:
        with ThreadPoolExecutor(len(PATHS) + len(CALLS)) as clients:
            pages = {path: clients.submit(ask, path) for path in PATHS}
            calls = {name: clients.submit(ask, f"{API}/actions/{name}/invoke", CALLS[name][0]) for name in CALLS}
            answers = {what: each.result() for what, each in (pages | calls).items()}
    finally:
        server.stop()

    expected = dict.fromkeys(PATHS, 200) | {name: status for name, (_, status) in CALLS.items()}
    assert {what: answer for what, answer in answers.items() if answer[0] != expected[what]} == {}
    assert "Traceback" not in server.said()
