"""Another client, by other people, goes the same way as python-gitlab."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.gitlab.server import FakeGitLab
from tests.tools.node import node, node_modules

_NODE = Path(__file__).parent / "node"


@contextmanager
def gitbeaker(url: str, token: str) -> Iterator[Any]:
    """What calls a method of the client by its name, and gives its answer or the status of its refusal."""
    command = [str(node()), str(_NODE / "client.mjs"), url, token]
    with subprocess.Popen(
        command, cwd=node_modules(_NODE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def call(name: str, *arguments: object) -> Any:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps({"call": name, "arguments": arguments}) + "\n")
            process.stdin.flush()
            told: dict[str, Any] = json.loads(process.stdout.readline())
            return told["answer"] if "answer" in told else told["status"]

        yield call
        process.stdin.close()


def test_a_project_a_commit_and_a_merged_merge_request(fake: FakeGitLab) -> None:
    charts = fake.world.group("acme/platform/charts")
    token = fake.world.group_token(fake.world.groups["acme"], "api")
    with gitbeaker(fake.url, token) as call:
        path = "acme/platform/charts/billing"
        assert call("Projects.show", path) == 404
        made = call("Projects.create", {"name": "billing", "namespaceId": charts.id, "topics": ["helm"]})
        assert (made["path_with_namespace"], made["topics"], made["empty_repo"]) == (path, ["helm"], True)
        assert call("Projects.create", {"name": "billing", "namespaceId": charts.id}) == 400
        assert call("PersonalAccessTokens.show", {"tokenId": "self"})["scopes"] == ["api"]

        first = [{"action": "create", "filePath": "values.yaml", "content": "tag: 1.0.0\n"}]
        call("Commits.create", path, "main", "Begin", first)
        edit = [{"action": "update", "filePath": "values.yaml", "content": "tag: 1.1.0\n"}]
        head = call("Commits.create", path, "task-1", "New tag", edit, {"startBranch": "main"})["id"]
        assert call("ProtectedBranches.show", path, "main")["push_access_levels"][0]["access_level"] == 40

        bob = call("Users.all", {"username": "bob"})[0]["id"]
        asked = [path, "task-1", "main", "Draft: New tag"]
        request = call("MergeRequests.create", *asked, {"description": "For Jane", "reviewerIds": [bob]})
        assert (request["iid"], request["draft"], request["sha"]) == (1, True, head)
        assert call("MergeRequests.create", *asked) == 409
        assert call("MergeRequests.merge", path, 1) == 405
        changed = call("MergeRequests.edit", path, 1, {"title": "New tag", "addLabels": "deploy"})
        assert (changed["labels"], [each["username"] for each in changed["reviewers"]]) == (["deploy"], ["bob"])
        assert call("MergeRequestNotes.create", path, 1, "Looks good")["body"] == "Looks good"
        listed = call("MergeRequests.all", {"projectId": path, "sourceBranch": "task-1", "state": "opened"})
        assert [each["iid"] for each in listed] == [1]

        variable = {"masked": True, "raw": True}
        assert call("ProjectVariables.create", path, "TOKEN", "s3cret-value", variable)["masked"] is True
        assert call("ProjectVariables.create", path, "SHORT", "short", variable) == 400
        assert call("MergeRequests.merge", path, 1, {"squash": True})["state"] == "merged"
        assert call("RepositoryFiles.showRaw", path, "values.yaml", "main") == "tag: 1.1.0\n"
        assert call("Projects.edit", path, {"description": "Bills"})["description"] == "Bills"
