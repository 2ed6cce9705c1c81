"""A GitLab tells the service by webhooks, with a secret or signed; who waits goes on, and the catalog is renewed."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3

from scenedock.model.action import BASE_PATH
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.model.tasks.task import Task
from scenedock.runtime.service import Service
from scenedock.runtime.service_wiring import open_service
from scenedock.runtime.settings import Settings
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.tasks.manage_tasks import completion
from scenedock.usecases.tasks.submit_task import submit_task
from tests.fakes.gitlab.model import Project
from tests.fakes.gitlab.server import FakeGitLab, fake_gitlab
from tests.scenarios.test_webhooks import CHART, NEVER, YOU, served, until

SECRETS = {"secret": "webhook-kanarie-0123456789abcdef", "signed": f"whsec_{base64.b64encode(b'k' * 32).decode()}"}


@dataclass(frozen=True, slots=True)
class Company:
    """A GitLab with a private GitOps project, and a service that knows of it by webhooks alone."""

    gitlab: FakeGitLab
    apps: Project
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

    def ask(self, method: str, path: str, given: JsonObject) -> JsonObject:
        url = f"{self.gitlab.url}/api/v4/projects/{self.apps.id}/merge_requests{path}"
        answer = urllib3.request(method, url, json=given, headers={"PRIVATE-TOKEN": self.token}, retries=False)
        assert answer.status < 300, answer.data
        return as_object(answer.json())

    def merge_request(self, branch: str) -> JsonObject:
        self.apps.git.move(f"refs/heads/{branch}", str(self.apps.branch("main")))
        self.apps.git.commit_files(branch, {f"{branch}/Chart.yaml": CHART.format(branch)})
        return self.ask("POST", "", {"source_branch": branch, "target_branch": "main", "title": f"Add {branch}"})

    def has(self, entity: str) -> bool:
        at_hand = self.service.feed.at_hand()
        return at_hand is not None and any(f"name: {entity}\n".encode() in data for data in at_hand.feed.files.values())


@pytest.fixture(scope="module", params=SECRETS)
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder, secret = tmp_path_factory.mktemp("company"), SECRETS[request.param]
    with fake_gitlab(folder / "gitlab") as gitlab:
        gitlab.world.group("acme", owners=("ada",))
        apps = gitlab.world.create_project(gitlab.world.group("acme/platform"), "apps")
        apps.git.commit_files("main", {"billing/Chart.yaml": CHART.format("billing")})
        token = gitlab.world.personal_token("ada", "api")
        service = open_service(settings_in(folder, gitlab, token, secret), build_feed)
        with served(service) as address:
            gitlab.webhooks.add(f"{address}{BASE_PATH}/webhooks/gitlab", secret)
            made = Company(gitlab, apps, service, token)
            until(lambda: made.has("billing"))
            yield made


def settings_in(folder: Path, gitlab: FakeGitLab, token: str, secret: str) -> Settings:
    (folder / "token").write_text(token)
    (folder / "secret").write_text(secret)
    hosts = folder / "hosts.yaml"
    host = gitlab.url.removeprefix("http://")
    files = "token_file: token, webhook_secret_file: secret"
    hosts.write_text(f'hosts: [{{host: "{host}", type: gitlab, api: {gitlab.url}/api/v4, owners: [acme], {files}}}]\n')
    return Settings(
        data=folder / "data",
        repositories=(f"{gitlab.url}/acme/platform/apps",),
        code_hosts=hosts,
        refresh_seconds=NEVER,
    )


def test_a_task_goes_on_when_its_merge_request_is_merged_and_the_catalog_has_what_was_merged(company: Company) -> None:
    made = company.merge_request("ledger")
    task = company.submit(pullRequestUrl=made["web_url"])
    until(lambda: company.waits(task))

    merged = company.ask("PUT", f"/{made['iid']}/merge", {})

    assert company.outcome(task) == ("completed", {"state": "merged", "mergeCommit": merged["merge_commit_sha"]})
    until(lambda: company.has("ledger"))
    answers = {status for each in company.gitlab.webhooks.deliveries for status in each.statuses}
    assert answers - {0} == {202}  # 0: a busy machine took longer than GitLab waits


def test_a_merge_request_that_is_closed_fails_its_task_unless_that_is_allowed(company: Company) -> None:
    made = company.merge_request("mailer")
    strict = company.submit(pullRequestUrl=made["web_url"])
    lenient = company.submit(pullRequestUrl=made["web_url"], allowClosed=True)
    until(lambda: company.waits(strict) and company.waits(lenient))

    company.ask("PUT", f"/{made['iid']}", {"state_event": "close"})

    status, error = company.outcome(strict)
    assert (status, error["name"]) == ("failed", "ConflictError")
    assert company.outcome(lenient) == ("completed", {"state": "closed", "mergeCommit": None})


def test_a_delivery_that_comes_again_wakes_nobody_again(company: Company) -> None:
    made = company.merge_request("search")
    company.ask("PUT", f"/{made['iid']}", {"state_event": "close"})
    (told,) = [each for each in company.gitlab.webhooks.deliveries if b'"action": "close"' in each.body][-1:]
    until(lambda: bool(told.statuses))
    company.ask("PUT", f"/{made['iid']}", {"state_event": "reopen"})
    task = company.submit(pullRequestUrl=made["web_url"])
    until(lambda: company.waits(task))
    before = company.task(task)

    assert told.send() == 202
    assert company.task(task) == before
    assert told.statuses == [202, 202]
