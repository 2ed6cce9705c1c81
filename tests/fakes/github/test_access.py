"""Who may do what: people with scopes and roles, apps with permissions, and tokens that end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from github import Auth, BadCredentialsException, Github, GithubException, GithubIntegration
from github.InputGitTreeElement import InputGitTreeElement
from github.Organization import Organization
from github.Repository import Repository

from tests.fakes.github.conftest import Connect, connected
from tests.fakes.github.model import App
from tests.fakes.github.server import FakeGitHub

PERMISSIONS = {"administration": "write", "contents": "write", "pull_requests": "write", "members": "read"}


@pytest.fixture
def app(fake: FakeGitHub) -> App:
    made = fake.world.app("scenedock", "acme", PERMISSIONS)
    fake.world.install(made, "acme")
    return made


@pytest.fixture
def integration(fake: FakeGitHub, app: App) -> Iterator[GithubIntegration]:
    with integrated(fake, Auth.AppAuth(app.id, app.private_key)) as made:
        yield made


def integrated(fake: FakeGitHub, auth: Auth.AppAuth) -> GithubIntegration:
    """The real client of an app, without its pauses."""
    return GithubIntegration(
        auth=auth, base_url=fake.url, retry=None, seconds_between_requests=0, seconds_between_writes=0
    )


def status(call: Callable[..., Any], *arguments: Any) -> int:
    """The status with which a call is refused."""
    with pytest.raises(GithubException) as caught:
        call(*arguments)
    return caught.value.status


def test_an_app_acts_with_the_token_of_its_installation(
    fake: FakeGitHub, app: App, integration: GithubIntegration
) -> None:
    installation = integration.get_org_installation("acme")
    first, second = (integration.get_access_token(installation.id) for _ in range(2))

    assert [each.id for each in integration.get_installations()] == [installation.id]
    assert integration.get_app().slug == "scenedock"
    assert first.token != second.token
    with connected(fake.url, first.token) as client:
        made = client.get_organization("acme").create_repo("billing", auto_init=True, private=True)
        assert made.get_commit("main").commit.author.name == "scenedock[bot]"
        assert integration.get_repo_installation("acme", "billing").id == installation.id
        # What only a person has.
        assert status(lambda: client.get_user().login) == 403
    assert {each.caller for each in fake.calls} == {"app scenedock", "scenedock[bot]"}


def test_a_token_may_be_for_less_than_its_installation(
    fake: FakeGitHub, app: App, integration: GithubIntegration, billing: Repository
) -> None:
    installation = integration.get_org_installation("acme")
    token = integration.get_access_token(installation.id, permissions={"contents": "read"})

    assert token.permissions == {"contents": "read"}
    with connected(fake.url, token.token) as client:
        assert client.get_repo("acme/billing").get_branch("main").name == "main"
        with pytest.raises(GithubException, match="Resource not accessible by integration") as caught:
            client.get_repo("acme/billing").create_git_blob("text", "utf-8")
        assert (caught.value.headers or {})["x-accepted-github-permissions"] == "contents=write"
    assert status(lambda: integration.get_access_token(installation.id, {"secrets": "write"})) == 422


def test_an_installation_on_some_repositories_sees_no_others(
    fake: FakeGitHub, app: App, integration: GithubIntegration, acme: Organization, billing: Repository
) -> None:
    acme.create_repo("payroll", private=True)
    fake.world.installations.clear()
    installed = fake.world.install(app, "acme", fake.world.repository("acme/billing"))

    with connected(fake.url, integration.get_access_token(installed.id).token) as client:
        assert client.get_repo("acme/billing").name == "billing"
        assert status(client.get_repo, "acme/payroll") == 404
        client.get_organization("acme").create_repo("invoices", private=True)
        assert client.get_repo("acme/invoices").name == "invoices"
    assert status(integration.get_repo_installation, "acme", "payroll") == 404


def test_an_app_may_write_workflows_only_with_that_permission(
    fake: FakeGitHub, app: App, integration: GithubIntegration, billing: Repository
) -> None:
    workflow = InputGitTreeElement(".github/workflows/ci.yaml", "100644", "blob", content="on: push\n")
    installation = integration.get_org_installation("acme")

    with connected(fake.url, integration.get_access_token(installation.id).token) as client:
        held = client.get_repo("acme/billing")
        assert status(held.create_git_tree, [workflow]) == 403


@pytest.mark.parametrize(
    "claims",
    [{"exp": 3600}, {"exp": -1}, {"iat": 3600}, {"iss": "0"}, {"iss": None}],
    ids=["too long", "over", "of tomorrow", "of nobody", "anonymous"],
)
def test_the_signature_of_an_app_must_be_right(fake: FakeGitHub, app: App, claims: dict[str, object]) -> None:
    now = int(time.time())
    given = {name: now + value if isinstance(value, int) else value for name, value in claims.items()}
    said = {"iat": now, "exp": now + 300, "iss": str(app.id), **given}
    signed = jwt.encode({name: value for name, value in said.items() if value is not None}, app.key, "RS256")

    with connected(fake.url, Auth.Token(signed)) as client:
        assert status(lambda: client.requester.requestJsonAndCheck("GET", "/app")) == 401


def test_the_signature_of_another_key_is_none(fake: FakeGitHub, app: App) -> None:
    other = fake.world.app("other", "acme", {})
    forged = Auth.AppAuth(app.id, other.private_key)

    with integrated(fake, forged) as client:
        assert status(client.get_app) == 401


def test_tokens_that_are_unknown_expired_or_revoked_are_bad_credentials(
    fake: FakeGitHub, connect: Connect, billing: Repository
) -> None:
    expired, revoked = (fake.world.personal_token("ada", "repo") for _ in range(2))
    fake.world.expire(expired)
    fake.world.revoke(revoked)

    for token in ("ghp_unknown", expired, revoked):
        with pytest.raises(BadCredentialsException, match="Bad credentials"):
            connect(token).get_repo("acme/billing")


def test_a_token_of_an_installation_ends(fake: FakeGitHub, app: App, integration: GithubIntegration) -> None:
    fake.world.token_seconds = 0

    token = integration.get_access_token(integration.get_org_installation("acme").id)

    with connected(fake.url, token.token) as client, pytest.raises(BadCredentialsException):
        client.get_organization("acme")


def test_people_need_scopes_and_roles(fake: FakeGitHub, connect: Connect, ada: Github, billing: Repository) -> None:
    unscoped, member, stranger = (
        connect(fake.world.personal_token(login, *scopes))
        for login, *scopes in (("ada", "read:org"), ("bob", "repo"), ("eve", "repo"))
    )

    assert status(unscoped.get_repo, "acme/billing") == 404
    assert status(stranger.get_repo, "acme/billing") == 404
    assert status(unscoped.get_organization("acme").create_repo, "payroll") == 403
    assert status(stranger.get_organization("acme").create_repo, "payroll") == 403
    seen = member.get_repo("acme/billing")
    assert status(seen.create_git_blob, "text", "utf-8") == 404
    assert status(seen.replace_topics, ["helm"]) == 403

    billing.add_to_collaborators("bob", "push")
    assert seen.create_git_blob("text", "utf-8").sha


def test_a_team_gives_its_members_access(
    fake: FakeGitHub, connect: Connect, billing: Repository, acme: Organization
) -> None:
    fake.world.team("acme", "platform", "bob")
    acme.get_team_by_slug("platform").update_team_repository(billing, "push")

    bob = connect(fake.world.personal_token("bob", "repo"))
    assert bob.get_repo("acme/billing").create_git_blob("text", "utf-8").sha
    assert status(acme.get_team_by_slug, "nobody") == 404
