"""A company whose code is on GitLab: a person starts a service and deploys another, and both are in the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.code_host_gitlab import GROUP, CompanyGitLab
from tests.e2e.company import Company, company_in
from tests.e2e.projects import baked, comparable, contents
from tests.fakes.gitlab.model import MAINTAINER
from tests.fakes.gitlab.server import fake_gitlab
from tests.tools.backstage import USER
from tests.tools.frontend import TaskRun
from tests.tools.server import wait_until

SERVICE = {"name": "ledger", "description": "Keeps the books", "owner": "group:default/payments"}
DEPLOYMENT = {"service": "books", "owner": "group:default/payments", "image": "registry.example.com/acme/books"}


@pytest.fixture(scope="module")
def on_gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company, with everything running; afterwards it is certain that nothing has left this machine."""
    folder = tmp_path_factory.mktemp("company-on-gitlab")
    with fake_gitlab(folder / "gitlab") as gitlab:
        made = company_in(folder, gitlab)
        try:
            made.start()
            yield made
        finally:
            made.stop()
    assert "LEFT LOOPBACK" not in made.backstage.said()


@pytest.fixture(scope="module")
def gitlab(on_gitlab: Company) -> CompanyGitLab:
    assert isinstance(on_gitlab.hosting, CompanyGitLab)
    return on_gitlab.hosting


@pytest.fixture(scope="module")
def started(on_gitlab: Company, gitlab: CompanyGitLab) -> TaskRun:
    """The Template for a new service, run to its end."""
    picked = {"gitopsRepoUrl": gitlab.picked("apps"), "organisation": GROUP, "team": "acme/payments", "ci": "gitlab"}
    form = on_gitlab.frontend.fill_in("new-python-service", {**SERVICE, **picked})
    run = on_gitlab.frontend.run("new-python-service", form)
    assert run.status == "completed", run.text
    return run


def merge(company: Company, gitlab: CompanyGitLab, branch: str, *entities: str) -> None:
    """A reviewer merges the only merge request of a branch, and what it adds is in the catalog soon after."""
    (request,) = (each for each in gitlab.hosted("apps").merge_requests.values() if each.source_branch == branch)
    gitlab.merge("apps", request.iid)
    wait_until(lambda: company.frontend.has(entities), f"{entities} in the catalog")


def test_a_new_service_is_a_project_and_a_merge_request_on_behalf_of_the_person(
    gitlab: CompanyGitLab, started: TaskRun, tmp_path: Path
) -> None:
    answers = {**SERVICE, "organisation": GROUP, "component": "deployment", "ci": "gitlab"}
    made = baked(tmp_path, "microservice-python", answers)
    project = gitlab.hosted("ledger")
    (commit,) = project.git.commits("main")

    assert comparable(project.files()) == comparable(contents(made))
    assert ".gitlab-ci.yml" in project.files()
    assert commit.message.splitlines()[2] == f"Requested-by: {USER}"
    assert (project.description, project.topics, project.visibility) == (SERVICE["description"], ["python"], "private")
    assert project.shares == {gitlab.fake.world.groups["acme/payments"].id: MAINTAINER}
    links = {link["title"]: link.get("url") for link in started.output["links"]}
    assert links["Repository"] == f"{gitlab.fake.url}/{GROUP}/ledger"
    assert links["Pull request"] == f"{gitlab.apps}/-/merge_requests/1"
    request = gitlab.hosted("apps").merge_requests[1]
    assert (request.title, request.labels, request.target_branch) == ("Deploy ledger", ["new service"], "main")
    assert f"| Code | {gitlab.fake.url}/{GROUP}/ledger |" in (request.description or "")
    assert f"| Image | `registry.gitlab.com/{GROUP}/ledger:0.1.0` |" in (request.description or "")


def test_the_merge_brings_the_service_to_the_catalog_with_its_api_by_a_webhook(
    on_gitlab: Company, gitlab: CompanyGitLab, started: TaskRun
) -> None:
    wait_until(lambda: on_gitlab.frontend.has(["api:default/ledger"]), "the API of the project in the catalog")

    merge(on_gitlab, gitlab, "deploy-ledger", "component:default/ledger")

    (component,) = on_gitlab.frontend.entities("kind=component,metadata.name=ledger")
    related = {(each["type"], each["targetRef"]) for each in component["relations"]}
    assert related >= {("ownedBy", "group:default/payments"), ("providesApi", "api:default/ledger")}
    annotations: dict[str, Any] = component["metadata"]["annotations"]
    assert annotations["backstage.io/managed-by-origin-location"] == f"url:{on_gitlab.feed}"
    assert annotations["scenedock.dev/environments"] == "dev,production,qa"
    answers = {status for each in gitlab.fake.webhooks.deliveries for status in each.statuses}
    assert answers - {0} == {202}  # 0: a busy machine took longer than GitLab waits
    assert started.status == "completed"


def test_a_person_deploys_a_service_by_a_merge_request(on_gitlab: Company, gitlab: CompanyGitLab) -> None:
    form = on_gitlab.frontend.fill_in("new-deployment", {**DEPLOYMENT, "repoUrl": gitlab.picked("apps")})

    run = on_gitlab.frontend.run("new-deployment", form)

    assert run.status == "completed", run.text
    assert run.output["links"][0]["url"].startswith(f"{gitlab.apps}/-/merge_requests/")
    merge(on_gitlab, gitlab, "deploy-books", "component:default/books")
