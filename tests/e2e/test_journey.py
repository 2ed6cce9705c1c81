"""A person starts a service: its repository, its deployment by a pull request, its entities in the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.e2e.company import Company
from tests.e2e.projects import baked, comparable, contents
from tests.fakes.github.faults import missing_permission
from tests.tools.backstage import USER
from tests.tools.frontend import TaskRun
from tests.tools.server import SECONDS_TO_WAIT, wait_until

ANSWERS = {"name": "ledger", "description": "Keeps the “books”: all of them", "owner": "group:default/payments"}
COMPONENT, API = "component:default/ledger", "api:default/ledger"


@dataclass(frozen=True, slots=True)
class Journey:
    """What a person has filled in, and what came of it."""

    company: Company
    form: dict[str, Any]
    run: TaskRun

    def entity(self, reference: str) -> dict[str, Any]:
        """An entity of the catalog."""
        kind, _, name = reference.partition(":default/")
        (found,) = self.company.frontend.entities(f"kind={kind},metadata.name={name}")
        return found


@pytest.fixture(scope="module")
def journey(company: Company) -> Journey:
    """The Template for a new service, run to its end."""
    github = company.github
    picked = {"gitopsRepoUrl": github.picked("apps"), "team": "payments"}
    form = company.frontend.fill_in("new-python-service", {**ANSWERS, **picked})
    run = company.frontend.run("new-python-service", form)
    assert run.status == "completed", run.text
    return Journey(company, form, run)


@pytest.fixture(scope="module")
def merged(journey: Journey) -> Journey:
    """The same, and a reviewer has merged the pull request."""
    wait_until(lambda: journey.company.frontend.has([API]), "the API of the repository in the catalog")
    assert not journey.company.frontend.has([COMPONENT])
    (number,) = (
        each.number for each in journey.company.github.hosted("apps").pulls.values() if each.title.endswith("ledger")
    )
    journey.company.github.merge("apps", number)
    wait_until(lambda: journey.company.frontend.has([COMPONENT]), "the Component of the folder in the catalog")
    return journey


def test_the_repository_has_what_was_baked_in_one_commit_on_behalf_of_the_person(
    journey: Journey, tmp_path: Path
) -> None:
    made = baked(tmp_path, "microservice-python", {**ANSWERS, "organisation": "acme", "component": "deployment"})

    repository = journey.company.github.hosted("ledger")

    assert comparable(repository.files()) == comparable(contents(made))
    assert ".github/workflows/ci.yml" in repository.files()
    (commit,) = repository.git.commits("main")
    subject, _, trailers = commit.message.partition("\n\n")
    assert subject == "feat: add the first version of ledger"
    assert trailers.splitlines()[0] == f"Requested-by: {USER}"
    assert trailers.splitlines()[1].startswith("Scenedock-Task: ")
    assert (repository.description, repository.topics, repository.private) == (ANSWERS["description"], ["python"], True)
    assert repository.teams == {"payments": "maintain"}


def test_the_deployment_is_a_pull_request_that_a_reviewer_understands(journey: Journey, tmp_path: Path) -> None:
    github = journey.company.github
    answers = {
        "service": "ledger",
        "description": ANSWERS["description"],
        "owner": ANSWERS["owner"],
        "api": "ledger",
        "source_repository": f"https://{github.host}/acme/ledger",
        "image": "ghcr.io/acme/ledger",
        "ingress_domain": "",
    }
    made = baked(tmp_path, "deployment", answers)
    apps = github.hosted("apps")

    (pull,) = (each for each in apps.pulls.values() if each.title == "Deploy ledger")

    proposed = comparable(apps.files("deploy-ledger"))
    assert proposed == proposed | comparable(contents(made, below="ledger/"))
    assert (pull.base, pull.labels) == ("main", ["new service"])
    asked, _, trailers = (pull.body or "").partition("\n\n---\n")
    assert asked == (
        "<!-- scenedock: written again with each change -->\n"
        "Adds the new service **ledger**: Keeps the “books”: all of them\n\n"
        "| | |\n| --- | --- |\n"
        f"| Code | {github.fake.url}/acme/ledger |\n"
        "| Owner | `group:default/payments` |\n"
        "| Image | `ghcr.io/acme/ledger:0.1.0` |\n\n"
        "Before you merge this, the image must exist: the first pipeline of the repository of the code publishes it."
        "\n<!-- scenedock: end -->"
    )
    assert f"Requested-by: {USER}" in trailers


def test_the_person_is_told_where_everything_is_and_what_comes_next(journey: Journey) -> None:
    url = journey.company.github.fake.url

    links = {link["title"]: link.get("url") or link["entityRef"] for link in journey.run.output["links"]}

    assert links["Repository"] == f"{url}/acme/ledger"
    assert links["Pull request"].startswith(f"{url}/acme/apps/pull/")
    assert links["API in the catalog"] == API
    assert COMPONENT in journey.run.output["text"][0]["content"]


def test_the_api_of_the_new_repository_is_in_the_catalog_before_anything_is_deployed(journey: Journey) -> None:
    wait_until(lambda: journey.company.frontend.has([API]), "the API of the repository in the catalog")

    api = journey.entity(API)

    assert '"openapi"' in api["spec"]["definition"]
    assert {(each["type"], each["targetRef"]) for each in api["relations"]} >= {("ownedBy", "group:default/payments")}


def test_the_merged_folder_is_the_component_with_all_that_it_belongs_to(merged: Journey) -> None:
    component = merged.entity(COMPONENT)

    assert {(each["type"], each["targetRef"]) for each in component["relations"]} >= {
        ("ownedBy", "group:default/payments"),
        ("providesApi", API),
        ("dependsOn", "component:default/workload"),
    }
    annotations = component["metadata"]["annotations"]
    assert annotations["scenedock.dev/environments"] == "dev,production,qa"
    assert annotations["backstage.io/kubernetes-id"] == "ledger"
    assert merged.company.frontend.has(["component:default/workload"])


def test_no_entity_is_claimed_by_the_repository_and_the_folder(merged: Journey) -> None:
    wait_until(lambda: not merged.company.frontend.unprocessed(), "a catalog with nothing unprocessed")

    assert "conflicting entityRef" not in merged.company.backstage.said()
    assert "github:acme/ledger" not in str(merged.entity(COMPONENT)["metadata"]["annotations"])


def test_a_service_of_a_name_that_is_taken_is_refused_and_nothing_is_touched(journey: Journey) -> None:
    repository = journey.company.github.hosted("ledger")
    before = repository.git.commits("main"), repository.description

    run = journey.company.frontend.run("new-python-service", journey.form)

    assert run.status == "failed"
    assert "acme/ledger; it is not changed: use another name" in run.text
    assert (repository.git.commits("main"), repository.description) == before


def test_a_task_that_failed_half_way_is_retried_to_its_end_and_nothing_is_made_twice(company: Company) -> None:
    github = company.github
    picked = {"gitopsRepoUrl": github.picked("apps"), "team": "payments"}
    form = company.frontend.fill_in("new-python-service", {**ANSWERS, **picked, "name": "abacus"})
    for call in ("PUT .*/abacus/topics", "POST .*/apps/pulls"):
        github.fake.faults.add(call, before=missing_permission)

    runs = [company.frontend.run("new-python-service", form)]
    runs += [company.frontend.retry(runs[0]) for _ in range(3)]

    assert [run.status for run in runs] == ["failed", "failed", "completed", "completed"]
    assert runs[3].output == runs[2].output
    assert len(github.hosted("abacus").git.commits("main")) == 1
    assert github.hosted("abacus").description == ANSWERS["description"]
    assert [each.title for each in github.hosted("apps").pulls.values()].count("Deploy abacus") == 1


def test_a_pipeline_proposes_the_image_that_it_has_built(merged: Journey) -> None:
    company = merged.company
    given = {
        "repoUrl": company.github.apps.replace("http://", "https://"),
        "title": "ledger 0.2.0 to dev",
        "edits": [{"path": "ledger/values-dev.yaml", "set": {"workload.image.tag": "0.2.0"}}],
        "requestId": "ledger-0.2.0",
    }

    answers = [
        urllib3.request(
            "POST",
            f"{company.api}/actions/propose-change/invoke",
            json=given,
            headers={"Authorization": f"Bearer {company.pipeline}"},
            retries=False,
            timeout=SECONDS_TO_WAIT,
        )
        for _ in range(2)
    ]

    assert [answer.status for answer in answers] == [200, 200], answers[0].json()
    assert answers[0].json() == answers[1].json()
    made = answers[0].json()["output"]
    apps = company.github.hosted("apps")
    assert apps.pulls[made["number"]].title == given["title"]
    before, after = apps.files("main"), apps.files(made["branch"])
    mode, values = before.pop("ledger/values-dev.yaml")
    assert after.pop("ledger/values-dev.yaml") == (mode, values.replace(b'tag: "0.1.0"', b'tag: "0.2.0"'))
    assert after == before
