"""Lists of services, and files that say which service is enabled where."""

from __future__ import annotations

import pytest

from scenedock.catalog.reading.app_lists import AppListFile, files_of, read_items
from scenedock.catalog.vocabulary.settings import AppList
from scenedock.documents.reading import read_document
from scenedock.model.helm import Listing, ListItem
from scenedock.model.json import as_object


def items(text: str, **app_list: str) -> tuple[list[ListItem], list[str]]:
    notes: list[str] = []
    file = AppListFile("apps/list-qa.yaml", "qa")
    document = as_object(read_document(text.encode()).value)
    return list(read_items(AppList("apps/list-{environment}.yaml", **app_list), file, document, notes.append)), notes


def names(text: str, path: str) -> list[tuple[str, str | None]]:
    found, notes = items(text, items=path)
    assert notes == []
    return [(item.name, item.environment) for item in found]


def test_the_name_of_a_file_says_its_environment() -> None:
    listing = Listing(
        ("apps/list-.yaml", "apps/list-prod-eu.yaml", "apps/list-qa.yaml", "apps/list-x/y.yaml", "apps/outside.yaml"),
        frozenset({"apps/list-qa.yaml"}),
    )
    assert files_of(AppList("/apps/list-{environment}.yaml"), listing) == [
        AppListFile("apps/list-prod-eu.yaml", "prod-eu")
    ]
    assert files_of(AppList("apps/list-prod-eu.yaml"), listing) == [AppListFile("apps/list-prod-eu.yaml", None)]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: {b: [{name: cart}, {name: mail}]}", "a.b"),
        ("a: [cart, mail]", "a"),
        ("a: {cart: {}, mail: true}", "a"),
        ("{cart: null, mail: {enabled: true}}", ""),
        ("a: [{name: cart}, {name: gone, enabled: false}, {name: mail}]", "a"),
        ("a: {cart: {}, gone: false, mail: {}}", "a"),
    ],
)
def test_items_may_be_mappings_names_or_a_mapping(text: str, path: str) -> None:
    assert names(text, path) == [("cart", "qa"), ("mail", "qa")]


def test_a_key_may_be_the_environment() -> None:
    text = "environments: {aurora: {services: [cart]}, nova: {services: [cart]}, empty: {}}"
    assert names(text, "environments.{environment}.services") == [("cart", "aurora"), ("cart", "nova")]


def test_an_item_names_its_chart_or_takes_the_default() -> None:
    found, _ = items(
        "a: [{name: x, path: charts/x/}, {name: web}]", items="a", chart_key="path", default_chart="charts/z"
    )
    assert [(each.chart_folder, each.default_chart) for each in found] == [("charts/x", False), ("charts/z", True)]


def test_the_source_code_repository_is_the_first_key_that_an_item_has() -> None:
    found, _ = items("a: [{name: x, repo: why}, {name: z}]", items="a", repository="acme/{repo|name}")
    assert [each.slug for each in found] == ["acme/why", "acme/z"]
    found, _ = items("a: [{name: x}]", items="a", repository="acme/{repo}")
    assert [each.slug for each in found] == [""]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a: [{names: x}]", "item 1 has no name, or one with a template expression"),
        ("a: ['{{ x }}']", "item 1 has no name, or one with a template expression"),
        ("b: []", "has nothing at `a`"),
    ],
)
def test_what_can_not_be_read_is_told(text: str, note: str) -> None:
    assert items(text, items="a") == ([], [note])
