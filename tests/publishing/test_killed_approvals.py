"""A process is killed while it asks for an approval, and again when it has one: both happen once all the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.tasks.approval_store import ApprovalStore
from scenedock.model.action import COMMAND_LINE
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import task_settings
from scenedock.usecases.approvals.decide_approval import Decider, decide_approval
from tests.fakes.shared.faults import calling
from tests.publishing.changing import SECONDS, run
from tests.publishing.deploying import Deploying, deploying_in
from tests.publishing.test_killed import _forking
from tests.publishing.test_killed_changes import end

RULES = "rules: []\napprovals:\n- {actions: [set-version], environments: [dev], groups: [platform], hours: 24}\n"
SECRET = "c2VjcmV0IG9mIGEgdGVzdA"  # noqa: S105 - of this test


@dataclass
class Receiver:
    """A receiver of webhooks, which does something before it answers."""

    url: str = ""
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((dict(self.headers), body))
            receiver.before()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def begin(acme: Deploying, receiver: Receiver) -> ForkServerProcess:
    more = {
        "rules": acme.folder / "rules.yaml",
        "approvals_webhook": receiver.url,
        "approvals_webhook_secret": SECRET,
    }
    process = _forking.Process(target=run, args=(acme.folder / "killed", acme.hosts, acme.clone, "2.0.0"), kwargs=more)
    process.start()
    return process


def asked_in(folder: Path, number: int = 1) -> tuple[ApprovalStore, str]:
    """The store, and the only approval in it, when it has been told of this often."""
    store = ApprovalStore(open_database(task_settings(Settings(data=folder))), lambda: time.time_ns() // 1_000_000)
    until = time.monotonic() + SECONDS
    while not (found := store.find()) or found[0].told < number:
        assert time.monotonic() < until
        time.sleep(0.05)
    (record,) = found
    return store, record.id


@pytest.mark.extended
def test_it_is_asked_once_and_published_once_however_often_the_process_is_killed(tmp_path: Path) -> None:
    with deploying_in(tmp_path / "acme") as acme, receiving() as receiver:
        (acme.folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        (acme.folder / "killed").mkdir()
        processes: list[ForkServerProcess] = []
        receiver.before = lambda: processes[0].kill()  # noqa: PLW0108 - it begins later
        processes.append(begin(acme, receiver))
        assert end(processes[0]) == -signal.SIGKILL  # it is stored, and nobody knows whether anybody was told

        receiver.before = lambda: None
        processes.append(begin(acme, receiver))
        store, approval_id = asked_in(acme.folder / "killed")
        acme.github.faults.add("POST .*/pulls$", after=calling(processes[1].kill))
        decide_approval(store, Decider(COMMAND_LINE, set), approval_id, "approve", "go")
        assert end(processes[1]) == -signal.SIGKILL
        assert end(begin(acme, receiver)) == 0

        outcome = json.loads((acme.folder / "killed" / "outcome").read_bytes())
        assert outcome["status"] == "completed", outcome
        (pull,) = acme.repository("gitops").pulls.values()
        assert "Approved by command-line: go" in (pull.body or "").replace("\u2060", "")
        assert [each.id for each in store.find()] == [approval_id]
        (first, body), (second, _) = receiver.received
        assert first["webhook-id"] == second["webhook-id"] == f"{approval_id}.1"
        signed = f"{first['webhook-id']}.{first['webhook-timestamp']}.".encode() + body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        assert first["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert json.loads(body)["data"]["what"] == "Set billing in dev to 2.0.0"
