"""A company with a GitHub of its own, for which we publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenedock.effects.github.repository import GitHubRepository
from scenedock.errors import TemporaryError
from scenedock.model.code_hosts.code_host import read_repository
from scenedock.runtime.settings import Settings
from scenedock.runtime.wiring import open_effects
from tests.fakes.github.model import Repository
from tests.fakes.github.server import FakeGitHub, fake_github
from tests.publishing.step import Step

APPS = {
    "README.md": "# Deployments\n",
    "billing/values.yaml": "image:\n  repository: acme/billing # ours\n  tag: '1.3.0'\nreplicas: 2\n",
    "billing/qa.yaml": "image: {tag: 1.3.0}\n",
    "billing/run.sh": "#!/bin/sh\n",
    "NOTES.md": "old\n",
}
"""The GitOps repository acme/apps."""

HOST = """hosts:
  - host: github.com
    type: github
    api: {api}
    owners: [acme, ada]
    {credential}
    direct_commits: [acme/apps]
    visibility: [private, internal]
"""


@dataclass
class Acme(Step):
    """The company; `run` is what a step of a task does."""

    github: FakeGitHub = field(kw_only=True)
    folder: Path = field(kw_only=True)

    @property
    def hosts(self) -> Path:
        """The list of code hosts."""
        return self.folder / "hosts.yaml"

    def run_to_the_end(
        self, name: str, given: Mapping[str, Any], *, tries: int = 8, again: bool = False
    ) -> dict[str, Any]:
        """Run an action as the engine does: again after each TemporaryError, without the pauses.

        `again` if it was tried before.

        Raises
        ------
        AssertionError   it takes too many tries
        """
        for number in range(tries):
            try:
                return self.run(name, given, again=again or number > 0)
            except TemporaryError:
                self.forget_pauses()
        raise AssertionError(f"{name} isn't done after {tries} tries")

    def forget_pauses(self) -> None:
        """What GitHub asked us to wait for is over."""
        for _, pace in self.effects.code_hosts._credentials.values():
            pace._held_until = 0.0

    def restart(self) -> None:
        """A new process, which remembers nothing."""
        self.effects = open_effects(Settings(data=self.folder / "data", code_hosts=self.folder / "hosts.yaml"))

    def repository(self, name: str) -> Repository:
        return self.github.world.repository(f"acme/{name}")

    def merge(self, number: int) -> None:
        """A person merges a pull request of acme/apps."""
        with self.effects.code_hosts.open(read_repository("github.com/acme/apps")) as apps:
            assert isinstance(apps, GitHubRepository)
            apps.client.call("PUT", f"{apps.path}/pulls/{number}/merge", {})

    def close(self, number: int) -> None:
        """A person closes a pull request of acme/apps without merging it."""
        with self.effects.code_hosts.open(read_repository("github.com/acme/apps")) as apps:
            assert isinstance(apps, GitHubRepository)
            apps.client.call("PATCH", f"{apps.path}/pulls/{number}", {"state": "closed"})

    def calls(self) -> list[str]:
        """What was asked since the last time, without what an App asks for itself."""
        made = [f"{each.method} {each.path}" for each in self.github.calls if "/app/" not in each.path]
        self.github.calls.clear()
        return [call for call in made if "/installation" not in call]


@contextmanager
def acme_with(folder: Path, credential: str = "token_file: token", token: str = "") -> Iterator[Acme]:
    """The company, with ada's token, or another credential of the host."""
    folder.mkdir(exist_ok=True)
    with fake_github(folder / "github") as github:
        world = github.world
        world.organization("acme", admins=("ada",), members=("bob",))
        world.team("acme", "payments")
        made = world.create_repository("acme", "apps", private=True)
        world.commit("acme/apps", made.default_branch, dict(APPS))
        token = token or world.personal_token("ada", "repo", "workflow", "read:org")
        (folder / "token").write_text(f"{token}\n", encoding="utf-8")
        text = HOST.format(api=github.url, credential=credential)
        (folder / "hosts.yaml").write_text(text, encoding="utf-8")
        effects = open_effects(Settings(data=folder / "data", code_hosts=folder / "hosts.yaml"))
        yield Acme(effects, github=github, folder=folder)
