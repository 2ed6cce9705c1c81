"""A company that begins with our skeletons alone: its code host, its GitOps repository, a service, and Scenedock."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
import yaml
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.chain.releases import JOB, Releases, releases
from tests.e2e.code_host import CompanyGitHub, CompanyHost
from tests.e2e.code_host_gitlab import GROUP, CompanyGitLab
from tests.fakes.github.server import fake_github
from tests.fakes.gitlab.server import fake_gitlab
from tests.skeletons.shipped.gitops import Manifest, parse, validate_kubernetes
from tests.skeletons.shipped.world import bake, run
from tests.tools.git_server import git
from tests.tools.helm import helm
from tests.tools.server import SECONDS_TO_WAIT, Server, free_port
from tests.tools.venv import venv

SCENEDOCK = Path(sysconfig.get_path("scripts"), "scenedock")
PERSON, PIPELINE = "person-0123456789abcdef", "pipeline-0123456789abcdef"
TOKENS = f"""
tokens:
  - {{name: person, token: {PERSON}, scope: run}}
  - {{name: billing-ci, token: {PIPELINE}, scope: run, actions: [set-version]}}
"""
RULES = """
rules:
  - {allow: [set-version], tokens: [billing-ci], services: [billing], environments: [dev]}
  - {deny: [set-version], tokens: [billing-ci]}
"""
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


@dataclass
class Chain:
    """The company; `service` is the repository of the code, `hosting.repository` the GitOps repository."""

    hosting: CompanyHost
    service: Path
    releases: Releases
    url: str
    """Scenedock's address."""
    python: Path
    """With what the service's lock pins."""

    @property
    def apps(self) -> Path:
        return self.hosting.repository

    def commit(self, message: str) -> None:
        """A developer merges a change of the service."""
        git(self.service, "add", "--all")
        git(self.service, *IDENTITY, "commit", "--quiet", "--allow-empty", "--message", message)

    def release(self) -> str:
        """The job `release` succeeds; the version that it hands to the jobs that follow, or none."""
        done, handed = self.try_to_release()
        assert done.returncode == 0, done.stderr
        return handed

    def try_to_release(self) -> tuple[subprocess.CompletedProcess[str], str]:
        """The job `release`, as the pipeline runs it, and what it hands to the jobs that follow."""
        commit = git(self.service, "rev-parse", "HEAD").strip()
        is_github = self.hosting.kind == "github"
        handed = self.service.parent / "outputs" if is_github else self.service / "release.env"
        handed.unlink(missing_ok=True)
        if is_github:
            known = {"GITHUB_API_URL": self.releases.url, "GITHUB_REPOSITORY": "acme/billing", "GITHUB_SHA": commit}
            known |= {"GITHUB_TOKEN": JOB, "GITHUB_OUTPUT": str(handed)}
        else:
            known = {"CI_API_V4_URL": self.releases.url, "CI_PROJECT_ID": "7", "CI_COMMIT_SHA": commit}
            known |= {"CI_JOB_TOKEN": JOB}
        done = self.job("release.py", **known)
        written = handed.read_text(encoding="utf-8") if handed.exists() else ""
        return done, written.partition("=")[2].strip()

    def propose(self, version: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The job `propose`, as the pipeline runs it."""
        return self.job("propose.py", version, **{"SCENEDOCK_URL": self.url, "SCENEDOCK_TOKEN": PIPELINE} | variables)

    def job(self, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the pipeline."""
        command = [str(self.python), f"ci/{script}", *arguments]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.service.parent), **variables}
        return subprocess.run(command, cwd=self.service, env=environment, capture_output=True, text=True, check=False)

    def act(self, action: str, given: Mapping[str, object], token: str = PERSON) -> urllib3.BaseHTTPResponse:
        """Somebody runs an action of Scenedock, by default a person."""
        return urllib3.request(
            "POST",
            f"{self.url}/api/scenedock/actions/{action}/invoke",
            json=dict(given),
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS_TO_WAIT,
            retries=False,
        )

    def merge(self) -> str:
        """A reviewer merges the only open pull request; its title."""
        found = self.hosting.hosted("apps")  # type: ignore[attr-defined]
        pulls = (found.pulls if self.hosting.kind == "github" else found.merge_requests).values()
        (pull,) = (each for each in pulls if each.state in {"open", "opened"})
        self.hosting.merge("apps", pull.number)
        self.hosting.pull()
        return str(pull.title)

    def board(self) -> str:
        """The page of the board."""
        headers = {"Authorization": f"Bearer {PERSON}"}
        url = f"{self.url}/board"
        return urllib3.request("GET", url, headers=headers, timeout=SECONDS_TO_WAIT, retries=False).data.decode()

    def cli(self, *arguments: str) -> str:
        """What the command line says, in the GitOps repository."""
        done = CliRunner(env={"PWD": str(self.apps)}).invoke(main, list(arguments))
        assert done.exit_code == 0, done.output
        return done.stdout

    def versions(self) -> dict[str, str]:
        """What runs where once Argo CD has done its work: everything renders, with these images."""
        run([helm("4"), "dependency", "build", "billing"], self.apps)
        found = {}
        for file in sorted((self.apps / "billing").glob("values-*.yaml")):
            environment = file.stem.removeprefix("values-")
            name = f"billing-{environment}"
            options = ["--namespace", name, "--values", str(file)]
            manifests = parse(run([helm("4"), "template", name, "billing", *options], self.apps))
            validate_kubernetes([each for each in manifests if not each["apiVersion"].startswith("monitoring.")])
            found[environment] = _image(manifests).rpartition(":")[2]
        return found


def _image(manifests: list[Manifest]) -> str:
    (deployment,) = (each for each in manifests if each["kind"] == "Deployment")
    image: str = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return image


@contextmanager
def chain(kind: str, folder: Path) -> Iterator[Chain]:
    """A company on GitHub or GitLab, after the first commits to both of its repositories."""
    with _code_host(kind, folder) as hosting:
        answers = {"name": "apps", "owner": "group:default/platform", "ci": kind, "ingress_domain": ""}
        where = {"organisation": hosting.owner, "host": hosting.host, "code_owners": "@acme/platform"}
        apps = bake("gitops-repository", folder / "work", {**answers, **where})
        assert apps == hosting.repository
        url = f"{hosting.apps}.git".replace("://", f"://ada:{hosting.token}@")
        git(apps, "init", "--quiet", "--initial-branch=main")
        git(apps, "remote", "add", "origin", url)
        service = _service(kind, hosting.owner, folder)
        python = venv(service / "requirements-dev.txt") / "bin" / "python"
        with releases(service) as host, _scenedock(hosting, folder) as address:
            yield Chain(hosting, service, host, address, python)


def _service(kind: str, organisation: str, folder: Path) -> Path:
    """The repository of a service, with the commit that the Template makes."""
    answers = {"name": "billing", "owner": "group:default/payments", "component": "deployment", "ci": kind}
    made = bake("microservice-python", folder / "code", {**answers, "organisation": organisation})
    git(made, "init", "--quiet", "--initial-branch=main")
    git(made, "add", "--all")
    git(made, *IDENTITY, "commit", "--quiet", "--message", "feat: add the first version of billing")
    return made


@contextmanager
def _code_host(kind: str, folder: Path) -> Iterator[CompanyHost]:
    (folder / "work").mkdir()
    (folder / "code").mkdir()
    place, secret = folder / "work" / "apps", "0123456789abcdef0123456789abcdef"
    if kind == "github":
        with fake_github(folder / "host") as github:
            github.world.organization("acme", admins=("ada",), members=("bob",))
            github.world.create_repository("acme", "apps")
            yield CompanyGitHub(place, github.world.personal_token("ada", "repo", "workflow"), secret, github)
        return
    with fake_gitlab(folder / "host") as gitlab:
        gitlab.world.group("acme", owners=("ada",), developers=("bob",))
        gitlab.world.create_project(gitlab.world.group(GROUP), "apps")
        yield CompanyGitLab(place, gitlab.world.personal_token("ada", "api"), secret, gitlab)


@contextmanager
def _scenedock(hosting: CompanyHost, folder: Path) -> Iterator[str]:
    """The address of a running service, which reads the clone in which people work."""
    (folder / "hosts.yaml").write_text(json.dumps({"hosts": [hosting.listed(folder)]}), encoding="utf-8")
    (folder / "tokens.yaml").write_text(TOKENS, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    environment = {
        "SCENEDOCK_DATA": str(folder / "data"),
        "SCENEDOCK_LISTEN": address,
        "SCENEDOCK_REPOSITORIES": str(hosting.repository),
        "SCENEDOCK_CODE_HOSTS": str(folder / "hosts.yaml"),
        "SCENEDOCK_TOKENS_FILE": str(folder / "tokens.yaml"),
        "SCENEDOCK_RULES": str(folder / "rules.yaml"),
        "SCENEDOCK_HELM": str(helm("4")),
    }
    server = Server([str(SCENEDOCK), "serve"], environment, folder, f"http://{address}/healthz", folder / "log")
    server.start()
    try:
        yield f"http://{address}"
    finally:
        server.stop()


def entities(text: str) -> dict[str, dict[str, Any]]:
    """The entities of an export, by name."""
    return {each["metadata"]["name"]: each for each in yaml.safe_load_all(text)}
