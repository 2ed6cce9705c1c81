"""The Templates that ship with Scenedock, each run as a person runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.company import OUR_TEMPLATES, Company
from tests.e2e.projects import baked, comparable, contents
from tests.tools.server import wait_until

OF_A_SERVICE = {"owner": "group:default/payments", "image": "registry.example.com/acme/books"}


def text(output: dict[str, object]) -> str:
    """The text that is shown when a task has ended."""
    shown = output["text"]
    assert isinstance(shown, list)
    return "\n".join(str(each["content"]) for each in shown)


def test_a_person_checks_a_catalog_file_and_sees_every_problem_with_its_line(company: Company) -> None:
    content = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: billing}\nspec: {type: service}\n"

    run = company.frontend.run("check-entities", {"content": content})

    assert run.status == "completed", run.text
    assert "**Backstage refuses this file.** Entities: 1." in text(run.output)
    assert "owner" in text(run.output)
    assert "lifecycle" in text(run.output)


def test_a_person_is_told_that_a_catalog_file_is_right(company: Company) -> None:
    run = company.frontend.run(
        "check-entities",
        {"content": "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: {name: shop}\nspec: {owner: shop}\n"},
    )

    assert run.status == "completed", run.text
    assert "**Backstage accepts this file.** Entities: 1." in text(run.output)


def test_a_person_reviews_the_catalog_of_all_repositories(company: Company) -> None:
    run = company.frontend.run("review-catalog", {})

    assert run.status == "completed", run.text
    assert f"- Component: {company.exported()['Component']}" in text(run.output)
    assert "**apps/statement-mailer/Chart.yaml**" in text(run.output)


def test_a_person_reviews_one_repository(company: Company) -> None:
    run = company.frontend.run("review-catalog", {"repository": "apps"})

    assert run.status == "completed", run.text


@pytest.mark.parametrize(
    ("template", "answers", "branch", "title"),
    [
        (
            "new-library-chart",
            {"name": "microservice", "owner": "group:default/platform"},
            "add-microservice",
            "Add the library chart microservice",
        ),
        (
            "new-deployment",
            {**OF_A_SERVICE, "service": "books", "environment_qa": False},
            "deploy-books",
            "Deploy books",
        ),
        (
            "new-deployment",
            {**OF_A_SERVICE, "service": "tills", "layout": "cluster", "library_source": "registry"},
            "deploy-tills",
            "Deploy tills",
        ),
    ],
    ids=["a library chart", "a folder with environments", "a repository of a cluster"],
)
def test_a_person_adds_a_folder_by_a_pull_request(
    company: Company, tmp_path: Path, template: str, answers: dict[str, Any], branch: str, title: str
) -> None:
    form = company.frontend.fill_in(template, {**answers, "repoUrl": company.github.picked("apps")})

    run = company.frontend.run(template, form)

    assert run.status == "completed", run.text
    skeleton = {"new-library-chart": "library-chart", "new-deployment": "deployment"}[template]
    left_empty = {"description": "", "ingress_domain": ""} if skeleton == "deployment" else {}
    made = baked(tmp_path, skeleton, {**left_empty, **answers})
    apps = company.github.hosted("apps")
    expected = apps.files("main") | contents(made, below=f"{made.name}/")
    assert comparable(apps.files(branch)) == comparable(expected)
    (pull,) = (each for each in apps.pulls.values() if each.head == branch)
    assert (pull.title, pull.base, len(pull.labels)) == (title, "main", 1)
    assert run.output["links"][0]["url"] == f"{company.github.apps}/pull/{pull.number}"


def test_a_person_starts_a_gitops_repository_that_is_protected_and_registered(company: Company, tmp_path: Path) -> None:
    answers = {"owner": "group:default/payments", "staging": "manual", "platform": "argocd"}
    picked = {"repoUrl": company.github.picked("deployments"), "team": "payments"}
    form = company.frontend.fill_in("new-gitops-repository", {**answers, **picked})

    run = company.frontend.run("new-gitops-repository", form)

    assert run.status == "completed", run.text
    repository = company.github.hosted("deployments")
    at = {"name": "deployments", "host": company.github.host, "ingress_domain": ""}
    assert comparable(repository.files()) == comparable(contents(baked(tmp_path, "gitops-repository", answers | at)))
    assert repository.teams == {"payments": "maintain"}
    assert list(repository.protection) == ["main"]
    component = "component:default/deployments"
    assert {link["title"]: link.get("entityRef") for link in run.output["links"]}[
        "Repository in the catalog"
    ] == component
    wait_until(lambda: company.frontend.has([component]), "the repository in the catalog")


def test_the_template_editor_tries_a_template_that_makes_something_without_making_it(
    company: Company,
) -> None:
    template = yaml.safe_load((OUR_TEMPLATES / "new-python-service.yaml").read_bytes())
    picked = {"gitopsRepoUrl": company.github.picked("apps")}
    form = company.frontend.fill_in("new-python-service", {**OF_A_SERVICE, "name": "nothing", **picked})
    before = len(company.github.fake.calls)

    shown = company.frontend.dry_run(template, form)

    assert shown["directoryContents"] == []
    for step in template["spec"]["steps"]:
        assert step["action"] in str(shown["log"])
    assert len(company.github.fake.calls) == before


def test_what_is_baked_also_goes_on_through_any_action_that_publishes(company: Company, tmp_path: Path) -> None:
    run = company.frontend.run("publishes-elsewhere", {"name": "ledger"})

    assert run.status == "completed", run.text
    given, files = company.published(run, "publish:github")
    assert given["repoUrl"] == "github.com?owner=acme&repo=ledger"
    assert contents(files) == contents(
        baked(tmp_path, "microservice-python", {"name": "ledger", "owner": "group:default/payments"})
    )
