"""A company with a code host of its own, for which we publish: on GitHub or on GitLab, whatever the test is about."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from scenedock.errors import TemporaryError
from scenedock.runtime.settings import Settings
from tests.fakes.shared.bare import Bare
from tests.fakes.shared.faults import Faults
from tests.fakes.shared.host import FakeHost
from tests.publishing.step import Step
from tests.tools.effects import effects_with

APPS = {
    "README.md": "# Deployments\n",
    "billing/values.yaml": "image:\n  repository: acme/billing # ours\n  tag: '1.3.0'\nreplicas: 2\n",
    "billing/qa.yaml": "image: {tag: 1.3.0}\n",
    "billing/run.sh": "#!/bin/sh\n",
    "NOTES.md": "old\n",
}
"""The GitOps repository, `apps`."""


READS = re.compile(r"GET |POST .*/git-upload-pack$")
"""Requests that change nothing; git reads by POST."""


class Hosted(Protocol):
    """A repository as a fake has it, as far as fakes agree."""

    git: Bare
    default_branch: str
    description: str | None
    topics: list[str]

    @property
    def empty(self) -> bool: ...

    def branch(self, name: str) -> str | None: ...

    def files(self, revision: str = "") -> Mapping[str, tuple[str, bytes]]: ...


@dataclass(frozen=True)
class Pull:
    """A pull request or merge request."""

    number: int
    title: str
    body: str | None
    state: str
    head: str
    base: str
    draft: bool
    labels: list[str]
    reviewers: list[str]


@dataclass(frozen=True)
class Has:
    """What a repository has beside its files; teams have the permissions that actions call them."""

    description: str | None
    topics: list[str]
    default_branch: str
    teams: dict[str, str]
    variables: dict[str, str]
    secrets: dict[str, str]
    protected: list[str]


@dataclass
class Company(Step, ABC):
    """The company; `run` is what a step of a task does. Its GitOps repository is `apps`."""

    fake: FakeHost = field(kw_only=True)
    folder: Path = field(kw_only=True)
    token: str = field(kw_only=True)
    """The credential that we have."""
    requests: Mapping[str, str] = field(kw_only=True)
    """How the host is asked for what every host does: regular expressions on `METHOD /path`."""
    faults: Any = field(kw_only=True)
    """The module of what goes wrong, in the host's words."""

    @property
    @abstractmethod
    def host(self) -> str:
        """The host as in addresses."""

    @property
    @abstractmethod
    def owner(self) -> str:
        """Who owns the repositories."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The type of the host, as in the list of code hosts."""

    @abstractmethod
    def team(self, name: str) -> str:
        """What actions call a team."""

    @abstractmethod
    def repository(self, name: str) -> Hosted: ...

    @abstractmethod
    def pulls(self, name: str = "apps") -> dict[int, Pull]:
        """The pull requests of a repository."""

    @abstractmethod
    def comments(self, number: int) -> list[str]:
        """What is written on a pull request of `apps`."""

    @abstractmethod
    def edit_text(self, number: int, text: str) -> None:
        """A person edits the text of a pull request of `apps`."""

    @abstractmethod
    def pull_url(self, number: int) -> str:
        """The page of a pull request of `apps`."""

    @abstractmethod
    def has(self, name: str) -> Has:
        """What a repository has."""

    @abstractmethod
    def create(self, name: str) -> Hosted:
        """Somebody else makes a repository."""

    @abstractmethod
    def rename(self, name: str, new: str) -> None:
        """Somebody else renames a repository."""

    @abstractmethod
    def former(self, name: str) -> Hosted | None:
        """The repository to which a former name leads."""

    @abstractmethod
    def protect(self, name: str, branch: str) -> None:
        """Somebody lets changes to a branch come by pull requests only."""

    @abstractmethod
    def merge(self, number: int) -> None:
        """A person merges a pull request of `apps`."""

    @abstractmethod
    def use_token(self, value: str) -> None:
        """Our token is another text, which opens the same."""

    @abstractmethod
    def tokens(self) -> list[str]:
        """Every token that the host knows."""

    @abstractmethod
    def forget_pauses(self) -> None:
        """What the host asked us to wait for is over."""

    def url(self, name: str = "apps") -> str:
        """The address of a repository."""
        return f"{self.host}/{self.owner}/{name}"

    def commit(self, branch: str, files: Mapping[str, str | None], name: str = "apps") -> str:
        """Somebody else commits; the commit's id."""
        return self.repository(name).git.commit_files(branch, files)

    @property
    def struck(self) -> Faults:
        """The faults that are switched on."""
        return self.fake.faults

    @property
    def hosts(self) -> Path:
        """The list of code hosts."""
        return self.folder / "hosts.yaml"

    def run(self, name: str, given: Mapping[str, Any], *, again: bool = False, task: str = "task-1") -> dict[str, Any]:
        """Run an action as the only step of a task, for Jane; a `repoUrl` may be the name of a repository only."""
        named = str(given.get("repoUrl", ""))
        address = self.url(named) if re.fullmatch(r"[a-z0-9-]+", named) else named.replace("HOST", self.host)
        here = {"repoUrl": address} if "repoUrl" in given else {}
        return super().run(name, {**given, **here}, again=again, task=task)

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

    def restart(self) -> None:
        """A new process, which remembers nothing."""
        self.effects = effects_with(Settings(data=self.folder / "data", code_hosts=self.hosts))

    def writes(self) -> list[str]:
        """What was asked since the last time that may have changed something."""
        return [call for call in self.calls() if not READS.match(call)]

    def calls(self) -> list[str]:
        """What was asked since the last time, without what an App asks for itself."""
        made = [f"{each.method} {each.path}" for each in self.fake.calls if "/app/" not in each.path]
        self.fake.calls.clear()
        return [call for call in made if "/installation" not in call]
