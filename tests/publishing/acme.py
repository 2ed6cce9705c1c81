"""A company with a GitHub of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scenedock.effects.github.repository import GitHubRepository
from scenedock.model.code_hosts.code_host import read_repository
from scenedock.runtime.settings import Settings
from tests.fakes.github import faults
from tests.fakes.github.model import Pull as PullOfGitHub
from tests.fakes.github.model import Repository
from tests.fakes.github.server import FakeGitHub, fake_github
from tests.publishing.company import APPS, Company, Has, Pull
from tests.tools.effects import effects_with

HOST = """hosts:
  - host: github.com
    type: github
    api: {api}
    owners: [acme, ada]
    {credential}
    direct_commits: [acme/apps]
    visibility: [private, internal]
"""
REQUESTS = {
    "make a repository": "POST /orgs/acme/repos",
    "write": "POST .*/git/trees",
    "move a branch": "PATCH .*/git/refs/",
    "open a pull request": "POST .*/pulls$",
    "protect a branch": "PUT .*/protection",
    "any of a repository": ".*/repos/",
}
_PERMISSIONS = {"read": "pull", "write": "push"}
_UNPROTECTED = {"required_status_checks": None, "enforce_admins": True, "restrictions": None}


@dataclass
class Acme(Company):
    """The company; we have a token of ada's, or another credential."""

    github: FakeGitHub = field(kw_only=True)
    kind: str = "github"
    host: str = "github.com"
    owner: str = "acme"

    def team(self, name: str) -> str:
        """The slug is its name."""
        return name

    def repository(self, name: str) -> Repository:
        return self.github.world.repository(f"acme/{name}")

    def pulls(self, name: str = "apps") -> dict[int, Pull]:
        """The pull requests of a repository."""
        return {number: _shown(each) for number, each in self.repository(name).pulls.items()}

    def comments(self, number: int) -> list[str]:
        """What is written on a pull request of acme/apps."""
        return [each.body for each in self.repository("apps").pulls[number].comments]

    def edit_text(self, number: int, text: str) -> None:
        """A person edits the text of a pull request of acme/apps."""
        self.repository("apps").pulls[number].body = text

    def pull_url(self, number: int) -> str:
        """The page of a pull request of acme/apps."""
        return f"{self.github.url}/acme/apps/pull/{number}"

    def has(self, name: str) -> Has:
        """What a repository has."""
        found = self.repository(name)
        return Has(
            found.description,
            found.topics,
            found.default_branch,
            {team: _PERMISSIONS.get(role, role) for team, role in found.teams.items()},
            {name: each.value for name, each in found.variables.items()},
            found.unsealed(),
            list(found.protection),
        )

    def create(self, name: str) -> Repository:
        """Somebody else makes a repository."""
        return self.github.world.create_repository("acme", name)

    def rename(self, name: str, new: str) -> None:
        """Somebody else renames a repository."""
        self.github.world.rename(self.repository(name), new)

    def former(self, name: str) -> Repository | None:
        """The repository to which a former name leads."""
        return self.github.world.moved.get(f"acme/{name}")

    def protect(self, name: str, branch: str) -> None:
        """Somebody lets changes to a branch come by pull requests only."""
        reviews = {"required_approving_review_count": 1}
        self.repository(name).protection[branch] = {**_UNPROTECTED, "required_pull_request_reviews": reviews}

    def merge(self, number: int) -> None:
        """A person merges a pull request of acme/apps."""
        self.merge_in("apps", number)

    def merge_in(self, name: str, number: int) -> None:
        """A person merges a pull request of one of acme's repositories."""
        with self.effects.code_hosts.open(read_repository(f"github.com/acme/{name}")) as found:
            assert isinstance(found, GitHubRepository)
            found.client.call("PUT", f"{found.path}/pulls/{number}/merge", {})

    def close(self, number: int, name: str = "apps") -> None:
        """A person closes a pull request of one of acme's repositories without merging it."""
        with self.effects.code_hosts.open(read_repository(f"github.com/acme/{name}")) as found:
            assert isinstance(found, GitHubRepository)
            found.client.call("PATCH", f"{found.path}/pulls/{number}", {"state": "closed"})

    def use_token(self, value: str) -> None:
        """Our token is another text, which opens the same."""
        self.github.world.tokens[value] = self.github.world.tokens.pop(self.token)
        self.token = value
        (self.folder / "token").write_text(value, encoding="utf-8")
        self.restart()

    def tokens(self) -> list[str]:
        """Every token that the host knows."""
        return list(self.github.world.tokens)

    def forget_pauses(self) -> None:
        """What GitHub asked us to wait for is over."""
        for _, pace in self.effects.code_hosts._credentials.values():
            pace._held_until = 0.0


def _shown(pull: PullOfGitHub) -> Pull:
    state = "merged" if pull.merged else pull.state
    reviewers = [each.login for each in pull.reviewers]
    return Pull(
        pull.number, pull.title, pull.body, state, pull.head, pull.base, pull.draft, list(pull.labels), reviewers
    )


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
        effects = effects_with(Settings(data=folder / "data", code_hosts=folder / "hosts.yaml"))
        yield Acme(effects, fake=github, github=github, folder=folder, token=token, requests=REQUESTS, faults=faults)
