"""The company's code host: its people, our App, and its GitOps repository, which somebody works in."""

from __future__ import annotations

import secrets
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from github import Auth, Github

from tests.fakes.github.model import Repository
from tests.fakes.github.server import FakeGitHub
from tests.fakes.shared.host import FakeHost
from tests.skeletons.shipped.world import bake
from tests.tools.git_server import git

ROOT = Path(__file__).parents[2]
OWNER = "acme"
_IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
_PERMISSIONS = {
    **dict.fromkeys(("administration", "contents", "pull_requests", "workflows"), "write"),
    "members": "read",
}


@dataclass(frozen=True, slots=True)
class CompanyHost(ABC):
    """A code host on which the company's GitOps repository is; `repository` is a clone of it."""

    repository: Path
    token: str
    """The token of ada, the administrator."""
    webhook_secret: str

    @property
    @abstractmethod
    def fake(self) -> FakeHost:
        """The host itself."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """Its type, as in the list of code hosts, the addresses of webhooks, and Backstage's integrations."""

    @property
    @abstractmethod
    def owner(self) -> str:
        """Who owns the company's repositories."""

    @property
    def host(self) -> str:
        """As in the addresses of repositories."""
        return self.fake.url.removeprefix("http://")

    @property
    def apps(self) -> str:
        """The address of the GitOps repository."""
        return f"{self.fake.url}/{self.owner}/apps"

    def picked(self, name: str) -> str:
        """What a person picks in the form for a repository."""
        return f"{self.host}?{urlencode({'owner': self.owner, 'repo': name})}"

    def push(self) -> None:
        """Commit and push what has changed in the clone, on top of what others have pushed."""
        git(self.repository, "add", "--all")
        git(self.repository, *_IDENTITY, "commit", "--quiet", "--message", "Change a folder")
        self.pull()
        git(self.repository, "push", "--quiet", "origin", "main")

    def pull(self) -> None:
        """Fetch what others have pushed."""
        git(self.repository, *_IDENTITY, "pull", "--quiet", "--rebase", "origin", "main")

    @abstractmethod
    def merge(self, name: str, number: int) -> None:
        """What a reviewer does who likes a pull request."""

    @abstractmethod
    def listed(self, folder: Path) -> dict[str, Any]:
        """Its entry in the list of code hosts, whose secrets go to files of a folder."""

    @abstractmethod
    def integration(self) -> dict[str, str]:
        """Its entry in Backstage's integrations."""


@dataclass(frozen=True, slots=True)
class CompanyGitHub(CompanyHost):
    """A GitHub with the organisation acme, whose admin is ada."""

    fake: FakeGitHub
    kind: str = "github"
    owner: str = OWNER

    def hosted(self, name: str) -> Repository:
        """A repository of the organisation."""
        return self.fake.world.repository(f"{OWNER}/{name}")

    def merge(self, name: str, number: int) -> None:
        """What a reviewer does who likes a pull request."""
        with Github(base_url=self.fake.url, auth=Auth.Token(self.token), retry=None, timeout=60) as client:
            assert client.get_repo(f"{OWNER}/{name}").get_pull(number).merge().merged

    def listed(self, folder: Path) -> dict[str, Any]:
        """Its entry in the list of code hosts, whose secrets go to files of a folder; we are an App there."""
        app = self.fake.world.app("scenedock", OWNER, _PERMISSIONS)
        self.fake.world.install(app, OWNER)
        (folder / "app.pem").write_text(app.private_key, encoding="utf-8")
        (folder / "webhook-secret").write_text(self.webhook_secret, encoding="utf-8")
        return {
            "host": self.host,
            "type": "github",
            "api": f"{self.fake.url}/api/v3",
            "owners": [OWNER],
            "app": {"id": str(app.id), "private_key_file": "app.pem"},
            "webhook_secret_file": "webhook-secret",
        }

    def integration(self) -> dict[str, str]:
        """Its entry in Backstage's `integrations.github`."""
        return {"host": self.host, "apiBaseUrl": f"{self.fake.url}/api/v3", "token": self.token}


def company_github(fake: FakeGitHub, folder: Path) -> CompanyGitHub:
    """The company's GitHub, where the GitOps repository is our example with a library chart."""
    fake.world.organization(OWNER, admins=("ada",), members=("bob",))
    fake.world.team(OWNER, "payments", "bob")
    fake.world.create_repository(OWNER, "apps")
    token = fake.world.personal_token("ada", "repo", "workflow")
    return CompanyGitHub(
        gitops_clone(folder, f"{fake.url}/{OWNER}/apps.git", token), token, secrets.token_hex(32), fake
    )


def gitops_clone(folder: Path, url: str, token: str) -> Path:
    """Push our example with a library chart to an empty repository; the clone in which somebody works."""
    repository = shutil.copytree(ROOT / "examples" / "acme-apps", folder / "apps")
    bake("library-chart", repository)
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "remote", "add", "origin", url.replace("://", f"://ada:{token}@"))
    git(repository, "add", "--all")
    git(repository, *_IDENTITY, "commit", "--quiet", "--message", "Begin")
    git(repository, "push", "--quiet", "origin", "main")
    return repository
