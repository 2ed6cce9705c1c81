"""A GitOps repository with environments, served from a clone, and what a person or pipeline does with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenedock.runtime.settings import Settings
from tests.publishing.acme import Acme, acme_with
from tests.scenarios.repositories import ENVIRONMENT
from tests.tools.effects import effects_with

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: billing}
spec:
  template:
    spec:
      containers:
        - name: billing
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
"""
FILES = {
    "scenedock.yaml": "environments: {known: [dev, qa, production]}\n",
    "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "billing/templates/deployment.yaml": DEPLOYMENT,
    "billing/values.yaml": "image:\n  repository: acme/billing\n",
    "billing/values-dev.yaml": "image:\n  tag: 1.5.0 # dev\n",
    "billing/values-qa.yaml": "image:\n  tag: 1.4.0 # qa\n",
    "billing/values-production.yaml": "image:\n  tag: 1.3.0 # production\n",
}


@dataclass
class Deploying(Acme):
    """The company with the repository acme/gitops; `clone` is what the service has of it."""

    clone: Path = Path()
    program: str = "no-helm"
    """The helm that renders."""
    certificates: Path | None = None
    """The list of certificates of Sealed Secrets."""

    def restart(self) -> None:
        """A new process, which remembers nothing."""
        self.effects = effects_with(
            Settings(
                data=self.folder / "data",
                code_hosts=self.hosts,
                repositories=(str(self.clone),),
                helm=self.program,
                certificates=self.certificates,
            )
        )

    def follow(self) -> None:
        """The clone gets what its repository has now, as the service does."""
        _git(self.clone, "pull", "--quiet", "--ff-only", str(self.repository("gitops").git.folder), "main")

    def says(self, environment: str, branch: str = "main") -> str:
        """The file of an environment."""
        return self.repository("gitops").files(branch)[f"billing/values-{environment}.yaml"][1].decode()

    def change(self, files: dict[str, str | None]) -> None:
        """A person commits to main, and the service follows."""
        self.github.world.commit("acme/gitops", "main", files)
        self.follow()

    def deploy(self, name: str, task: str = "task-1", **more: Any) -> dict[str, Any]:
        """Run an action for billing."""
        return self.run(name, {"services": ["billing"], **more}, task=task)


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, env=ENVIRONMENT)


@contextmanager
def deploying_in(folder: Path, direct: str = "acme/apps", program: str = "no-helm") -> Iterator[Deploying]:
    """The company, with a list of code hosts that allows direct commits to a repository."""
    with acme_with(folder) as acme:
        world = acme.github.world
        made = world.create_repository("acme", "gitops", private=True)
        world.commit("acme/gitops", "main", dict(FILES))
        clone = folder / "gitops"
        subprocess.run(["git", "clone", "--quiet", str(made.git.folder), str(clone)], check=True, env=ENVIRONMENT)
        _git(clone, "remote", "set-url", "origin", "https://github.com/acme/gitops")
        acme.hosts.write_text(acme.hosts.read_text("utf-8").replace("[acme/apps]", f"[{direct}]"), "utf-8")
        company = Deploying(
            acme.effects,
            fake=acme.fake,
            github=acme.github,
            folder=folder,
            token=acme.token,
            requests=acme.requests,
            faults=acme.faults,
            clone=clone,
            program=program,
        )
        company.restart()
        yield company
