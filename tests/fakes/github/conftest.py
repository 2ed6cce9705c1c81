from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from github import Auth, Github
from github.InputGitTreeElement import InputGitTreeElement
from github.Organization import Organization
from github.Repository import Repository

from tests.fakes.github.server import FakeGitHub, fake_github

Connect = Callable[[str], Github]


def connected(url: str, token: str | Auth.Auth) -> Github:
    """The real client, without the pauses that it makes for the real server."""
    auth = Auth.Token(token) if isinstance(token, str) else token
    return Github(base_url=url, auth=auth, seconds_between_requests=0, seconds_between_writes=0, retry=None)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeGitHub]:
    """A GitHub with the organisation acme, whose admin is ada and whose member is bob; eve belongs to nothing."""
    with fake_github(tmp_path / "github") as running:
        running.world.organization("acme", admins=("ada",), members=("bob",))
        running.world.user("eve")
        yield running


@pytest.fixture
def connect(fake: FakeGitHub) -> Iterator[Connect]:
    """Make a client for a token; all are closed at the end."""
    made: list[Github] = []

    def connect(token: str) -> Github:
        made.append(connected(fake.url, token))
        return made[-1]

    yield connect
    for each in made:
        each.close()


@pytest.fixture
def ada(fake: FakeGitHub, connect: Connect) -> Github:
    """A client for the admin of acme."""
    return connect(fake.world.personal_token("ada", "repo", "workflow", "delete_repo", "read:org"))


@pytest.fixture
def acme(ada: Github) -> Organization:
    return ada.get_organization("acme")


@pytest.fixture
def billing(acme: Organization) -> Repository:
    """A repository with a first commit."""
    return acme.create_repo("billing", private=True, auto_init=True)


def commit(repository: Repository, branch: str, files: dict[str, str | None]) -> str:
    """Make a branch from main with one more commit, through the Git data API; the commit's id."""
    base = repository.get_git_commit(repository.get_git_ref("heads/main").object.sha)
    elements = [
        InputGitTreeElement(path, "100644", "blob", sha=None)
        if text is None
        else InputGitTreeElement(path, "100644", "blob", content=text)
        for path, text in files.items()
    ]
    tree = repository.create_git_tree(elements, base.tree)
    made = repository.create_git_commit(f"Change {branch}", tree, [base])
    repository.create_git_ref(f"refs/heads/{branch}", made.sha)
    return made.sha
