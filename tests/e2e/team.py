"""A team that works by Backstage's forms alone, and what its reviewers, its operator and its pipelines do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3

from tests.e2e.company import Company
from tests.fakes.github.model import Pull
from tests.tools.frontend import TaskRun
from tests.tools.server import SECONDS_TO_WAIT, wait_until

FLEET = "fleet"


@dataclass(frozen=True, slots=True)
class Team:
    """People who have forms, reviewers who merge, and an operator who approves."""

    company: Company

    def fill_in(self, template: str, answers: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> TaskRun:
        """Send a form, and wait until its task has ended."""
        form = self.company.frontend.fill_in(template, answers)
        return self.company.frontend.run(template, form, secrets)

    def send(self, template: str, **answers: Any) -> TaskRun:
        """Send a form whose task does what it should."""
        run = self.fill_in(template, answers)
        assert run.status == "completed", run.text
        return run

    def pull(self, title: str) -> Pull:
        """The open pull request of a title."""
        pulls = self.company.github.hosted(FLEET).pulls.values()
        (found,) = (each for each in pulls if each.title == title and each.state == "open")
        return found

    def merge(self, title: str) -> str:
        """What a reviewer does who likes it; its text."""
        pull = self.pull(title)
        self.company.github.merge(FLEET, pull.number)
        return pull.body or ""

    def propose(self, service: str, version: str, token: str) -> str:
        """What the pipeline of a service says that proposes a release, as it stands in its repository."""
        files = self.company.github.hosted(service).files()
        script = self.company.folder / f"propose-{service}.py"
        script.write_bytes(files["ci/propose.py"][1])
        given = {"SCENEDOCK_URL": self.company.api.partition("/api/")[0], "SCENEDOCK_TOKEN": token}
        command = [sys.executable, str(script), version]
        environment = {"PATH": os.environ["PATH"], **given}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What Scenedock's own API answers to its operator."""
        return json.loads(self._answer(method, f"{self.company.api}/{path}", "application/json", body))

    def _answer(self, method: str, address: str, accepted: str, body: Mapping[str, Any] | None = None) -> str:
        headers = {"Authorization": f"Bearer {self.company.operator}", "Accept": accepted}
        answer = urllib3.request(method, address, json=body, headers=headers, retries=False, timeout=SECONDS_TO_WAIT)
        assert answer.status == 200, answer.data
        return answer.data.decode()

    def versions(self, service: str) -> list[str]:
        """What runs in the environments of a service, as the board has it."""
        page = self._answer("GET", f"{self.company.api.partition('/api/')[0]}/board?q={service}", "text/html")
        return re.findall(r">(\d+\.\d+\.\d+)</a>", page)

    def environments(self, service: str) -> str:
        """Where a service runs, as the catalog says; nothing if it isn't there."""
        found = self.company.frontend.entities(f"kind=component,metadata.name={service}")
        return ",".join(each["metadata"]["annotations"].get("scenedock.dev/environments", "") for each in found)

    def runs(self, service: str, **versions: str) -> None:
        """Wait until catalog and board have a service in these environments with these versions."""
        names = ",".join(sorted(versions))
        wait_until(lambda: self.environments(service) == names, f"{service} in {names} in the catalog")
        wait_until(lambda: self.versions(service) == [*versions.values()], f"{service} with {versions} on the board")

    def approval(self, running: Future[TaskRun]) -> dict[str, Any]:
        """What a task asks for, as soon as it does."""
        wait_until(lambda: running.done() or bool(self.ask("GET", "approvals")["approvals"]), "an approval")
        assert not running.done(), running.result().text
        (asked,) = self.ask("GET", "approvals")["approvals"]
        return dict(asked)

    def proposed(self, running: Future[TaskRun], title: str) -> Pull:
        """The pull request that a task opens, on whose merge it waits."""
        pulls = self.company.github.hosted(FLEET).pulls
        wait_until(lambda: running.done() or title in {each.title for each in pulls.values()}, title)
        assert not running.done(), running.result().text
        return self.pull(title)


@contextmanager
def served_with(company: Company, settings: Mapping[str, str]) -> Iterator[None]:
    """Restart Scenedock with other settings, and afterwards with its own."""
    own = company.service.environment
    company.service.stop()
    company.service.environment = {**own, **settings}
    company.service.start()
    try:
        yield
    finally:
        company.service.stop()
        company.service.environment = own
        company.service.start()
