"""Merge requests and calls of GitLab's API, beyond what the publishing actions use: against a GitLab of our own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scenedock.effects.code_hosts.hosts import CodeHosts, KnownHost
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.effects.gitlab.client import GitLabClient, gitlab_pace
from scenedock.effects.gitlab.merge_requests import GitLabMergeRequests
from scenedock.effects.local.host_secrets import HostSecrets
from scenedock.errors import InputError, NotFoundError, ScenedockError, TemporaryError
from scenedock.model.code_hosts.code_host import CodeHost, RepositoryAddress
from scenedock.model.code_hosts.commit import FileChange
from scenedock.model.code_hosts.pull_request import NewPullRequest
from tests.fakes.gitlab import faults
from tests.fakes.gitlab.server import FakeGitLab, fake_gitlab

GROUP = "acme/platform/charts"


@dataclass
class Opened:
    """A project with a branch `task-1` that has one commit more than `main`."""

    gitlab: FakeGitLab
    repository: RemoteRepository

    @property
    def merge_requests(self) -> GitLabMergeRequests:
        assert isinstance(self.repository.pulls, GitLabMergeRequests)
        return self.repository.pulls

    def add(self, branch: str, *, draft: bool = False) -> int:
        """Open a merge request of a new branch."""
        head = self.repository.head("main")
        assert head
        new = self.repository.write(head, [FileChange(branch, b"x")], {}, f"Add {branch}")
        assert self.repository.create_branch(branch, new)
        made = self.merge_requests.open(NewPullRequest(branch, "main", f"Add {branch}", "text", draft))
        assert made
        return made.number


@pytest.fixture(params=["", "/gitlab"])
def below(request: pytest.FixtureRequest) -> str:
    """The path below which GitLab is served."""
    path: str = request.param
    return path


@pytest.fixture
def opened(tmp_path: Path, below: str) -> Iterator[Opened]:
    with fake_gitlab(tmp_path / "gitlab") as gitlab:
        group = gitlab.world.group(GROUP, owners=("ada",), developers=("bob",))
        gitlab.world.create_project(group, "apps")
        gitlab.world.commit(f"{GROUP}/apps", "main", {"README.md": "# Apps\n"})
        hosts = hosts_at(gitlab.url + below, gitlab.world.personal_token("ada", "api"))
        address = hosts.read(f"{gitlab.url.removeprefix('http://')}{below}/{GROUP}/apps")
        with hosts.open(address) as repository:
            yield Opened(gitlab, repository)


def hosts_at(url: str, token: str) -> CodeHosts:
    host = url.removeprefix("http://").partition("/")[0]
    known = CodeHost(host, "gitlab", f"{url}/api/v4", ("acme",))
    return CodeHosts([KnownHost(known, HostSecrets(token=token))])


def test_an_open_merge_request_is_found_by_its_branch_and_kept(opened: Opened, below: str) -> None:
    number = opened.add("scenedock/deploy/billing/qa")
    opened.add("feature")
    requests = opened.merge_requests

    (found,) = requests.open_ones("scenedock/deploy/")

    assert (found.number, found.branch, found.state) == (number, "scenedock/deploy/billing/qa", "open")
    assert found.url == f"{opened.gitlab.url}{below}/{GROUP}/apps/-/merge_requests/{number}"
    assert found == requests.get(number) == requests.find("scenedock/deploy/billing/qa")
    assert found.commit == opened.gitlab.world.project(f"{GROUP}/apps").branch(found.branch)


def test_the_text_changes_and_a_draft_stays_one(opened: Opened) -> None:
    number = opened.add("task-1", draft=True)

    opened.merge_requests.update(number, title="Deploy billing", body="more")
    opened.merge_requests.update(number, body="most")

    held = opened.gitlab.world.project(f"{GROUP}/apps").merge_requests[number]
    assert (held.title, held.draft, held.description) == ("Draft: Deploy billing", True, "most")
    found = opened.merge_requests.get(number)
    assert (found.title, found.base, found.body) == ("Deploy billing", "main", "most")


def test_one_that_is_superseded_has_one_comment(opened: Opened) -> None:
    number = opened.add("task-1")

    for _ in range(2):
        opened.merge_requests.comment(number, "superseded by !7")

    held = opened.gitlab.world.project(f"{GROUP}/apps").merge_requests[number]
    assert [each.body for each in held.notes] == ["superseded by !7"]


def test_one_without_a_pipeline_is_merged_at_once_and_one_with_it_when_it_succeeds(opened: Opened) -> None:
    first, second = opened.add("task-1"), opened.add("task-2")
    project = opened.gitlab.world.project(f"{GROUP}/apps")

    assert opened.merge_requests.merge_when_ready(first, opened.merge_requests.get(first).commit)
    assert opened.merge_requests.get(first).state == "merged"
    assert opened.merge_requests.get(first).merge_commit == project.branch("main")

    opened.gitlab.set_pipelines(project, "running")
    assert opened.merge_requests.merge_when_ready(second, opened.merge_requests.get(second).commit)
    assert opened.merge_requests.merge_when_ready(second, opened.merge_requests.get(second).commit)
    assert opened.merge_requests.get(second).state == "open"
    opened.gitlab.set_pipelines(project, "success")
    assert opened.merge_requests.get(second).state == "merged"


def test_a_merge_that_gitlab_refuses_is_no_error(opened: Opened) -> None:
    number = opened.add("task-1", draft=True)

    assert not opened.merge_requests.merge_when_ready(number, opened.merge_requests.get(number).commit)
    assert opened.merge_requests.get(number).state == "open"


def test_what_gitlab_still_prepares_is_merged_later_and_only_the_commit_that_was_meant(opened: Opened) -> None:
    opened.gitlab.world.late_shas = 2
    number = opened.add("task-1")
    project = opened.gitlab.world.project(f"{GROUP}/apps")
    ours = project.branch("task-1") or ""

    with pytest.raises(TemporaryError, match=f"still prepares !{number}"):
        opened.merge_requests.merge_when_ready(number, ours)
    opened.gitlab.world.commit(f"{GROUP}/apps", "task-1", {"more": "x"})
    with pytest.raises(TemporaryError):
        opened.merge_requests.merge_when_ready(number, ours)
    assert opened.merge_requests.get(number).state == "open"


def test_a_pipeline_that_must_succeed_and_isn_t_there_yet_is_waited_for_only_so_long(opened: Opened) -> None:
    number = opened.add("task-1")
    project = opened.gitlab.world.project(f"{GROUP}/apps")
    project.settings["only_allow_merge_if_pipeline_succeeds"] = True
    ours = project.branch("task-1") or ""

    with pytest.raises(TemporaryError, match="no pipeline yet"):
        opened.merge_requests.merge_when_ready(number, ours)
    project.merge_requests[number].updated = "2020-01-01T00:00:00.000Z"
    assert not opened.merge_requests.merge_when_ready(number, ours)


def test_a_label_with_a_comma_would_be_two(opened: Opened) -> None:
    number = opened.add("task-1")

    with pytest.raises(InputError, match="has a comma"):
        opened.merge_requests.label(number, ["a, b"])
    opened.merge_requests.label(number, ["new service", "deploy"])

    assert opened.gitlab.world.project(f"{GROUP}/apps").merge_requests[number].labels == ["new service", "deploy"]


def test_reviewers_of_people_stay(opened: Opened) -> None:
    number = opened.add("task-1")

    opened.merge_requests.ask_reviewers(number, ["bob"], [])
    opened.merge_requests.ask_reviewers(number, ["ADA"], [])

    held = opened.gitlab.world.project(f"{GROUP}/apps").merge_requests[number]
    assert sorted(each.username for each in held.reviewers) == ["ada", "bob"]


@pytest.mark.parametrize("below", [""], indirect=True)
@pytest.mark.parametrize(
    ("fault", "wait"),
    [(faults.rate_limit(70), (60, 70)), (faults.unavailable(503), (1, 10)), (faults.dropped, (1, 10))],
)
def test_no_request_is_repeated_by_the_library_and_the_wait_is_gitlabs(
    opened: Opened, fault: Callable[[], object], wait: tuple[float, float]
) -> None:
    opened.gitlab.faults.add("GET .*/merge_requests$", before=fault)  # type: ignore[arg-type]
    opened.gitlab.calls.clear()

    with pytest.raises(TemporaryError) as told:
        opened.merge_requests.open_ones("x")

    assert wait[0] <= told.value.retry_after <= wait[1]
    assert len(opened.gitlab.called("GET .*/merge_requests$")) == 1


class _Thief(BaseHTTPRequestHandler):
    """Sends whoever asks to itself, and notes what they show."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers.get('PRIVATE-TOKEN', '')}")
        self.send_response(301)
        self.send_header("Location", f"http://localhost:{self.server.server_port}/stolen")  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_redirect_is_not_followed_and_no_error_has_the_token() -> None:
    _Thief.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Thief)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    host = CodeHost(url.removeprefix("http://"), "gitlab", f"{url}/api/v4", ("acme",))
    told: list[ScenedockError] = []
    try:
        with GitLabClient(host, "glpat-kanarie", gitlab_pace()) as client:
            with pytest.raises(NotFoundError, match="another address") as refused:
                client.call("GET", "/projects/acme%2Fapps")
            told.append(refused.value)
            with pytest.raises(TemporaryError) as refused_again:  # the server answers 501
                client.call("PUT", "/projects/acme%2Fapps", {"description": "x"})
            told.append(refused_again.value)
    finally:
        server.shutdown()
        server.server_close()

    assert _Thief.seen == ["/api/v4/projects/acme%2Fapps glpat-kanarie"]
    assert all("kanarie" not in f"{error!r} {error.__cause__!r} {error.__context__!r}" for error in told)


def test_a_host_that_is_silent_is_told() -> None:
    address = RepositoryAddress("127.0.0.1:9", "acme", "apps")

    with hosts_at("http://127.0.0.1:9", "x").open(address) as silent, pytest.raises(TemporaryError, match="reached"):
        silent.default_branch()
