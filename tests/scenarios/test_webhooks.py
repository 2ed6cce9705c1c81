"""A GitHub tells the service by webhooks: who waits for a pull request goes on, and a pushed catalog is renewed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from github.PullRequest import PullRequest
from github.Repository import Repository
from werkzeug.serving import make_server

from scenedock.doors.http.app import make_app
from scenedock.effects.git.clones import RepositoryClone, fetch
from scenedock.model.action import BASE_PATH, Caller
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.model.tasks.task import Task
from scenedock.runtime.service import Service
from scenedock.runtime.service_wiring import open_service
from scenedock.runtime.settings import Settings
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.tasks.manage_tasks import completion
from scenedock.usecases.tasks.submit_task import submit_task
from tests.fakes.github.conftest import connected
from tests.fakes.github.server import FakeGitHub, fake_github

SIGNED_WITH = "webhook-kanarie-0123456789abcdef"
YOU = Caller("tests", "local", "user:default/ada", "admin")
NEVER = 86_400
CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"


@dataclass(frozen=True, slots=True)
class Company:
    """A GitHub with a private GitOps repository, and a service that knows of it by webhooks alone."""

    github: FakeGitHub
    apps: Repository
    service: Service
    token: str

    def submit(self, **given: Json) -> Task:
        step: JsonObject = {"id": "wait", "action": "scenedock:await-pull-request", "input": given}
        tasks = self.service.tasks
        return submit_task(tasks.effects, tasks.actions, YOU, {"steps": [step]})

    def task(self, task: Task) -> Task:
        return self.service.tasks.effects.store.get(task.id)

    def waits(self, task: Task) -> bool:
        found = self.task(task)
        return bool(found.wait_for) and found.lease_owner is None and (found.wake_at or 0) > time.time() * 1000 + 60_000

    def outcome(self, task: Task) -> tuple[str, JsonObject]:
        until(lambda: self.task(task).finished)
        found = self.task(task)
        if found.status == "completed":
            return found.status, as_object(found.step_state("wait")["output"])
        return found.status, as_object(completion(self.service.tasks.effects, found)["error"])

    def pull_request(self, branch: str) -> PullRequest:
        self.apps.create_git_ref(f"refs/heads/{branch}", self.apps.get_branch("main").commit.sha)
        self.apps.create_file(f"{branch}/Chart.yaml", "Add it", CHART.format(branch), branch=branch)
        return self.apps.create_pull(base="main", head=branch, title=f"Add {branch}", body="")

    def has(self, entity: str) -> bool:
        served = self.service.feed.at_hand()
        return served is not None and any(f"name: {entity}\n".encode() in data for data in served.feed.files.values())


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


@contextmanager
def served(service: Service) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, make_app(service), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    service.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        service.stop()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    with fake_github(folder / "github") as github:
        github.world.organization("acme", admins=("ada",))
        token = github.world.personal_token("ada", "repo")
        with connected(github.url, token) as ada:
            apps = ada.get_organization("acme").create_repo("apps", private=True, auto_init=True)
            apps.create_file("billing/Chart.yaml", "Begin", CHART.format("billing"))
            service = open_service(settings_in(folder, github, token), build_feed)
            with served(service) as address:
                github.webhooks.add(f"{address}{BASE_PATH}/webhooks/github", SIGNED_WITH)
                made = Company(github, apps, service, token)
                until(lambda: made.has("billing"))
                yield made


def settings_in(folder: Path, github: FakeGitHub, token: str) -> Settings:
    (folder / "token").write_text(token)
    (folder / "secret").write_text(SIGNED_WITH)
    hosts = folder / "hosts.yaml"
    host = github.url.removeprefix("http://")
    secrets = "token_file: token, webhook_secret_file: secret"
    hosts.write_text(f'hosts: [{{host: "{host}", type: github, api: {github.url}, owners: [acme], {secrets}}}]\n')
    return Settings(
        data=folder / "data", repositories=(f"{github.url}/acme/apps",), code_hosts=hosts, refresh_seconds=NEVER
    )


def test_a_task_goes_on_when_its_pull_request_is_merged_and_the_catalog_has_what_was_merged(company: Company) -> None:
    pull = company.pull_request("ledger")
    task = company.submit(pullRequestUrl=pull.html_url)
    until(lambda: company.waits(task))

    merged = pull.merge()

    assert company.outcome(task) == ("completed", {"state": "merged", "mergeCommit": merged.sha})
    until(lambda: company.has("ledger"))
    assert {status for each in company.github.webhooks.deliveries for status in each.statuses} == {202}


def test_a_pull_request_that_is_merged_already_is_not_waited_for_and_needs_no_webhook(company: Company) -> None:
    pull = company.pull_request("search")
    merged = pull.merge()

    status, output = company.outcome(company.submit(pullRequestUrl=pull.html_url))

    assert (status, output["mergeCommit"]) == ("completed", merged.sha)


def test_a_pull_request_that_is_closed_fails_its_task_unless_that_is_allowed(company: Company) -> None:
    pull = company.pull_request("mailer")
    strict = company.submit(pullRequestUrl=pull.html_url)
    lenient = company.submit(pullRequestUrl=pull.html_url, allowClosed=True)
    until(lambda: company.waits(strict) and company.waits(lenient))

    pull.edit(state="closed")

    status, error = company.outcome(strict)
    assert (status, error["name"]) == ("failed", "ConflictError")
    assert "was closed without being merged" in str(error["message"])
    assert company.outcome(lenient) == ("completed", {"state": "closed", "mergeCommit": None})


def test_entities_point_to_the_address_that_their_repository_was_fetched_from(company: Company) -> None:
    served = company.service.feed.current().feed.files.values()

    assert any(f"url:{company.github.url}/acme/apps/tree/main/billing/".encode() in data for data in served)


def test_a_delivery_that_comes_again_is_not_handled_again(company: Company, caplog: pytest.LogCaptureFixture) -> None:
    deliveries = company.github.webhooks.deliveries
    before = len(deliveries)
    company.apps.create_file("README2.md", "Say more", "more")
    until(lambda: bool(deliveries[before:] and deliveries[before].statuses))
    caplog.set_level(logging.INFO, logger="scenedock.audit")

    assert deliveries[before].send() == 202
    told = [record.facts["outcome"] for record in caplog.records if record.name == "scenedock.audit"]  # type: ignore[attr-defined]
    assert told[-1] == "repeated"


@pytest.mark.parametrize(
    ("url", "name", "said"),
    [
        ("https://github.com/acme/apps/pull/1", "NotAllowedError", "github.com is not one of the allowed code hosts"),
        ("{host}/evil/apps/pull/1", "NotAllowedError", "only repositories of acme"),
        ("{host}/acme/apps/pull/999", "NotFoundError", ""),
        ("{host}/acme/apps/issues/1", "InputError", "must be https://HOST/OWNER/NAME/pull/NUMBER"),
        ("{host}/acme/../pull/1", "InputError", "is not the address of a repository"),
        ("", "InputError", "must be https://"),
    ],
)
def test_what_can_not_be_waited_for_is_refused(company: Company, url: str, name: str, said: str) -> None:
    status, error = company.outcome(company.submit(pullRequestUrl=url.format(host=company.github.url)))

    assert (status, error["name"]) == ("failed", name)
    assert said in str(error["message"])


def test_neither_token_nor_secret_is_in_what_the_service_keeps(company: Company) -> None:
    kept = [path for path in company.service.settings.data.rglob("*") if path.is_file()]

    found = [path for path in kept for canary in (company.token, SIGNED_WITH) if canary.encode() in path.read_bytes()]

    assert kept
    assert found == []


def test_an_installation_of_a_github_app_reads_the_repository(company: Company, tmp_path: Path) -> None:
    world = company.github.world
    app = world.app("scenedock", "acme", {"contents": "read"})
    world.install(app, "acme")
    settings = settings_in(tmp_path, company.github, company.token)
    (tmp_path / "app.pem").write_text(app.private_key)
    text = (tmp_path / "hosts.yaml").read_text()
    credential = f'app: {{id: "{app.id}", private_key_file: app.pem}}'
    (tmp_path / "hosts.yaml").write_text(text.replace("token_file: token", credential))
    service = open_service(settings, build_feed)
    (clone,) = service.effects.repositories.values()
    assert isinstance(clone, RepositoryClone)

    fetch(clone, service.effects.code_hosts.git_login(clone.remote.repository))

    service.stop()
    assert clone.signature() == company.apps.get_branch("main").commit.sha
