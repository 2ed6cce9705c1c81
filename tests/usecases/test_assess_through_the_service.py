"""The action `assess-application`: a repository of a code host is fetched, assessed apart, and removed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.actions.assessment.assess_application import assess_application_action
from scenedock.actions.effects import Effects
from scenedock.errors import InputError, NotAllowedError, NotFoundError
from scenedock.model.action import Caller, Context
from scenedock.model.json import JsonObject, as_list, as_object
from scenedock.runtime.settings import Settings
from tests.tools.effects import effects_with
from tests.tools.git_server import GitServer, git_server

TOKEN = "glpat-canary-0123456789"  # noqa: S105 - it opens nothing
HOST = """hosts:
  - host: {host}
    type: git
    api: {address}
    owners: [acme]
    username: robot
    token_file: token
    author: {{name: Scenedock, email: scenedock@acme.example}}
"""
SHOP = {"Gemfile": 'gem "rails"\ngem "pg"\n', "config/erp.properties": "erp.url=http://erp.acme.internal/\n"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "git") as running:
        running.token = TOKEN
        (tmp_path / "git" / "acme").mkdir()
        running.commit("acme/shop", SHOP)
        running.commit("acme/erp", {"pom.xml": "<packaging>war</packaging>\n"})
        yield running


@pytest.fixture
def context(server: GitServer, tmp_path: Path) -> Context[Effects]:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    host = HOST.format(host=server.address.removeprefix("http://"), address=server.address)
    (tmp_path / "hosts.yaml").write_text(host, encoding="utf-8")
    settings = Settings(data=tmp_path / "data", code_hosts=tmp_path / "hosts.yaml")
    return Context(Caller("test", "local", scope="run"), effects_with(settings))


def assess(context: Context[Effects], *repositories: str) -> JsonObject:
    return assess_application_action.run(context, {"repositories": list(repositories)})


def test_repositories_are_fetched_assessed_put_in_order_and_removed(
    server: GitServer, context: Context[Effects], tmp_path: Path
) -> None:
    found = assess(context, f"{server.address}/acme/erp", f"{server.address}/acme/shop#main")

    applications = [as_object(each) for each in as_list(found["applications"])]
    assert [(each["name"], each["readiness"]) for each in applications] == [("erp", "work"), ("shop", "work")]
    assert as_object(applications[1]["answers"])["database"] == "postgresql"
    assert [as_object(step)["applications"] for step in as_list(found["order"])] == [["shop"], ["erp"]]
    assert [path.name for path in (tmp_path / "data" / "applications").iterdir()] == [".gitignore"]


def test_what_is_not_in_the_list_is_refused_before_anything_is_fetched(
    server: GitServer, context: Context[Effects]
) -> None:
    for address, error in (
        (f"{server.address}/other/shop", NotAllowedError),
        ("https://elsewhere.example/acme/shop", NotAllowedError),
        ("file:///etc", InputError),
    ):
        with pytest.raises(error):
            assess(context, f"{server.address}/acme/shop", address)

    assert server.requests == []


def test_a_branch_that_is_not_there_is_said(server: GitServer, context: Context[Effects]) -> None:
    with pytest.raises(NotFoundError):
        assess(context, f"{server.address}/acme/shop#nowhere")
