"""A company with a GitLab of its own, whose repositories are in a group within its group."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import urllib3

from scenedock.runtime.settings import Settings
from tests.fakes.gitlab import faults
from tests.fakes.gitlab.model import DEVELOPER, MergeRequest, Project, ProtectedBranch
from tests.fakes.gitlab.server import FakeGitLab, fake_gitlab
from tests.publishing.company import APPS, Company, Has, Pull
from tests.tools.effects import effects_with

HOST = """hosts:
  - host: {host}
    type: gitlab
    api: {url}/api/v4
    owners: [acme, ada]
    token_file: token
    direct_commits: [acme/platform/apps]
    visibility: [private, internal]
"""
REQUESTS = {
    "make a repository": "POST .*/projects$",
    "write": "POST .*/git-receive-pack",
    "move a branch": "POST .*/git-receive-pack",
    "open a pull request": "POST .*/merge_requests$",
    "protect a branch": "POST .*/protected_branches$",
    "any of a repository": "(.*/projects/|.*\\.git/)",
}
_PERMISSIONS = {20: "pull", 30: "push", 40: "maintain", 50: "admin"}


@dataclass
class AcmeOnGitLab(Company):
    """The company; we have a token of its group, or of ada's."""

    gitlab: FakeGitLab = field(kw_only=True)
    kind: str = "gitlab"
    owner: str = "acme/platform"

    @property
    def host(self) -> str:
        """Git is asked at the same address as the API."""
        return self.gitlab.url.removeprefix("http://")

    def team(self, name: str) -> str:
        """A group within the company's."""
        return f"acme/{name}"

    def repository(self, name: str) -> Project:
        return self.gitlab.world.project(f"{self.owner}/{name}")

    def pulls(self, name: str = "apps") -> dict[int, Pull]:
        """The merge requests of a project."""
        return {number: _shown(each) for number, each in self.repository(name).merge_requests.items()}

    def comments(self, number: int) -> list[str]:
        """What is written on a merge request of acme/platform/apps."""
        return [each.body for each in self.repository("apps").merge_requests[number].notes]

    def edit_text(self, number: int, text: str) -> None:
        """A person edits the text of a merge request of acme/platform/apps."""
        self.repository("apps").merge_requests[number].description = text

    def pull_url(self, number: int) -> str:
        """The page of a merge request of acme/platform/apps."""
        return f"{self.gitlab.url}/{self.owner}/apps/-/merge_requests/{number}"

    def has(self, name: str) -> Has:
        """What a project has: secrets are variables that are masked and protected."""
        found = self.repository(name)
        groups = {each.id: each.full_path for each in self.gitlab.world.groups.values()}
        variables = found.variables.values()
        return Has(
            found.description,
            found.topics,
            found.default_branch,
            {groups[key].removeprefix("acme/"): _PERMISSIONS[level] for key, level in found.shares.items()},
            {each.key: each.value for each in variables if not each.masked},
            {each.key: each.value for each in variables if each.masked and each.protected},
            [each.name for each in found.protected.values() if not each.push],
        )

    def create(self, name: str) -> Project:
        """Somebody else makes a project."""
        return self.gitlab.world.create_project(self.gitlab.world.groups[self.owner], name)

    def rename(self, name: str, new: str) -> None:
        """Somebody else renames a project."""
        self.gitlab.world.rename(self.repository(name), new)

    def former(self, name: str) -> Project | None:
        """The project to which a former path leads."""
        return self.gitlab.world.moved.get(f"{self.owner}/{name}")

    def protect(self, name: str, branch: str) -> None:
        """Somebody lets changes to a branch come by merge requests only."""
        made = ProtectedBranch(self.gitlab.world.new_id(), branch, 0, DEVELOPER)
        self.repository(name).protected[branch] = made

    def is_free(self) -> None:
        """The company doesn't pay for its plan."""
        self.gitlab.world.groups["acme"].plan = "free"

    def merge(self, number: int) -> None:
        """A person merges a merge request of acme/platform/apps."""
        path = f"{quote(f'{self.owner}/apps', safe='')}/merge_requests/{number}/merge"
        headers = {"PRIVATE-TOKEN": self.gitlab.world.personal_token("ada", "api")}
        answer = urllib3.request("PUT", f"{self.gitlab.url}/api/v4/projects/{path}", headers=headers, retries=False)
        assert answer.status == 200, answer.data

    def use_token(self, value: str) -> None:
        """Our token is another text, which opens the same."""
        self.gitlab.world.tokens[value] = self.gitlab.world.tokens.pop(self.token)
        self.token = value
        (self.folder / "token").write_text(value, encoding="utf-8")
        self.restart()

    def tokens(self) -> list[str]:
        """Every token that the host knows."""
        return list(self.gitlab.world.tokens)

    def forget_pauses(self) -> None:
        """What GitLab asked us to wait for is over."""
        for pace in self.effects.code_hosts._paces.values():
            pace._held_until = 0.0


def _shown(request: MergeRequest) -> Pull:
    return Pull(
        request.iid,
        request.title.removeprefix("Draft: "),
        request.description,
        {"opened": "open"}.get(request.state, request.state),
        request.source_branch,
        request.target_branch,
        request.draft,
        list(request.labels),
        [each.username for each in request.reviewers],
    )


@contextmanager
def acme_on_gitlab(folder: Path, token: str = "") -> Iterator[AcmeOnGitLab]:
    """The company, with ada's token, or another one."""
    folder.mkdir(exist_ok=True)
    with fake_gitlab(folder / "gitlab") as gitlab:
        world = gitlab.world
        world.group("acme", owners=("ada",), developers=("bob",))
        world.group("acme/payments")
        platform = world.group("acme/platform")
        world.create_project(platform, "apps")
        world.commit("acme/platform/apps", "main", dict(APPS))
        token = token or world.personal_token("ada", "api")
        (folder / "token").write_text(f"{token}\n", encoding="utf-8")
        text = HOST.format(host=gitlab.url.removeprefix("http://"), url=gitlab.url)
        (folder / "hosts.yaml").write_text(text, encoding="utf-8")
        effects = effects_with(Settings(data=folder / "data", code_hosts=folder / "hosts.yaml"))
        yield AcmeOnGitLab(
            effects, fake=gitlab, gitlab=gitlab, folder=folder, token=token, requests=REQUESTS, faults=faults
        )
