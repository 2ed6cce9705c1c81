"""Scenedock as a company runs it: its processes on SQLite or PostgreSQL, and what the company asks of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from scenedock.model.action import BASE_PATH
from scenedock.model.json import Json, JsonObject
from tests.publishing.acme import Acme, acme_with
from tests.tools.server import SECONDS_TO_WAIT, Server, free_port, wait_until
from tests.tools.service import RUN, TOKENS, bearer

SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
APPS = "https://github.com/acme/apps"
WAITED_FOR, REFUSED, UNREACHABLE = 1, 2, 3
"""The numbers of the pull requests of acme/apps, which are open at first."""
WAITS = f"for pull-request:github.com/acme/apps#{WAITED_FOR}"
DEPLOY_KEY = "deploy-key-41c7"
IMAGE = "ghcr.io/acme/image-52d8"
"""The secrets of a task, one of which is a sensitive input."""
_SIGNED_WITH = "webhook-secret-0123456789abcdef"


@dataclass
class Installation:
    """The processes on a data folder; without a `database` (a URL) tasks are in SQLite. The last one runs them.

    `program` is the command that they run, which may be that of an older release.
    """

    acme: Acme
    data: Path
    database: str
    program: str = SCENEDOCK
    _port: int = field(default_factory=free_port)
    _servers: list[Server] = field(default_factory=list)

    def start(self) -> None:
        """Start the service; with PostgreSQL, a worker beside it."""
        for arguments in (["serve", "--web-only"], ["worker"]) if self.database else (["serve"],):
            server = Server(
                [self.program, *arguments],
                self._environment(),
                self.acme.folder,
                f"http://127.0.0.1:{self._port}/healthz",  # a worker, which nobody can ask, is taken for ready with it
                self.acme.folder / f"{arguments[0]}.log",
            )
            self._servers.append(server)
            server.start()

    def kill(self) -> None:
        """Kill what runs tasks, and then the rest."""
        while self._servers:
            self._servers.pop().kill()

    def run(self, *arguments: str) -> str:
        """What a command prints; it must not fail."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command that may fail."""
        environment = {"PATH": os.environ["PATH"], **self._environment()}
        return subprocess.run(
            [self.program, *arguments],
            env=environment,
            cwd=self.acme.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_WAIT,
            check=False,
        )

    def stop_running_tasks(self) -> None:
        """Stop what runs tasks, as an orchestrator does."""
        self._servers.pop().stop()

    def submit(self, spec: JsonObject, key: str = "", **secrets: str) -> str:
        """Submit a task; its id. The same key gives the same task."""
        named = {"Idempotency-Key": key} if key else {}
        return str(json.loads(self._ask("POST", "/tasks", {"spec": spec, "secrets": secrets}, named))["id"])

    def change(self, task_id: str, way: str) -> None:
        """Cancel or retry a task."""
        self._ask("POST", f"/tasks/{task_id}/{way}", {})

    def log(self, task_id: str) -> list[dict[str, Any]]:
        """The events of a task."""
        return list(json.loads(self._ask("GET", f"/tasks/{task_id}/log")))

    def wait_for(self, task_id: str, status: str, reason: str = "") -> None:
        """Wait until a task has a status and a reason; it must not end in another way."""

        def has_both() -> bool:
            task = json.loads(self._ask("GET", f"/tasks/{task_id}"))
            assert task["status"] in {"open", "processing", status}, self.log(task_id)
            return bool((task["status"], task.get("reason", "")) == (status, reason))

        wait_until(has_both, f"a task that is {status} {reason}")

    def deliver(self, delivery: str, event: str, **payload: Json) -> str:
        """Let GitHub tell of an event; what became of it."""
        body = json.dumps(payload).encode()
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={hmac.new(_SIGNED_WITH.encode(), body, hashlib.sha256).hexdigest()}",
        }
        return str(json.loads(self._ask("POST", "/webhooks/github", payload, headers))["outcome"])

    def answer(self, question: str) -> str:
        """What the service says to `GET PATH` (below our API), or what a command, `scenedock …`, prints."""
        asked, _, of = question.partition(" ")
        return self._ask("GET", of) if asked == "GET" else self.run(*of.split())

    def _ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> str:
        answer = urllib3.request(
            method,
            f"http://127.0.0.1:{self._port}{BASE_PATH}{path}",
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json", **bearer(RUN), **(headers or {})},
            timeout=SECONDS_TO_WAIT,
            retries=False,
        )
        assert answer.status < 300, answer.data
        return answer.data.decode()

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.acme.folder),
            "TZ": "UTC",
            "SCENEDOCK_DATA": str(self.data),
            "SCENEDOCK_DATABASE_URL": self.database,
            "SCENEDOCK_LISTEN": f"127.0.0.1:{self._port}",
            "SCENEDOCK_REPOSITORIES": str(self.acme.folder / "apps"),
            "SCENEDOCK_CODE_HOSTS": str(self.acme.hosts),
            "SCENEDOCK_TOKENS_FILE": str(self.acme.folder / "tokens.yaml"),
            "SCENEDOCK_TASK_THREADS": "2",
        }


@contextmanager
def installed(folder: Path, data: Path, database: str = "") -> Iterator[Installation]:
    """An installation, and its company's GitHub with three pull requests; nothing runs yet, or any more at the end."""
    folder.mkdir()
    (folder / "apps").mkdir(exist_ok=True)
    (folder / "tokens.yaml").write_text(TOKENS)
    (folder / "webhook-secret").write_text(_SIGNED_WITH)
    with acme_with(folder, "token_file: token\n    webhook_secret_file: webhook-secret") as acme:
        for number in (WAITED_FOR, REFUSED, UNREACHABLE):
            files = [{"path": f"{number}.md", "content": ""}]
            acme.run("propose-change", {"repoUrl": APPS, "title": f"No. {number}", "files": files})
        installation = Installation(acme, data, database)
        try:
            yield installation
        finally:
            installation.kill()
