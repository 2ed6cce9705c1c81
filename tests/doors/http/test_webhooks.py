"""Webhooks: only what a code host has signed counts, once, and only for what is that host's and ours."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scenedock.doors.http.app import make_app
from scenedock.effects.git.clones import RepositoryClone, fetch
from scenedock.model.action import BASE_PATH
from scenedock.model.tasks.changes import rested, started
from scenedock.model.tasks.task import Task, fingerprint
from scenedock.runtime.service import Service
from tests.tools.git_server import GitServer, git_server
from tests.tools.service import RUN, bearer, service_in

PATH = f"{BASE_PATH}/webhooks/github"
SECRET, OTHER_SECRET = "webhook-kanarie-0123456789", "of-another-host-0123456789"
ID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as running:
        running.commit("acme/apps", {"a.yaml": "a: 1\n"})
        yield running


@pytest.fixture
def service(tmp_path: Path, server: GitServer) -> Iterator[Service]:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "other").write_text(OTHER_SECRET)
    (tmp_path / "token").write_text("ghp_0123456789")
    (tmp_path / "hosts.yaml").write_text(
        f"""hosts:
  - host: "{host_of(server)}"
    type: github
    api: {server.address}/api/v3
    owners: [acme]
    token_file: token
    webhook_secret_file: secret
  - {{host: github.com, type: github, owners: [acme], token_file: token, webhook_secret_file: other}}
"""
    )
    opened = service_in(
        tmp_path / "data",
        repositories=(f"{server.address}/acme/apps",),
        code_hosts=tmp_path / "hosts.yaml",
        max_body_bytes=100_000,
    )
    (clone,) = opened.effects.repositories.values()
    assert isinstance(clone, RepositoryClone)
    fetch(clone, None)
    yield opened
    opened.stop()


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return make_app(service).test_client()


def host_of(server: GitServer) -> str:
    return server.address.removeprefix("http://")


def payload(host: str, path: str = "acme/apps", **more: Any) -> dict[str, Any]:
    return {**more, "repository": {"html_url": f"https://{host}/{path}", "full_name": path}}


def closed(host: str, path: str = "acme/apps", number: int = 12) -> dict[str, Any]:
    return payload(host, path, action="closed", pull_request={"number": number, "merged": True})


def signature(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def deliver(
    client: FlaskClient, event: str, content: object, *, secret: str = SECRET, delivery: str = ID, **headers: str
) -> TestResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": signature(body, secret),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return client.post(PATH, data=body, headers={name: value for name, value in given.items() if value})


def outcome(answer: TestResponse) -> str:
    assert answer.status_code == 202, answer.data
    said: dict[str, str] = answer.get_json()
    return said["outcome"]


def waiting_task(service: Service, key: str) -> str:
    """A task that rests until the key happens."""
    store = service.tasks.effects.store
    task = store.add(Task(key, {"steps": []}, "open", 1), None)
    store.change(task.id, lambda task: started(task, 1, "me", 1))
    store.change(task.id, lambda task: rested(task, 2, wake_at=10**15, wait_for=fingerprint(key), reason=""))
    return task.id


def is_woken(service: Service, task_id: str) -> bool:
    return (service.tasks.effects.store.get(task_id).wake_at or 0) < 10**15


def wanted(service: Service) -> set[str] | None:
    """The repositories that are to be looked at at once."""
    return service.feed._asked


def test_a_closed_pull_request_wakes_who_waits_for_it_and_nobody_else(
    client: FlaskClient, service: Service, server: GitServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    host = host_of(server)
    twelve, thirteen = (waiting_task(service, f"pull-request:{host}/acme/apps#{number}") for number in (12, 13))

    assert outcome(deliver(client, "pull_request", closed(host))) == "handled"

    assert (is_woken(service, twelve), is_woken(service, thirteen)) == (True, False)
    (line,) = [record for record in caplog.records if record.name == "scenedock.audit"]
    facts = line.facts  # type: ignore[attr-defined]
    assert (facts["caller"], facts["event"], facts["repository"]) == (
        f"webhook:{host}",
        "pull_request",
        f"{host}/acme/apps",
    )
    assert (facts["delivery"], facts["outcome"], facts["woken"]) == (ID, "handled", 1)


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("pull_request", {"action": "opened", "pull_request": {"number": 12}}),
        ("pull_request", {"action": "closed", "pull_request": {"number": "12"}}),
        ("pull_request", {"action": "closed", "pull_request": None}),
        ("issues", {"action": "closed", "pull_request": {"number": 12}}),
        ("push", {"ref": "refs/tags/main"}),
        ("push", {"ref": 1}),
    ],
)
def test_what_concerns_nobody_is_taken_and_does_nothing(
    client: FlaskClient, service: Service, server: GitServer, event: str, more: dict[str, Any]
) -> None:
    task = waiting_task(service, f"pull-request:{host_of(server)}/acme/apps#12")

    assert outcome(deliver(client, event, payload(host_of(server), **more))) == "ignored"
    assert not is_woken(service, task)
    assert wanted(service) == set()


def test_a_push_has_the_repository_looked_at_at_once(client: FlaskClient, service: Service, server: GitServer) -> None:
    for number, (path, branch) in enumerate([("acme/apps", "other"), ("acme/other", "main"), ("ACME/Apps", "main")]):
        assert (wanted(service), service.feed._wanted.is_set()) == (set(), False)
        push = payload(host_of(server), path, ref=f"refs/heads/{branch}")
        assert outcome(deliver(client, "push", push, delivery=f"id-{number}")) == "handled"

    assert wanted(service) == {"apps"}


def test_a_ping_is_answered(client: FlaskClient) -> None:
    assert outcome(deliver(client, "ping", {"zen": "Keep it logically awesome.", "hook_id": 1})) == "handled"


def test_a_delivery_is_handled_once_even_by_another_replica_and_under_another_id(
    client: FlaskClient, service: Service, server: GitServer
) -> None:
    body = closed(host_of(server))
    first = outcome(deliver(client, "pull_request", body))
    task = waiting_task(service, f"pull-request:{host_of(server)}/acme/apps#12")
    replica = service_in(service.settings.data, code_hosts=service.settings.code_hosts)

    again = outcome(deliver(client, "pull_request", body))
    renamed = outcome(deliver(client, "pull_request", body, delivery="another-id"))
    elsewhere = outcome(deliver(make_app(replica).test_client(), "pull_request", body))
    replica.stop()

    assert [first, again, renamed, elsewhere] == ["handled", "repeated", "repeated", "repeated"]
    assert not is_woken(service, task)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Hub_Signature_256": ""},
        {"X_Hub_Signature_256": "sha256="},
        {"X_Hub_Signature_256": f"sha256={'0' * 64}"},
        {"X_Hub_Signature_256": f"sha1={'0' * 40}"},
        {"X_Hub_Signature_256": "", "X_Hub_Signature": f"sha1={'0' * 40}"},
        {"X_Hub_Signature_256": "", **bearer(RUN)},
        {"secret": "a-wrong-secret"},
        {"secret": ""},
    ],
)
def test_what_is_not_signed_is_refused_and_does_nothing(
    client: FlaskClient,
    service: Service,
    server: GitServer,
    headers: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    task = waiting_task(service, f"pull-request:{host_of(server)}/acme/apps#12")

    answer = deliver(client, "pull_request", closed(host_of(server)), **headers)

    assert (answer.status_code, answer.get_json()["error"]["name"]) == (401, "AuthenticationError")
    assert not is_woken(service, task)
    assert "a caller was refused" in caplog.text
    assert SECRET not in caplog.text + answer.text
    assert outcome(deliver(client, "pull_request", closed(host_of(server)))) == "handled", "its id is not used up"


def test_a_body_that_was_changed_on_its_way_is_refused(client: FlaskClient, server: GitServer) -> None:
    body = json.dumps(closed(host_of(server))).encode()

    answer = deliver(client, "pull_request", body.replace(b"12", b"13"), X_Hub_Signature_256=signature(body))

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["acme/apps", "acme/other", "evil/apps"])
def test_the_secret_of_one_host_says_nothing_of_another_host_or_of_strangers(
    client: FlaskClient, service: Service, server: GitServer, path: str
) -> None:
    """Who may configure one organisation's webhooks must not move another's tasks."""
    task = waiting_task(service, f"pull-request:{host_of(server)}/{path}#12")
    secret = SECRET if path == "evil/apps" else OTHER_SECRET

    assert outcome(deliver(client, "pull_request", closed(host_of(server), path), secret=secret)) == "ignored"
    assert not is_woken(service, task)


@pytest.mark.parametrize(
    ("content", "headers", "said"),
    [
        (b"payload=%7B%7D", {"Content_Type": "application/x-www-form-urlencoded"}, "application/json"),
        (b"{}", {"Content_Type": ""}, "application/json"),
        (b"[]", {}, "JSON object"),
        (b"{", {}, "not valid JSON"),
        (b"{" * 50_000, {}, "not valid JSON"),
        (b"\xff", {}, "not valid JSON"),
        (b"{}", {"X_GitHub_Event": ""}, "X-GitHub-Event"),
        (b"{}", {"X_GitHub_Event": "A B"}, "X-GitHub-Event"),
        (b"{}", {"X_GitHub_Delivery": ""}, "X-GitHub-Delivery"),
        (b"{}", {"X_GitHub_Delivery": "x" * 101}, "X-GitHub-Delivery"),
        (b'{"repository": {"html_url": "https://[", "full_name": "a/b"}}', {}, "html_url"),
        (
            b'{"repository": {"html_url": "https://github.com", "full_name": "../.."}}',
            {},
            "is not the address of a repository",
        ),
        (b'{"repository": {"html_url": 1, "full_name": 2}}', {}, "is not the address of a repository"),
    ],
)
def test_what_is_signed_and_makes_no_sense_is_refused_with_what_is_wrong(
    client: FlaskClient, content: bytes, headers: dict[str, str], said: str
) -> None:
    answer = deliver(client, "ping", content, **headers)

    assert (answer.status_code, answer.get_json()["error"]["name"]) == (400, "InputError")
    assert said in answer.get_json()["error"]["message"]


def test_a_huge_body_is_not_read(client: FlaskClient) -> None:
    assert deliver(client, "push", b"x" * 100_001).status_code == 413


def test_without_a_list_of_code_hosts_nobody_can_sign(tmp_path: Path) -> None:
    service = service_in(tmp_path)

    answer = deliver(make_app(service).test_client(), "ping", {}, secret="")

    service.stop()
    assert answer.status_code == 401
