"""The Templates that ship with Scenedock, each run as a person runs it."""

from __future__ import annotations

from tests.e2e.conftest import Company


def text(output: dict[str, object]) -> str:
    """The text that is shown when a task has ended."""
    shown = output["text"]
    assert isinstance(shown, list)
    return "\n".join(str(each["content"]) for each in shown)


def test_a_person_checks_a_catalog_file_and_sees_every_problem_with_its_line(company: Company) -> None:
    content = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: billing}\nspec: {type: service}\n"

    run = company.frontend.run("check-entities", {"content": content})

    assert run.status == "completed", run.text
    assert "Backstage refuses it as it is. Entities: 1." in text(run.output)
    assert "owner" in text(run.output)
    assert "lifecycle" in text(run.output)


def test_a_person_is_told_that_a_catalog_file_is_right(company: Company) -> None:
    run = company.frontend.run(
        "check-entities",
        {"content": "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: {name: shop}\nspec: {owner: shop}\n"},
    )

    assert run.status == "completed", run.text
    assert "Backstage accepts it. Entities: 1." in text(run.output)


def test_a_person_reviews_the_catalog_of_all_repositories(company: Company) -> None:
    run = company.frontend.run("review-catalog", {})

    assert run.status == "completed", run.text
    assert f"- Component: {company.exported()['Component']}" in text(run.output)
    assert "**statement-mailer/Chart.yaml**" in text(run.output)


def test_a_person_reviews_one_repository(company: Company) -> None:
    run = company.frontend.run("review-catalog", {"repository": "acme-apps"})

    assert run.status == "completed", run.text
