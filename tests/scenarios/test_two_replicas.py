"""Two replicas of the installed command are one service for people: whatever began at one goes on at the other."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scenedock.model.action import BASE_PATH
from tests.publishing.deploying import Deploying, deploying_in
from tests.scenarios.repositories import COMMAND, ENVIRONMENT
from tests.tools.postgres import running_postgres
from tests.tools.server import Server, free_port, wait_until
from tests.tools.service import ADMIN, RUN, TOKENS, bearer

RULES = """rules:
- allow: ['*']
  plugins: [pages]
approvals:
- actions: [promote-deployment]
  environments: [production]
  users: [user:default/max]
"""
PEOPLE = 20
PROMOTE = "/actions/promote-deployment"
PROMOTION = {"services": "billing", "fromEnvironment": "qa", "toEnvironment": "production"}
WAIT = {"id": "it", "action": "scenedock:await-pull-request", "input": {"pullRequestUrl": ""}}
SKELETON = "/skeletons/library-chart"

pytestmark = pytest.mark.extended


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's form."""
        return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', self.text))

    @property
    def task_id(self) -> str:
        """The task to whose page a form leads."""
        assert self.status == 303, self.text
        return self.headers["Location"].split("/")[2]


@dataclass
class Replicas:
    """Two replicas at two addresses."""

    acme: Deploying
    urls: list[str]
    _http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=40, retries=False))

    def ask(self, at: int, path: str, who: Mapping[str, str], **form: str) -> Answer:
        """Read a page, or send a form, at one of both."""
        given: dict[str, Any] = {"fields": form, "encode_multipart": False} if form else {}
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **who}
        url = f"{self.urls[at % 2]}{path}"
        answer = self._http.request(
            "POST" if form else "GET", url, headers=headers, redirect=False, timeout=120, **given
        )
        return Answer(answer.status, unescape(answer.data.decode()), answer.headers)

    def call(self, at: int, path: str, body: object = None) -> Any:
        """Call the API as an administrator."""
        answer = self._http.request(
            "GET" if body is None else "POST",
            f"{self.urls[at]}{BASE_PATH}{path}",
            headers={**bearer(ADMIN), "Content-Type": "application/json"},
            body=None if body is None else json.dumps(body),
            timeout=120,
        )
        assert answer.status < 300, answer.data
        return json.loads(answer.data)

    def wait_for(self, at: int, task_id: str, status: str, reason: str = "") -> None:
        """Wait until one of both says that a task has a status and a reason."""

        def has_both() -> bool:
            task = self.call(at, f"/tasks/{task_id}")
            assert task["status"] in {"open", "processing", status}, task
            return bool(task["status"] == status and reason in task.get("reason", ""))

        wait_until(has_both, f"a task that is {status} {reason}")


def person(name: str) -> dict[str, str]:
    """Somebody whom the proxy has signed in."""
    return {"X-Forwarded-User": name}


def keys() -> dict[str, str]:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"SCENEDOCK_SEAL_KEY": urlsafe_b64encode(bytes(32)).decode(), "SCENEDOCK_SIGNING_KEY": pem.decode()}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def replicas(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    folder = tmp_path_factory.mktemp("replicas")
    (folder / "rules.yaml").write_text(RULES)
    (folder / "tokens.yaml").write_text(TOKENS)
    with ExitStack() as stack:
        acme = stack.enter_context(deploying_in(folder / "acme"))
        shared: dict[str, str] = {"SCENEDOCK_DATA": str(folder / "data")}
        if request.param == "postgresql":
            database = stack.enter_context(running_postgres()).make_database("tasks")
            shared = {"SCENEDOCK_DATABASE_URL": database, **keys()}
        urls = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
        servers = []
        for number, url in enumerate(urls):
            environment = {
                **ENVIRONMENT,
                "HOME": str(folder),
                "SCENEDOCK_DATA": str(folder / f"data-{number}"),
                "SCENEDOCK_LISTEN": url.removeprefix("http://"),
                "SCENEDOCK_REPOSITORIES": str(acme.clone),
                "SCENEDOCK_CODE_HOSTS": str(acme.hosts),
                "SCENEDOCK_RULES": str(folder / "rules.yaml"),
                "SCENEDOCK_TOKENS_FILE": str(folder / "tokens.yaml"),
                "SCENEDOCK_TRUSTED_PROXY": "127.0.0.1",
                "SCENEDOCK_PUBLIC_FEED": "true",
                **shared,
            }
            servers.append(
                Server([str(COMMAND), "serve"], environment, folder, f"{url}/readyz", folder / f"{number}.log")
            )
        if request.param == "postgresql":
            subprocess.run([COMMAND, "migrate"], env=dict(servers[0].environment), check=True, capture_output=True)
        for server in servers:
            stack.callback(server.kill)
        with ThreadPoolExecutor(2) as pool:  # at once, on a folder or database without anything
            list(pool.map(Server.start, servers))
        yield Replicas(acme, urls)


def test_both_serve_the_same_catalog_and_the_same_key(replicas: Replicas) -> None:
    for path in ("/catalog/catalog-info.yaml", "/.backstage/auth/v1/jwks.json"):
        one, other = (replicas.ask(at, f"{BASE_PATH}{path}", {}) for at in range(2))

        assert (one.status, one.text, one.headers.get("ETag")) == (200, other.text, other.headers.get("ETag"))


def test_a_sign_in_that_began_at_one_ends_at_the_other_and_is_valid_at_both(replicas: Replicas) -> None:
    def cookies(answer: Answer) -> dict[str, str]:
        return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}

    form = replicas.ask(0, "/sign-in", {})
    me = cookies(replicas.ask(1, "/sign-in", cookies(form), **form.hidden, token=RUN))
    page = replicas.ask(0, "/sign-out", me)
    assert "runner" in page.text

    assert replicas.ask(1, "/sign-out", me, **page.hidden).status == 303
    assert "runner" not in replicas.ask(0, "/sign-out", me).text


def test_a_promotion_is_asked_for_at_one_approved_at_the_other_and_made_once(replicas: Replicas) -> None:
    jane, max_ = person("jane"), person("max")
    form = replicas.ask(0, PROMOTE, jane)
    sent = [replicas.ask(at, PROMOTE, jane, **form.hidden, **PROMOTION).task_id for at in (1, 0)]
    assert sent[0] == sent[1]
    replicas.wait_for(0, sent[0], "processing", "approval")

    listed = [re.findall(r"/approvals/([0-9a-f-]{36})", replicas.ask(at, "/approvals", max_).text) for at in range(2)]
    assert listed[0] == listed[1] != []
    page = f"/approvals/{listed[0][0]}"
    assert replicas.ask(1, page, person("eve")).status == 404
    asked = replicas.ask(0, page, max_)
    assert replicas.ask(1, page, max_, **asked.hidden, decision="approve", comment="go").status == 303
    assert replicas.ask(0, page, max_, **asked.hidden, decision="refuse", comment="no").status == 409

    replicas.wait_for(0, sent[0], "completed")
    assert len(replicas.acme.repository("gitops").pulls) == 1


def test_a_task_is_followed_cancelled_and_retried_at_either(replicas: Replicas) -> None:
    replicas.acme.run(
        "propose-change",
        {"repoUrl": "https://github.com/acme/apps", "title": "Wait", "files": [{"path": "1.md", "content": ""}]},
    )
    (number,) = replicas.acme.pulls()
    step = {**WAIT, "input": {"pullRequestUrl": f"https://github.com/acme/apps/pull/{number}"}}
    task_id = replicas.call(0, "/tasks", {"spec": {"steps": [step]}})["id"]
    followed: list[str] = []

    def follow() -> None:
        url = f"{replicas.urls[1]}{BASE_PATH}/tasks/{task_id}/eventstream"
        stream = urllib3.request("GET", url, headers=bearer(ADMIN), preload_content=False, timeout=120)
        followed.extend(chunk.decode() for chunk in stream.stream(1_000))

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    for _ in range(2):
        replicas.wait_for(0, task_id, "processing", "pull-request")
        replicas.call(1, f"/tasks/{task_id}/cancel", {})
        replicas.wait_for(0, task_id, "cancelled")
        thread.join(60)
        assert "completion" in "".join(followed)
        replicas.call(0, f"/tasks/{task_id}/retry", {})
    replicas.call(1, f"/tasks/{task_id}/cancel", {})


def test_twenty_people_at_once_see_their_own_and_lose_nothing(replicas: Replicas) -> None:
    def visit(number: int) -> list[str]:
        me, done = person(f"user-{number}"), []
        for turn in range(3):
            for path in ("/", "/board", "/services/billing", "/tasks", "/approvals", "/findings", "/actions"):
                answer = replicas.ask(number + turn, path, me)
                assert answer.status == 200, answer.text
            form = replicas.ask(number + turn, SKELETON, me)
            answers = {"name": f"chart-{number}-{turn}", "owner": "group:default/platform", "version": "1.0.0"}
            done.append(replicas.ask(number + turn + 1, SKELETON, me, **form.hidden, **answers).task_id)
            assert replicas.ask(number + turn, f"/tasks/{done[-1]}", me).status == 200
            assert replicas.ask(number + turn, f"/tasks/{done[-1]}", person("eve")).status == 404
        return done

    with ThreadPoolExecutor(PEOPLE) as pool:
        tasks = [task_id for done in pool.map(visit, range(PEOPLE)) for task_id in done]

    assert len(set(tasks)) == PEOPLE * 3
    for number, task_id in enumerate(tasks):
        replicas.wait_for(number % 2, task_id, "completed")
