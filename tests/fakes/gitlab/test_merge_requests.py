"""Merge requests wait, conflict, are closed and found again."""

from __future__ import annotations

import pytest
from gitlab import Gitlab
from gitlab.v4.objects import Project, ProjectMergeRequest

from tests.fakes.gitlab.conftest import Connect, commit
from tests.fakes.gitlab.server import FakeGitLab
from tests.fakes.gitlab.test_main_flow import refused


@pytest.fixture
def request_1(billing: Project) -> ProjectMergeRequest:
    commit(billing, "task-1", {"a.txt": "text"})
    return billing.mergerequests.create({"source_branch": "task-1", "target_branch": "main", "title": "Add"})


def test_one_that_waits_for_its_pipeline_is_merged_when_that_succeeds(
    fake: FakeGitLab, billing: Project, request_1: ProjectMergeRequest
) -> None:
    held = fake.world.project("acme/billing")
    held.pipeline, held.settings["only_allow_merge_if_pipeline_succeeds"] = "running", True

    assert refused(request_1.merge)[0] == 405
    waiting = request_1.merge(auto_merge=True)
    assert (waiting["state"], waiting["merge_when_pipeline_succeeds"]) == ("opened", True)
    fake.set_pipelines(held, "failed")
    assert billing.mergerequests.get(1).state == "opened"
    fake.set_pipelines(held, "success")

    assert billing.mergerequests.get(1).merged_by["username"] == "ada"


def test_one_is_merged_at_once_where_there_is_nothing_to_wait_for(request_1: ProjectMergeRequest) -> None:
    assert refused(lambda: request_1.merge(auto_merge=True))[0] == 405
    assert request_1.merge()["state"] == "merged"
    assert refused(request_1.merge)[0] == 405


def test_a_squash_is_one_commit_and_a_merge_another(billing: Project, request_1: ProjectMergeRequest) -> None:
    commit(billing, "other", {"b.txt": "text"})

    merged = request_1.merge(squash=True)

    latest = billing.commits.list(ref_name="main", iterator=False)
    assert merged["merge_commit_sha"] == latest[0].id
    assert merged["squash_commit_sha"] in latest[0].parent_ids
    assert merged["squash_commit_sha"] != merged["sha"]


def test_conflicts_and_other_heads_and_people_without_a_right_are_refused(
    fake: FakeGitLab, connect: Connect, billing: Project, request_1: ProjectMergeRequest
) -> None:
    bob = connect(fake.world.personal_token("bob", "api")).projects.get(billing.id).mergerequests.get(1)
    assert refused(bob.merge) == (401, "401 Unauthorized")
    assert refused(request_1.merge, sha="0" * 40)[0] == 409
    fake.world.commit("acme/billing", "main", {"a.txt": "other text"})
    assert refused(request_1.merge) == (422, "Branch cannot be merged")
    assert billing.mergerequests.get(1).detailed_merge_status == "conflict"


def test_one_is_closed_and_another_opened_for_the_same_branch(billing: Project, request_1: ProjectMergeRequest) -> None:
    asked = {"source_branch": "task-1", "target_branch": "main", "title": "Again"}
    assert billing.mergerequests.update(1, {"state_event": "close"})["closed_by"]["username"] == "ada"
    assert billing.mergerequests.create(asked).iid == 2

    both = billing.mergerequests.list(source_branch="task-1")
    assert [(each.iid, each.state) for each in both] == [(2, "opened"), (1, "closed")]


def test_the_sha_of_a_new_one_may_come_later(fake: FakeGitLab, billing: Project) -> None:
    fake.world.late_shas = 2
    head = commit(billing, "task-1", {"a.txt": "text"})
    made = billing.mergerequests.create({"source_branch": "task-1", "target_branch": "main", "title": "Add"})

    assert [made.sha, billing.mergerequests.get(1).sha, billing.mergerequests.get(1).sha] == [None, None, head]


def test_quick_actions_are_done_and_taken_out_of_the_text(billing: Project, request_1: ProjectMergeRequest) -> None:
    changed = billing.mergerequests.update(1, {"description": "Text\n```\n/close\n```\n/target_branch other\nmore"})
    assert (changed["description"], changed["target_branch"]) == ("Text\n```\n/close\n```\nmore", "other")

    assert request_1.notes.create({"body": "So\n/close"}).body == "So"
    assert billing.mergerequests.get(1).state == "closed"


def test_those_from_forks_are_listed_too(fake: FakeGitLab, billing: Project, request_1: ProjectMergeRequest) -> None:
    fake.world.fork_merge_request(fake.world.project("acme/billing"), "task-1", "eve")

    listed = billing.mergerequests.list(source_branch="task-1", state="opened")

    assert [each.source_project_id == billing.id for each in listed] == [False, True]
    assert request_1.iid == 1


def test_lists_have_pages(ada: Gitlab, billing: Project) -> None:
    for number in range(5):
        commit(billing, f"task-{number}", {f"{number}.txt": "text"})
        billing.mergerequests.create({"source_branch": f"task-{number}", "target_branch": "main", "title": "Add"})

    listed = billing.mergerequests.list(per_page=2, page=2, iterator=False)
    assert [each.iid for each in listed] == [3, 2]
    assert [each.iid for each in billing.mergerequests.list(per_page=2, get_all=True)] == [5, 4, 3, 2, 1]
    assert len(ada.projects.list(search="billing")) == 1
