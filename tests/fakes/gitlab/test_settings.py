"""Variables, protected branches and approval rules are taken and refused as GitLab documents it."""

from __future__ import annotations

import pytest
from gitlab import Gitlab
from gitlab.v4.objects import Project

from tests.fakes.gitlab.conftest import commit
from tests.fakes.gitlab.server import FakeGitLab
from tests.fakes.gitlab.test_main_flow import refused


@pytest.mark.parametrize(
    ("value", "raw", "taken"),
    [
        ("12345678", False, True),
        ("1234567", False, False),
        ("a+/=@:.~-_b", False, True),
        ("with$dollar", False, False),
        ("with$dollar", True, True),
        ("with a space", True, False),
        ("two\nlines-of-it", True, False),
    ],
)
def test_only_what_can_be_masked_is_taken_as_masked(billing: Project, value: str, raw: bool, taken: bool) -> None:  # noqa: FBT001
    given = {"key": "TOKEN", "value": value, "masked": True, "raw": raw, "protected": True}

    if not taken:
        assert refused(billing.variables.create, given) == (400, {"value": ["is invalid"]})
        return
    made = billing.variables.create(given)
    assert (made.value, made.masked, made.protected, made.raw) == (value, True, True, raw)


def test_a_variable_is_made_once_and_changed_then(billing: Project) -> None:
    billing.variables.create({"key": "A", "value": "1"})
    assert refused(billing.variables.create, {"key": "A", "value": "2"}) == (
        400,
        {"key": ["(A) has already been taken"]},
    )
    assert refused(billing.variables.create, {"key": "A-B", "value": "2"})[0] == 400

    billing.variables.update("A", {"value": "2"})

    assert [(each.key, each.value) for each in billing.variables.list()] == [("A", "2")]
    hidden = billing.variables.create({"key": "B", "value": "12345678", "masked_and_hidden": True})
    assert (hidden.value, hidden.hidden, hidden.masked) == (None, True, True)


def test_protected_branches_are_replaced_and_not_changed(billing: Project) -> None:
    rules = {"name": "main", "push_access_level": 0, "merge_access_level": 30}
    assert refused(billing.protectedbranches.create, rules)[0] == 409
    billing.protectedbranches.delete("main")
    made = billing.protectedbranches.create(rules)

    assert [made.push_access_levels[0]["access_level"], made.merge_access_levels[0]["access_level"]] == [0, 30]
    assert refused(billing.branches.delete, "main")[0] == 403
    assert refused(billing.protectedbranches.delete, "release/*")[0] == 404


def test_approvals_hold_a_merge_up_where_the_plan_has_them(fake: FakeGitLab, billing: Project) -> None:
    rule = {"name": "Any", "rule_type": "any_approver", "approvals_required": 1}
    made = billing.approvalrules.create(rule)
    assert refused(billing.approvalrules.create, rule)[0] == 400
    billing.approvalrules.update(made.id, {"approvals_required": 2})
    commit(billing, "task-1", {"a.txt": "text"})
    request = billing.mergerequests.create({"source_branch": "task-1", "target_branch": "main", "title": "Add"})

    assert request.detailed_merge_status == "not_approved"
    assert refused(request.merge)[0] == 405
    request.merge(auto_merge=True)
    held = fake.world.project("acme/billing")
    fake.approve(held, 1)
    assert (held.merge_requests[1].state, held.merge_requests[1].auto_merge is not None) == ("opened", True)
    fake.approve(held, 1)
    assert held.merge_requests[1].state == "merged"


@pytest.mark.parametrize("status", [404, 403])
def test_the_free_plan_has_no_approval_rules_and_one_reviewer(fake: FakeGitLab, billing: Project, status: int) -> None:
    fake.world.groups["acme"].plan, fake.world.without_approvals = "free", status
    commit(billing, "task-1", {"a.txt": "text"})
    both = [fake.world.users[name].id for name in ("ada", "bob")]
    asked = {"source_branch": "task-1", "target_branch": "main", "title": "Add", "reviewer_ids": both}
    request = billing.mergerequests.create(asked)

    assert refused(billing.approvalrules.list)[0] == status
    assert refused(request.approval_rules.list)[0] == status
    assert [each["username"] for each in request.reviewers] == ["ada"]


def test_a_project_is_described_anew(fake: FakeGitLab, ada: Gitlab, billing: Project) -> None:
    commit(billing, "trunk", {"a.txt": "text"})
    given = {"description": "Bills", "topics": ["helm"], "default_branch": "trunk"}
    ada.projects.update(billing.id, given)

    assert refused(ada.projects.update, billing.id, {"default_branch": "none"})[0] == 400
    assert refused(ada.projects.update, billing.id, {"visibility": "public"}) == (
        400,
        {"visibility_level": ["public is not allowed in a private group."]},
    )
    held = fake.world.project("acme/billing")
    assert (held.description, held.topics, held.default_branch) == ("Bills", ["helm"], "trunk")
