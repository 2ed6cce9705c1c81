"""Chart.yaml as people write it."""

from __future__ import annotations

import pytest

from scenedock.catalog.reading.charts import is_enabled, read_chart
from scenedock.documents.reading import read_document
from scenedock.model.helm import Chart
from scenedock.model.json import JsonObject, as_object


def values(text: str) -> JsonObject:
    return as_object(read_document(text.encode()).value)


def chart(text: str, *, folder: str = "apps/billing", requirements: str = "", merged: tuple[str, ...] = ()) -> Chart:
    return read_chart(
        values(text),
        values(requirements),
        folder=folder,
        chart_folders={"apps/billing", "apps/cart", "common", ""},
        merged_values=[values(each) for each in merged],
    )


@pytest.mark.parametrize(
    ("dependency", "given", "enabled"),
    [
        ("{}", "", True),
        ("{condition: db.use}", "", True),
        ("{condition: db.use}", "db: {use: false}", False),
        ("{condition: db.use}", "db: {use: 'false'}", True),
        ("{condition: 'db.use, global.db'}", "global: {db: false}", False),
        ("{condition: 'db.use,global.db'}", "{db: {use: true}, global: {db: false}}", True),
        ("{tags: [a, b]}", "tags: {a: false}", False),
        ("{tags: [a, b]}", "tags: {a: false, b: true}", True),
        ("{tags: [a]}", "tags: {c: false}", True),
        ("{condition: db.use, tags: [a]}", "{db: {use: true}, tags: {a: false}}", True),
        ("{condition: db}", "db: {use: false}", True),
    ],
)
def test_a_condition_decides_before_tags(dependency: str, given: str, *, enabled: bool) -> None:
    assert is_enabled(values(dependency), values(given)) is enabled


def test_a_dependency_that_one_environment_switches_on_is_enabled() -> None:
    text = "dependencies: [{name: redis, condition: redis.use}]"
    assert chart(text, merged=("redis: {use: false}", "redis: {use: true}")).dependencies[0].enabled
    assert not chart(text, merged=("redis: {use: false}", "redis: {use: false}")).dependencies[0].enabled


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("file://../cart", "apps/cart"),
        ("file://../../common/", "common"),
        ("file://../..", ""),
        ("file://../../../outside", None),
        ("file:///etc", None),
        ("https://charts.acme.test", None),
        ("", None),
    ],
)
def test_a_dependency_by_file_is_a_folder_of_this_repository(source: str, folder: str | None) -> None:
    assert chart(f"dependencies: [{{name: x, repository: '{source}'}}]").dependencies[0].folder == folder


def test_requirements_of_the_first_chart_version_count() -> None:
    found = chart("apiVersion: v1", requirements="dependencies: [{name: redis, alias: cache}]")
    assert [each.key for each in found.dependencies] == ["cache"]


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("description: A Helm chart for Kubernetes", ""),
        ("description: A Helm chart for Kubernetes.", ""),
        ("description: |\n  Two\n  lines", "Two lines"),
        ("description: [a]", ""),
    ],
)
def test_what_helm_create_wrote_describes_nothing(text: str, description: str) -> None:
    assert chart(text).description == description


def test_what_is_no_list_no_text_and_no_mapping_says_nothing() -> None:
    odd = "{name: {}, keywords: a, dependencies: {a: b}, maintainers: [a, {name: 5}], sources: [5, a], annotations: []}"
    found = chart(odd)
    assert (found.name, found.keywords, found.dependencies) == ("", (), ())
    assert (found.maintainers, found.sources) == (("5",), ("a",))


@pytest.mark.parametrize(
    ("annotations", "owner"),
    [("{owner: shop}", "shop"), ("{acme.test/owner: shop}", "shop"), ("{owner.acme.test/a: shop}", ""), ("{}", "")],
)
def test_an_annotation_names_the_owner(annotations: str, owner: str) -> None:
    assert chart(f"annotations: {annotations}").owner == owner
