"""Webhooks of GitLab: only who has the token, or has signed, counts; once, and only for that host's projects."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scenedock.doors.http.app import make_app
from scenedock.effects.git.clones import RepositoryClone, fetch
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from tests.doors.http.test_webhooks import is_woken, outcome, waiting_task, wanted
from tests.tools.git_server import GitServer, git_server
from tests.tools.service import RUN, bearer, service_in

PATH = f"{BASE_PATH}/webhooks/gitlab"
TOKEN, OTHER_TOKEN = "webhook-kanarie-0123456789", "of-another-host-0123456789"
KEY = b"0123456789abcdef0123456789abcdef"
SIGNING_TOKEN = f"whsec_{base64.b64encode(KEY).decode()}"
ID = "a5461c4d-9c7f-4af9-add6-cddebe3c426f"
SIGNED = "signed.acme.example"
WAITING = "pull-request:{host}/platform/charts/apps#12"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as running:
        running.commit("platform/charts/apps", {"a.yaml": "a: 1\n"})
        yield running


@pytest.fixture
def service(tmp_path: Path, server: GitServer) -> Iterator[Service]:
    secrets = {"token": "glpat-0123456789", "hook": f"{TOKEN}\n", "other": OTHER_TOKEN, "signing": SIGNING_TOKEN}
    for name, secret in secrets.items():
        (tmp_path / name).write_text(secret)
    (tmp_path / "hosts.yaml").write_text(
        f"""hosts:
  - host: "{host_of(server)}"
    type: gitlab
    api: {server.address}/api/v4
    owners: [platform]
    token_file: token
    webhook_secret_file: hook
  - {{host: gitlab.com, type: gitlab, owners: [platform], token_file: token, webhook_secret_file: other}}
  - {{host: {SIGNED}, type: gitlab, owners: [platform], token_file: token, webhook_secret_file: signing}}
  - {{host: github.com, type: github, owners: [platform], token_file: token, webhook_secret_file: hook}}
"""
    )
    opened = service_in(
        tmp_path / "data",
        repositories=(f"{server.address}/platform/charts/apps",),
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


def payload(host: str, path: str = "platform/charts/apps", **more: Any) -> dict[str, Any]:
    return {**more, "project": {"web_url": f"https://{host}/{path}", "path_with_namespace": path}}


def ended(host: str, path: str = "platform/charts/apps", state: str = "merged", number: Any = 12) -> dict[str, Any]:
    about = {"iid": number, "state": state, "action": "merge"}
    return payload(host, path, object_kind="merge_request", object_attributes=about)


def deliver(client: FlaskClient, content: object, **headers: str) -> TestResponse:
    """Send a webhook with GitLab's headers; an empty one is left out."""
    given = {
        "Content-Type": "application/json",
        "X-Gitlab-Event": "Merge Request Hook",
        "X-Gitlab-Token": TOKEN,
        "Idempotency-Key": ID,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post(PATH, data=body, headers={name: value for name, value in given.items() if value})


def signed(body: bytes, at: float | None = None, key: bytes = KEY) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(key, f"{ID}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {
        "X_Gitlab_Token": "",
        "webhook_id": ID,
        "webhook_timestamp": timestamp,
        "webhook_signature": f"v1,b3RoZXI= {signature}",
    }


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_the_end_of_a_merge_request_wakes_who_waits_for_it_and_nobody_else(
    client: FlaskClient, service: Service, server: GitServer, state: str
) -> None:
    twelve, thirteen = (
        waiting_task(service, f"pull-request:{host_of(server)}/platform/charts/apps#{number}") for number in (12, 13)
    )

    assert outcome(deliver(client, ended(host_of(server), state=state))) == "handled"
    assert (is_woken(service, twelve), is_woken(service, thirteen)) == (True, False)


def test_a_push_has_the_repository_looked_at_at_once(client: FlaskClient, service: Service, server: GitServer) -> None:
    for number, (path, ref) in enumerate(
        [("platform/charts/apps", "other"), ("platform/apps", "main"), ("Platform/Charts/Apps", "main")]
    ):
        assert wanted(service) == set()
        push = payload(host_of(server), path, object_kind="push", ref=f"refs/heads/{ref}")
        assert outcome(deliver(client, push, Idempotency_Key=f"id-{number}")) == "handled"

    assert wanted(service) == {"apps"}


@pytest.mark.parametrize(
    "content",
    [
        {"object_kind": "merge_request", "object_attributes": {"iid": 12, "state": "opened"}},
        {"object_kind": "merge_request", "object_attributes": {"iid": "12", "state": "merged"}},
        {"object_kind": "merge_request", "object_attributes": None},
        {"object_kind": "note", "object_attributes": {"iid": 12, "state": "merged"}},
        {"object_kind": "tag_push", "ref": "refs/heads/main"},
        {"object_kind": "push", "ref": "refs/tags/main"},
        {"event_name": "project_create"},
    ],
)
def test_what_concerns_nobody_is_taken_and_does_nothing(
    client: FlaskClient, service: Service, server: GitServer, content: dict[str, Any]
) -> None:
    task = waiting_task(service, WAITING.format(host=host_of(server)))

    assert outcome(deliver(client, payload(host_of(server), **content))) == "ignored"
    assert not is_woken(service, task)
    assert wanted(service) == set()


def test_a_delivery_is_handled_once_under_whatever_id(client: FlaskClient, service: Service, server: GitServer) -> None:
    body = ended(host_of(server))
    first = outcome(deliver(client, body))
    task = waiting_task(service, WAITING.format(host=host_of(server)))

    again = outcome(deliver(client, body))
    renamed = outcome(deliver(client, body, Idempotency_Key="another-id"))

    assert [first, again, renamed] == ["handled", "repeated", "repeated"]
    assert not is_woken(service, task)


def test_an_old_gitlab_may_send_several_events_under_one_id(
    client: FlaskClient, service: Service, server: GitServer
) -> None:
    """The push and the merge request of one merge have the same `X-Gitlab-Event-UUID`."""
    host = host_of(server)
    task = waiting_task(service, WAITING.format(host=host))
    push = payload(host, object_kind="push", ref="refs/heads/main")
    old = {"Idempotency_Key": "", "X_Gitlab_Event_UUID": ID}

    outcomes = [outcome(deliver(client, content, **old)) for content in (push, ended(host), push)]

    assert outcomes == ["handled", "handled", "repeated"]
    assert is_woken(service, task)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Gitlab_Token": ""},
        {"X_Gitlab_Token": "a-wrong-token"},
        {"X_Gitlab_Token": TOKEN[:-1]},
        {"X_Gitlab_Token": "", **bearer(RUN)},
        {"X_Gitlab_Token": SIGNING_TOKEN},
        {"X_Gitlab_Instance": "https://gitlab.com"},
        {"X_Gitlab_Instance": "https://["},
    ],
)
def test_who_does_not_have_the_token_is_refused_and_does_nothing(
    client: FlaskClient, service: Service, server: GitServer, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    task = waiting_task(service, WAITING.format(host=host_of(server)))

    answer = deliver(client, ended(host_of(server)), **headers)

    assert (answer.status_code, answer.get_json()["error"]["name"]) == (401, "AuthenticationError")
    assert not is_woken(service, task)
    assert "a caller was refused" in caplog.text
    assert TOKEN not in caplog.text + answer.text
    assert SIGNING_TOKEN not in caplog.text + answer.text
    instance = f"http://{host_of(server)}"
    assert outcome(deliver(client, ended(host_of(server)), X_Gitlab_Instance=instance)) == "handled"


def test_a_signed_delivery_is_handled_once(client: FlaskClient, service: Service) -> None:
    body = json.dumps(ended(SIGNED)).encode()
    task = waiting_task(service, WAITING.format(host=SIGNED))

    outcomes = [outcome(deliver(client, body, **signed(body), Idempotency_Key=key)) for key in ("x", "y")]

    assert outcomes == ["handled", "repeated"]
    assert is_woken(service, task)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": f"v1,{base64.b64encode(bytes(32)).decode()}"},
        {"webhook_id": "another-id"},
        {"webhook_timestamp": "1"},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": ""},
    ],
)
def test_what_the_signature_does_not_fit_is_refused(client: FlaskClient, changed: dict[str, str]) -> None:
    body = json.dumps(ended(SIGNED)).encode()

    assert deliver(client, body, **{**signed(body), **changed}).status_code == 401


@pytest.mark.parametrize("seconds", [-600, 600])
def test_a_signature_of_another_time_is_refused(client: FlaskClient, seconds: int) -> None:
    body = json.dumps(ended(SIGNED)).encode()

    assert deliver(client, body, **signed(body, at=time.time() + seconds)).status_code == 401


def test_a_signed_body_that_was_changed_is_refused(client: FlaskClient) -> None:
    body = json.dumps(ended(SIGNED)).encode()

    assert deliver(client, body.replace(b"12", b"13"), **signed(body)).status_code == 401
    assert deliver(client, body, **signed(body, key=b"x" * 32)).status_code == 401


@pytest.mark.parametrize(
    ("token", "host", "path"),
    [
        (TOKEN, "", "evil/apps"),
        (TOKEN, "", "platform-evil/apps"),
        (TOKEN, "gitlab.com", "platform/charts/apps"),
        (TOKEN, "github.com", "platform/apps"),
        (OTHER_TOKEN, "", "platform/charts/apps"),
    ],
)
def test_the_token_of_one_host_says_nothing_of_another_host_or_of_strangers(
    client: FlaskClient, service: Service, server: GitServer, token: str, host: str, path: str
) -> None:
    host = host or host_of(server)
    task = waiting_task(service, f"pull-request:{host}/{path}#12")

    assert outcome(deliver(client, ended(host, path), X_Gitlab_Token=token)) == "ignored"
    assert not is_woken(service, task)


def test_githubs_route_takes_no_token_of_gitlab_and_the_other_way_round(client: FlaskClient, server: GitServer) -> None:
    body = json.dumps(ended(host_of(server))).encode()
    signature = f"sha256={hmac.new(OTHER_TOKEN.encode(), body, hashlib.sha256).hexdigest()}"
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": ID, "X-Hub-Signature-256": signature}

    answer = client.post(f"{BASE_PATH}/webhooks/github", data=body, headers=headers, content_type="application/json")

    assert answer.status_code == 401
    assert deliver(client, body, X_Gitlab_Token="", X_Hub_Signature_256=signature).status_code == 401


@pytest.mark.parametrize(
    ("content", "headers", "said"),
    [
        (b"[]", {}, "JSON object"),
        (b"{", {}, "not valid JSON"),
        (b"{}", {}, "object_kind"),
        (b'{"object_kind": "A B"}', {}, "object_kind"),
        (b'{"object_kind": "push"}', {"Idempotency_Key": "x" * 101}, "Idempotency-Key"),
        (b'{"object_kind": "push", "project": {"web_url": "https://["}}', {}, "web_url"),
        (
            b'{"object_kind": "push", "project": {"web_url": "https://gitlab.com", "path_with_namespace": "../.."}}',
            {},
            "is not the address of a repository",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_wrong(
    client: FlaskClient, content: bytes, headers: dict[str, str], said: str
) -> None:
    answer = deliver(client, content, **headers)

    assert (answer.status_code, answer.get_json()["error"]["name"]) == (400, "InputError")
    assert said in answer.get_json()["error"]["message"]


def test_a_huge_body_is_not_read(client: FlaskClient) -> None:
    assert deliver(client, b"x" * 100_001).status_code == 413
