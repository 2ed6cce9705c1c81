from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gitlab import Gitlab
from gitlab.v4.objects import Project

from tests.fakes.gitlab.server import FakeGitLab, fake_gitlab

Connect = Callable[[str], Gitlab]


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeGitLab]:
    """A GitLab with the group acme, whose owner is ada and in which bob develops; eve belongs to nothing."""
    with fake_gitlab(tmp_path / "gitlab") as running:
        running.world.group("acme", owners=("ada",), developers=("bob",))
        running.world.user("eve")
        yield running


@pytest.fixture
def connect(fake: FakeGitLab) -> Iterator[Connect]:
    """Make a client for a token; all are closed at the end."""
    made: list[Gitlab] = []

    def connect(token: str) -> Gitlab:
        made.append(Gitlab(fake.url, private_token=token, retry_transient_errors=False))
        return made[-1]

    yield connect
    for each in made:
        each.session.close()


@pytest.fixture
def ada(fake: FakeGitLab, connect: Connect) -> Gitlab:
    """A client for the owner of acme."""
    return connect(fake.world.personal_token("ada", "api"))


@pytest.fixture
def billing(fake: FakeGitLab, ada: Gitlab) -> Project:
    """A project with a first commit on main, which is protected as GitLab does it."""
    namespace = fake.world.groups["acme"].id
    made = ada.projects.create({"name": "billing", "namespace_id": namespace, "initialize_with_readme": True})
    return ada.projects.get(made.id)


def commit(project: Project, branch: str, files: dict[str, str]) -> str:
    """Make a branch from main with one more commit, through the API; the commit's id."""
    actions = [{"action": "create", "file_path": path, "content": text} for path, text in files.items()]
    given = {"branch": branch, "start_branch": "main", "commit_message": f"Change {branch}", "actions": actions}
    return str(project.commits.create(given).id)
