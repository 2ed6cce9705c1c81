"""The Templates that ship with Scenedock, each run as a person runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.company import OUR_TEMPLATES, SCENEDOCK, Company


def text(output: dict[str, object]) -> str:
    """The text that is shown when a task has ended."""
    shown = output["text"]
    assert isinstance(shown, list)
    return "\n".join(str(each["content"]) for each in shown)


def test_a_person_checks_a_catalog_file_and_sees_every_problem_with_its_line(company: Company) -> None:
    content = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: billing}\nspec: {type: service}\n"

    run = company.frontend.run("check-entities", {"content": content})

    assert run.status == "completed", run.text
    assert "**Backstage refuses it as it is.** Entities: 1." in text(run.output)
    assert "owner" in text(run.output)
    assert "lifecycle" in text(run.output)


def test_a_person_is_told_that_a_catalog_file_is_right(company: Company) -> None:
    run = company.frontend.run(
        "check-entities",
        {"content": "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: {name: shop}\nspec: {owner: shop}\n"},
    )

    assert run.status == "completed", run.text
    assert "**Backstage accepts it.** Entities: 1." in text(run.output)


def test_a_person_reviews_the_catalog_of_all_repositories(company: Company) -> None:
    run = company.frontend.run("review-catalog", {})

    assert run.status == "completed", run.text
    assert f"- Component: {company.exported()['Component']}" in text(run.output)
    assert "**acme-apps/statement-mailer/Chart.yaml**" in text(run.output)


def test_a_person_reviews_one_repository(company: Company) -> None:
    run = company.frontend.run("review-catalog", {"repository": "acme-apps"})

    assert run.status == "completed", run.text


def baked(folder: Path, skeleton: str, answers: dict[str, str]) -> Path:
    """The same project, made on the command line."""
    words = [f"{name}={value}" for name, value in answers.items()]
    command = [SCENEDOCK, "skeletons", "bake", skeleton, "--output", str(folder), *words]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def contents(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """All files by their path, with their bytes and whether they can be executed."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_person_starts_a_python_service_in_a_repository_of_its_own(company: Company, tmp_path: Path) -> None:
    answers = {"name": "ledger", "description": "Keeps the “books”: all of them", "owner": "group:default/payments"}
    form = company.frontend.fill_in("new-python-service", {**answers, "repoUrl": "github.com?owner=globex&repo=ledger"})

    run = company.frontend.run("new-python-service", form)

    assert run.status == "completed", run.text
    given, files = company.published(run, "publish:github")
    assert given["repoUrl"] == "github.com?owner=globex&repo=ledger"
    assert contents(files) == contents(baked(tmp_path, "microservice-python", {**answers, "organisation": "globex"}))
    assert run.output["links"][0]["url"].startswith("https://github.com/")


def test_a_person_starts_a_library_chart_by_a_pull_request(company: Company, tmp_path: Path) -> None:
    answers = {"name": "microservice", "owner": "group:default/platform"}
    form = company.frontend.fill_in("new-library-chart", {**answers, "repoUrl": "github.com?owner=acme&repo=apps"})

    run = company.frontend.run("new-library-chart", form)

    assert run.status == "completed", run.text
    given, files = company.published(run, "publish:github:pull-request")
    assert (given["branchName"], given["targetPath"]) == ("add-microservice", "microservice")
    assert contents(files) == contents(baked(tmp_path, "library-chart", answers))


@pytest.mark.parametrize(
    "choices",
    [
        {"environment_qa": False},
        {"layout": "cluster", "library_source": "registry", "library_version": "1.2.3"},
    ],
    ids=["a folder with environments", "a repository of a cluster"],
)
def test_a_person_deploys_a_service_by_a_pull_request(
    company: Company, tmp_path: Path, choices: dict[str, str | bool]
) -> None:
    answers = {"service": "ledger", "owner": "group:default/payments", "image": "registry.example.com/acme/ledger"}
    form = company.frontend.fill_in(
        "new-deployment", {**answers, **choices, "repoUrl": "github.com?owner=acme&repo=apps"}
    )

    run = company.frontend.run("new-deployment", form)

    assert run.status == "completed", run.text
    given, files = company.published(run, "publish:github:pull-request")
    assert (given["branchName"], given["targetPath"]) == ("deploy-ledger", "ledger")
    left_empty = {"description": "", "ingress_domain": ""}
    asked = {name: str(value).lower() for name, value in choices.items()}
    assert contents(files) == contents(baked(tmp_path, "deployment", {**answers, **left_empty, **asked}))


def test_the_template_editor_tries_a_template_that_makes_something_without_making_it(company: Company) -> None:
    template = yaml.safe_load((OUR_TEMPLATES / "new-library-chart.yaml").read_bytes())
    form = company.frontend.fill_in(
        "new-library-chart", {"owner": "group:default/platform", "repoUrl": "github.com?owner=acme&repo=apps"}
    )

    shown = company.frontend.dry_run(template, form)

    assert shown["directoryContents"] == []
    assert "scenedock:bake-skeleton" in str(shown["log"])
