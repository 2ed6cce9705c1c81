"""A real client goes from a new project to a merged merge request."""

from __future__ import annotations

from typing import Any

import pytest
from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from tests.fakes.gitlab.server import FakeGitLab


def refused(function: Any, *arguments: Any, **named: Any) -> tuple[int | None, Any]:
    """The status and the message of a refusal."""
    with pytest.raises(GitlabError) as caught:
        function(*arguments, **named)
    return caught.value.response_code, caught.value.error_message


@pytest.mark.parametrize("below", ["", "/gitlab"])
def test_a_project_a_commit_and_a_merged_merge_request(fake: FakeGitLab, below: str) -> None:
    charts = fake.world.group("acme/platform/charts")
    with Gitlab(f"{fake.url}{below}", private_token=fake.world.personal_token("ada", "api")) as ada:
        assert ada.namespaces.get("acme/platform/charts").id == charts.id
        given = {"name": "Billing", "path": "billing", "namespace_id": charts.id, "topics": ["helm"]}
        made = ada.projects.create({**given, "description": "Bills", "visibility": "private"})
        assert refused(ada.projects.create, given)[0] == 400
        assert refused(ada.projects.get, "acme/platform/charts/none") == (404, "404 Project Not Found")
        project = ada.projects.get("acme/platform/charts/billing")
        assert (project.id, project.description, project.topics) == (made.id, "Bills", ["helm"])
        assert (project.default_branch, project.empty_repo) == (None, True)
        assert project.http_url_to_repo == f"{fake.url}{below}/acme/platform/charts/billing.git"

        files = {"values.yaml": "tag: 1.0.0\n", "a/b.txt": "hello\n"}
        actions = [{"action": "create", "file_path": path, "content": text} for path, text in files.items()]
        project.commits.create({"branch": "main", "commit_message": "Add files", "actions": actions})
        edit = {"action": "update", "file_path": "values.yaml", "content": "tag: 1.1.0\n"}
        change = {"branch": "task-1", "start_branch": "main", "commit_message": "New tag", "actions": [edit]}
        head = project.commits.create(change).id

        assert ada.projects.get(made.id).default_branch == "main"
        assert project.protectedbranches.get("main").push_access_levels[0]["access_level"] == 40
        assert project.branches.get("task-1").commit["id"] == head

        bob = ada.users.list(username="BOB")[0]
        asked = {"source_branch": "task-1", "target_branch": "main", "title": "Draft: New tag"}
        request = project.mergerequests.create({**asked, "description": "For Jane", "reviewer_ids": [bob.id]})
        assert (request.iid, request.state, request.draft, request.sha) == (1, "opened", True, head)
        assert [each["username"] for each in request.reviewers] == ["bob"]
        message = "Another open merge request already exists for this source branch: !1"
        assert refused(project.mergerequests.create, asked) == (409, [message])
        assert refused(project.mergerequests.create, {**asked, "source_branch": "none"})[0] == 422
        assert refused(request.merge) == (405, "405 Method Not Allowed")

        request.notes.create({"body": "Looks good"})
        project.mergerequests.update(1, {"title": "New tag", "add_labels": "scenedock,deploy"})
        listed = project.mergerequests.list(source_branch="task-1", state="opened")
        assert [(each.iid, each.labels, each.title) for each in listed] == [(1, ["deploy", "scenedock"], "New tag")]
        assert [each.body for each in project.mergerequests.get(1).notes.list()] == ["Looks good"]

        request.merge(should_remove_source_branch=True)
        merged = project.mergerequests.get(1)
        assert (merged.state, merged.merged_by["username"], merged.sha) == ("merged", "ada", head)
        assert merged.merge_commit_sha == project.branches.get("main").commit["id"]
        assert [each.name for each in project.branches.list()] == ["main"]
        assert project.files.raw("values.yaml", ref="main") == b"tag: 1.1.0\n"
        assert merged.web_url == f"{fake.url}{below}/acme/platform/charts/billing/-/merge_requests/1"
