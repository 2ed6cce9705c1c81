"""GitHub's other API: who asks, refs that move only from where they are, and merging by itself."""

from __future__ import annotations

from typing import Any

import pytest
from github.Repository import Repository

from tests.fakes.github.conftest import Connect, commit
from tests.fakes.github.server import FakeGitHub

PROTECTION = {
    "required_status_checks": None,
    "enforce_admins": True,
    "required_pull_request_reviews": {"required_approving_review_count": 1},
    "restrictions": None,
}


def mutate(repository: Repository, name: str, values: dict[str, Any]) -> dict[str, Any]:
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation($i: {kind}!) {{ {name}(input: $i) {{ clientMutationId }} }}"
    body: dict[str, Any]
    _, body = repository._requester.requestJsonAndCheck(
        "POST", repository._requester.graphql_url, input={"query": query, "variables": {"i": values}}
    )
    return body


def move(repository: Repository, branch: str, before: str, after: str) -> dict[str, Any]:
    ref = {"name": f"refs/heads/{branch}", "beforeOid": before, "afterOid": after, "force": True}
    return mutate(repository, "updateRefs", {"repositoryId": repository.node_id, "refUpdates": [ref]})


def test_a_branch_is_replaced_only_from_where_it_is(fake: FakeGitHub, billing: Repository) -> None:
    first, other = commit(billing, "task-1", {"a.txt": "text"}), commit(billing, "task-2", {"b.txt": "text"})

    moved = move(billing, "task-1", first, other)
    refused = move(billing, "task-1", first, first)

    assert moved == {"data": {"updateRefs": {"clientMutationId": None}}}
    assert (refused["data"], refused["errors"][0]["type"]) == ({"updateRefs": None}, "UNPROCESSABLE")
    assert fake.world.repository("acme/billing").branch("task-1") == other


def test_it_says_who_asks_also_to_an_app(fake: FakeGitHub, connect: Connect, billing: Repository) -> None:
    app = fake.world.app("robot", "acme", {"metadata": "read"})
    robot = connect(fake.world.installation_token(fake.world.install(app, "acme"), {"metadata": "read"}, None).value)

    asked = [
        client.requester.requestJsonAndCheck(
            "POST", client.requester.graphql_url, input={"query": "query { viewer { login } }"}
        )[1]
        for client in (connect(fake.world.personal_token("bob")), robot)
    ]

    assert asked == [{"data": {"viewer": {"login": login}}} for login in ("bob", "robot[bot]")]


def test_what_is_not_in_the_schema_is_a_violation(fake: FakeGitHub, billing: Repository) -> None:
    for values in ({"repositoryId": billing.node_id}, {"repositoryId": billing.node_id, "refUpdates": [{"nam": "x"}]}):
        with pytest.raises(Exception, match="Not as GitHub describes its API"):
            mutate(billing, "updateRefs", values)

    assert len(fake.violations) == 2
    fake.violations.clear()


def test_a_pull_request_merges_by_itself_only_where_that_is_allowed_and_rules_hold_it(
    fake: FakeGitHub, billing: Repository
) -> None:
    commit(billing, "task-1", {"a.txt": "text"})
    pull = billing.create_pull(base="main", head="task-1", title="Add")
    held = fake.world.repository("acme/billing")

    def enable() -> str:
        body = mutate(billing, "enablePullRequestAutoMerge", {"pullRequestId": pull.node_id, "mergeMethod": "SQUASH"})
        return str(body["errors"][0]["message"]) if "errors" in body else ""

    said = [enable()]
    held.settings["allow_auto_merge"] = True
    said.append(enable())
    held.protection["main"] = PROTECTION
    said.append(enable())

    assert said == [
        "Pull request Auto merge is not allowed for this repository",
        "Pull request Pull request is in clean status",
        "",
    ]
    shown = billing.get_pull(1)
    assert (shown.mergeable_state, shown.raw_data["auto_merge"]["merge_method"]) == ("blocked", "squash")
