"""The company's GitLab: its people, our token of its group, and its GitOps repository, which somebody works in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitlab import Gitlab

from tests.e2e.code_host import CompanyHost, gitops_clone
from tests.fakes.gitlab.model import Project
from tests.fakes.gitlab.server import FakeGitLab

GROUP = "acme/platform"


@dataclass(frozen=True, slots=True)
class CompanyGitLab(CompanyHost):
    """A GitLab with the group acme, whose owner is ada, and with a group in it, where the repositories are."""

    fake: FakeGitLab
    kind: str = "gitlab"
    owner: str = GROUP

    def hosted(self, name: str) -> Project:
        """A project of the group."""
        return self.fake.world.project(f"{GROUP}/{name}")

    def merge(self, name: str, number: int) -> None:
        """What a reviewer does who likes a merge request."""
        with Gitlab(self.fake.url, private_token=self.token) as client:
            client.projects.get(f"{GROUP}/{name}", lazy=True).mergerequests.get(number, lazy=True).merge()

    def listed(self, folder: Path) -> dict[str, Any]:
        """Its entry in the list of code hosts, whose secrets go to files of a folder; we have a token of the group."""
        token = self.fake.world.group_token(self.fake.world.groups["acme"], "api")
        (folder / "gitlab-token").write_text(token, encoding="utf-8")
        (folder / "webhook-secret").write_text(self.webhook_secret, encoding="utf-8")
        return {
            "host": self.host,
            "type": "gitlab",
            "api": f"{self.fake.url}/api/v4",
            "owners": ["acme"],
            "token_file": "gitlab-token",
            "webhook_secret_file": "webhook-secret",
        }

    def integration(self) -> dict[str, str]:
        """Its entry in Backstage's `integrations.gitlab`."""
        return {
            "host": self.host,
            "baseUrl": self.fake.url,
            "apiBaseUrl": f"{self.fake.url}/api/v4",
            "token": self.token,
        }


def company_gitlab(fake: FakeGitLab, folder: Path) -> CompanyGitLab:
    """The company's GitLab, where the GitOps repository is our example with a library chart."""
    fake.world.group("acme", owners=("ada",), developers=("bob",))
    fake.world.group("acme/payments")
    fake.world.create_project(fake.world.group(GROUP), "apps")
    token = fake.world.personal_token("ada", "api")
    return CompanyGitLab(
        gitops_clone(folder, f"{fake.url}/{GROUP}/apps.git", token), token, secrets.token_hex(32), fake
    )
