"""Repositories, their branches and protection, variables and secrets."""

from __future__ import annotations

import pytest
from github import Github, GithubException
from github.Organization import Organization
from github.Repository import Repository

from tests.fakes.github.conftest import Connect, commit
from tests.fakes.github.server import FakeGitHub


def protect(repository: Repository, *, enforce_admins: bool) -> None:
    """Let main change by approved pull requests only; each switch is given, for the client sends null without."""
    repository.get_branch("main").edit_protection(
        required_approving_review_count=1,
        enforce_admins=enforce_admins,
        required_linear_history=False,
        required_conversation_resolution=False,
        lock_branch=False,
        allow_fork_syncing=False,
        block_creations=False,
        allow_deletions=False,
    )


def test_a_name_is_taken_once_whatever_its_case(acme: Organization, billing: Repository) -> None:
    with pytest.raises(GithubException) as caught:
        acme.create_repo("Billing")

    assert caught.value.status == 422
    assert caught.value.data["errors"][0]["message"] == "name already exists on this account"


def test_a_repository_is_described_changed_and_deleted(fake: FakeGitHub, ada: Github, acme: Organization) -> None:
    made = ada.get_user().create_repo("notes", description="Mine", homepage="https://notes.example.org")
    assert (made.full_name, made.visibility, made.homepage) == ("ada/notes", "public", "https://notes.example.org")

    made.edit(name="diary", description="Ours", visibility="private", has_wiki=False)
    assert (made.full_name, made.description, made.private, made.has_wiki) == ("ada/diary", "Ours", True, False)

    made.delete()
    with pytest.raises(GithubException):
        ada.get_repo("ada/diary")


def test_the_former_name_of_a_repository_leads_to_it_until_another_takes_it(
    fake: FakeGitHub, ada: Github, acme: Organization, billing: Repository
) -> None:
    fake.world.rename(fake.world.repository("acme/billing"), "invoices")

    assert ada.get_repo("acme/billing").full_name == "acme/invoices"
    assert [each.status for each in fake.calls][-2:] == [301, 200]
    # The client neither follows this one nor takes it for an error.
    billing.create_git_blob("text", "utf-8")
    assert fake.calls[-1].status == 307

    acme.create_repo("billing")
    assert ada.get_repo("acme/billing").full_name == "acme/billing"


def test_a_branch_is_renamed_with_all_that_names_it(fake: FakeGitHub, billing: Repository) -> None:
    commit(billing, "task-1", {"a.txt": "text"})
    billing.create_pull(base="main", head="task-1", title="Add")

    billing.rename_branch("main", "trunk")

    assert [branch.name for branch in billing.get_branches()] == ["task-1", "trunk"]
    assert billing.get_pull(1).base.ref == "trunk"
    assert fake.world.repository("acme/billing").default_branch == "trunk"


def test_a_protected_branch_changes_by_pull_request_only(
    fake: FakeGitHub, billing: Repository, connect: Connect
) -> None:
    sha = commit(billing, "task-1", {"a.txt": "text"})
    pull = billing.create_pull(base="main", head="task-1", title="Add")
    protect(billing, enforce_admins=True)
    reviews = billing.get_branch("main").get_protection().required_pull_request_reviews

    assert (reviews.required_approving_review_count, billing.get_branch("main").protected) == (1, True)
    main = billing.get_git_ref("heads/main")
    for refused, status in ((lambda: main.edit(sha), 422), (main.delete, 422), (pull.merge, 405)):
        with pytest.raises(GithubException) as caught:
            refused()
        assert caught.value.status == status
    with pytest.raises(GithubException) as caught:
        billing.create_file("b.txt", "Add", "text")
    assert caught.value.status == 409

    protect(billing, enforce_admins=False)
    assert pull.merge().merged


def test_variables_are_made_listed_and_changed(fake: FakeGitHub, billing: Repository) -> None:
    for number in range(12):
        billing.create_variable(f"NAME_{number}", "a")
    billing.get_variable("NAME_0").edit("b")

    assert len(list(billing.get_variables())) == 12
    assert fake.world.repository("acme/billing").variables["NAME_0"].value == "b"
    with pytest.raises(GithubException) as caught:
        billing.create_variable("NAME_1", "again")
    assert caught.value.status == 409


def test_a_secret_is_kept_sealed_and_its_sender_meant_it(fake: FakeGitHub, billing: Repository) -> None:
    billing.create_secret("DEPLOY_TOKEN", "opens sesame")
    held = fake.world.repository("acme/billing")

    assert "sesame" not in held.secrets["DEPLOY_TOKEN"].sealed
    assert held.unsealed() == {"DEPLOY_TOKEN": "opens sesame"}
    assert [each.name for each in billing.get_secrets()] == ["DEPLOY_TOKEN"]
    for key_id, value in (
        (billing.get_public_key().key_id, "cGxhaW4="),
        ("another", held.secrets["DEPLOY_TOKEN"].sealed),
    ):
        with pytest.raises(GithubException) as caught:
            billing.requester.requestJsonAndCheck(
                "PUT", f"{billing.url}/actions/secrets/OTHER", input={"encrypted_value": value, "key_id": key_id}
            )
        assert caught.value.status == 422
