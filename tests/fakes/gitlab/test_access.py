"""Who may do what: tokens with scopes and an end, members of groups, projects that not everybody sees."""

from __future__ import annotations

import time
from typing import Any

import pytest
from gitlab import Gitlab
from gitlab.v4.objects import Project

from tests.fakes.gitlab.conftest import Connect
from tests.fakes.gitlab.server import FakeGitLab
from tests.fakes.gitlab.test_main_flow import refused

BRANCH = {"branch": "x", "ref": "main"}


def test_a_token_tells_of_itself_whatever_its_scopes(fake: FakeGitLab, connect: Connect) -> None:
    token = fake.world.personal_token("ada", "write_repository", days=30)

    told = connect(token).personal_access_tokens.get("self")

    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 24 * 3600))
    assert (told.scopes, told.active, told.revoked, told.expires_at) == (["write_repository"], True, False, day)
    assert (
        connect(fake.world.personal_token("ada", "api", days=None)).personal_access_tokens.get("self").expires_at
        is None
    )
    fake.world.tells_of_tokens = 404
    assert refused(connect(token).personal_access_tokens.get, "self")[0] == 404


def test_tokens_that_are_no_longer_good_say_so(fake: FakeGitLab, connect: Connect, billing: Project) -> None:
    good, bad = (connect(fake.world.personal_token("ada", "api")) for _ in range(2))
    fake.world.expire(good.private_token or "")
    fake.world.revoke(bad.private_token or "")

    for client, error in ((good, "invalid_token"), (bad, "invalid_token"), (connect("glpat-x"), "401 Unauthorized")):
        assert refused(client.projects.get, billing.id) == (401, error)


def test_scopes_say_what_a_token_may_do(fake: FakeGitLab, connect: Connect, billing: Project) -> None:
    reads = connect(fake.world.personal_token("ada", "read_api")).projects.get("acme/billing")
    assert refused(reads.branches.create, BRANCH) == (403, "insufficient_scope")

    only_git = connect(fake.world.personal_token("ada", "write_repository"))
    assert refused(only_git.projects.get, billing.id) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("level", "creates_branch", "sees_variables"), [(20, 403, 403), (30, None, 403), (40, None, None), (50, None, None)]
)
def test_a_level_says_what_a_member_may_do(
    fake: FakeGitLab, connect: Connect, billing: Project, level: int, creates_branch: int, sees_variables: int
) -> None:
    project = fake.world.project("acme/billing")
    mine = connect(fake.world.project_token(project, "api", level=level)).projects.get(billing.id)

    def status(function: Any, *arguments: Any) -> int | None:
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is has a status
            return int(error.response_code)  # type: ignore[attr-defined]
        return None

    assert (status(mine.branches.create, BRANCH), status(mine.variables.list)) == (creates_branch, sees_variables)


def test_members_of_a_group_have_their_level_in_what_is_below_it_and_nobody_else_sees_it(
    fake: FakeGitLab, connect: Connect
) -> None:
    world = fake.world
    made = world.create_project(world.group("acme/platform/charts"), "apps")
    ours = world.group_token(world.groups["acme/platform"], "api", level=30)

    assert connect(ours).projects.get("acme/platform/charts/apps").permissions["project_access"]["access_level"] == 30
    assert connect(ours).groups.get("acme/platform/charts").full_path == "acme/platform/charts"
    eve = connect(world.personal_token("eve", "api"))
    assert refused(eve.projects.get, made.id) == (404, "404 Project Not Found")
    assert refused(eve.groups.get, "acme/platform") == (404, "404 Group Not Found")
    assert refused(eve.namespaces.get, "acme") == (404, "404 Namespace Not Found")
    made.visibility = "public"
    assert eve.projects.get("ACME/platform/Charts/apps").id == made.id


def test_projects_are_made_where_one_may_make_them(fake: FakeGitLab, connect: Connect) -> None:
    group = fake.world.groups["acme"]
    eve = connect(fake.world.personal_token("eve", "api"))

    assert refused(eve.projects.create, {"name": "x", "namespace_id": group.id}) == (
        400,
        {"namespace": ["is not valid"]},
    )
    assert eve.projects.create({"name": "x"}).path_with_namespace == "eve/x"


def test_a_project_is_shared_with_a_group_once(
    fake: FakeGitLab, ada: Gitlab, connect: Connect, billing: Project
) -> None:
    partners = fake.world.group("partners", owners=("ada",), developers=("eve",))
    eve = connect(fake.world.personal_token("eve", "api"))

    billing.share(partners.id, 20)

    assert eve.projects.get(billing.id).permissions["project_access"]["access_level"] == 20
    assert refused(billing.share, partners.id, 30)[0] == 409
    billing.unshare(partners.id)
    assert refused(billing.unshare, partners.id)[0] == 404
    assert refused(eve.projects.get, billing.id)[0] == 404
    assert ada.groups.get("partners").id == partners.id
