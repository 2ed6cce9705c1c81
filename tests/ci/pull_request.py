"""A pull request on a code host, as the variables of its pipeline tell of it; and its repository."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from tests.fakes.github.model import Pull
from tests.fakes.github.server import fake_github
from tests.fakes.gitlab.model import REPORTER
from tests.fakes.gitlab.server import fake_gitlab


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=Jane", "-c", "user.email=jane@acme.test", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, files: Mapping[str, str], message: str = "Next") -> str:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(root, "rev-parse", "HEAD")


@dataclass
class Host:
    """A code host with pull request 1 of acme/apps; `variables` are those of its pipeline, for a clone."""

    variables: Callable[[Path], dict[str, str]]
    comments: Callable[[], list[str]]
    summary: Path
    outputs: Path


@contextmanager
def on_github(folder: Path, permissions: str = "write") -> Iterator[Host]:
    """On GitHub, with a token of the workflow that may write or read pull requests."""
    summary, outputs, event = folder / "summary.md", folder / "outputs", folder / "event.json"
    with fake_github(folder / "github") as fake:
        world = fake.world
        world.organization("acme", admins=("ada",))
        found = world.create_repository("acme", "apps", private=True)
        world.commit("acme/apps", "main", {"a.txt": "a"})
        pull = Pull(1, world.new_id(), world.accounts["ada"], "Change", None, "feature", "main", draft=False)
        found.pulls[1] = pull
        world.commit("acme/apps", "feature", {"a.txt": "b"})
        granted = {"pull_requests": permissions, "contents": "read", "metadata": "read"}
        installed = world.install(world.app("github-actions", "acme", granted), "acme")
        token = world.installation_token(installed, granted, None).value

        def variables(root: Path) -> dict[str, str]:
            head = {"sha": git(root, "rev-parse", "feature"), "repo": {"full_name": "acme/apps"}}
            payload = {"pull_request": {"number": 1, "base": {"sha": git(root, "rev-parse", "main")}, "head": head}}
            event.write_text(json.dumps(payload))
            return {
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": fake.url,
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "acme/apps",
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_RUN_ID": "77",
                "GITHUB_TOKEN": token,
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_OUTPUT": str(outputs),
            }

        yield Host(variables, lambda: [each.body for each in pull.comments], summary, outputs)


@contextmanager
def on_gitlab(folder: Path) -> Iterator[Host]:
    """On GitLab, with a token of the project."""
    with fake_gitlab(folder / "gitlab") as fake:
        world = fake.world
        project = world.create_project(world.group("acme", owners=("ada",)), "apps")
        world.commit("acme/apps", "main", {"a.txt": "a"})
        world.commit("acme/apps", "feature", {"a.txt": "b"})
        token = world.project_token(project, "api", level=REPORTER)
        body = {"source_branch": "feature", "target_branch": "main", "title": "Change"}
        address = f"{fake.url}/api/v4/projects/{project.id}/merge_requests"
        headers = {"PRIVATE-TOKEN": world.personal_token("ada", "api")}
        assert urllib3.request("POST", address, json=body, headers=headers).status == 201
        request = project.merge_requests[1]

        def variables(root: Path) -> dict[str, str]:
            return {
                "GITLAB_CI": "true",
                "CI_API_V4_URL": f"{fake.url}/api/v4",
                "CI_SERVER_URL": fake.url,
                "CI_PROJECT_PATH": "acme/apps",
                "CI_MERGE_REQUEST_PROJECT_PATH": "acme/apps",
                "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "acme/apps",
                "CI_MERGE_REQUEST_IID": "1",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(root, "merge-base", "main", "feature"),
                "CI_COMMIT_SHA": git(root, "rev-parse", "feature"),
                "CI_PIPELINE_ID": "77",
                "CI_JOB_URL": f"{fake.url}/acme/apps/-/jobs/5",
                "GITLAB_TOKEN": token,
            }

        yield Host(variables, lambda: [each.body for each in request.notes], folder / "none", folder / "none")
