"""Our feed in Backstage's catalog."""

from __future__ import annotations

import json

from tests.e2e.company import Company
from tests.tools.server import wait_until


def test_the_catalog_has_what_an_export_has_and_nothing_is_left_unprocessed(company: Company) -> None:
    wait_until(lambda: company.ingested() == company.exported(), "the whole feed in the catalog")
    wait_until(lambda: not company.frontend.unprocessed(), "a catalog with nothing unprocessed")

    assert not [
        entity["metadata"]["name"] for entity in company.frontend.entities("kind=component") if entity.get("status")
    ]


def test_the_catalog_draws_the_relations_that_the_folders_have(company: Company) -> None:
    wait_until(lambda: company.frontend.has(["component:default/billing"]), "billing in the catalog")

    (billing,) = company.frontend.entities("kind=component,metadata.name=billing")

    assert {(relation["type"], relation["targetRef"]) for relation in billing["relations"]} >= {
        ("ownedBy", "group:default/payments"),
        ("providesApi", "api:default/billing"),
    }


def test_the_entities_that_describe_us_are_in_the_catalog_with_the_definition_of_our_api(company: Company) -> None:
    wait_until(lambda: company.frontend.has(["component:default/scenedock", "api:default/scenedock"]), "our entities")

    (api,) = company.frontend.entities("kind=api,metadata.name=scenedock")

    assert "/api/scenedock/actions/export-catalog/invoke" in json.loads(api["spec"]["definition"])["paths"]


def test_a_changed_folder_shows_in_the_catalog_without_anybody_doing_anything(company: Company) -> None:
    wait_until(lambda: company.frontend.has(["component:default/search"]), "search in the catalog")
    chart = company.repository / "search" / "Chart.yaml"
    text = chart.read_text(encoding="utf-8")

    chart.write_text(f"{text.rstrip()}\nkeywords: [found-again]\n", encoding="utf-8")

    wait_until(
        lambda: "found-again" in str(company.frontend.entities("kind=component,metadata.name=search")), "the change"
    )


def test_a_refresh_of_an_unchanged_feed_moves_no_entity_over_the_wire(company: Company) -> None:
    (location,) = company.frontend.entities(f"kind=location,spec.target={company.feed}")
    not_modified = "GET /api/scenedock/catalog/catalog-info.yaml 304"
    before = company.service.said().count(not_modified)

    company.frontend.refresh(f"location:default/{location['metadata']['name']}")

    wait_until(lambda: company.service.said().count(not_modified) > before, "a question that was answered with 304")


def test_a_new_folder_gets_its_entities_and_a_removed_one_loses_them(company: Company) -> None:
    folder = company.repository / "ledger"
    folder.mkdir()
    (folder / "Chart.yaml").write_text(
        "apiVersion: v2\nname: ledger\nversion: 1.0.0\ndescription: Keeps the books\n", encoding="utf-8"
    )
    (folder / "values-production.yaml").write_text("image: {tag: 1.0.0}\n", encoding="utf-8")

    wait_until(lambda: company.frontend.has(["component:default/ledger"]), "the new Component")

    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    wait_until(lambda: not company.frontend.has(["component:default/ledger"]), "an end of the Component")
