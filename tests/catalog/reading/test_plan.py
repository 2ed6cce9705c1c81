"""Which folders are deployments, by the names of files alone."""

from __future__ import annotations

import pytest

from scenedock.catalog.reading.plan import Plan, plan_repository
from scenedock.catalog.vocabulary.settings import CatalogSettings
from scenedock.model.helm import Listing


def planned(*files: str, settings: CatalogSettings | None = None, outside: frozenset[str] = frozenset()) -> Plan:
    return plan_repository("repo", Listing(tuple(sorted(files)), outside), settings or CatalogSettings())


def reasons(plan: Plan) -> dict[str, str]:
    return {skip.place.path: skip.reason for skip in plan.skipped}


def test_every_folder_with_a_chart_is_a_deployment() -> None:
    plan = planned("a/Chart.yaml", "b/c/Chart.yaml", "b/c/values.yaml")
    assert [(folder.path, folder.files) for folder in plan.charts] == [
        ("a", ("Chart.yaml",)),
        ("b/c", ("Chart.yaml", "values.yaml")),
    ]


def test_a_folder_does_not_have_the_files_of_charts_below_it() -> None:
    plan = planned("a/Chart.yaml", "a/charts/b/Chart.yaml", "a/charts/b/values.yaml", "a/charts/c.tgz")
    assert plan.charts[0].files == ("Chart.yaml", "charts/c.tgz")
    assert reasons(plan) == {"a/charts/b": "a subchart of a"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".github/a", "dot"),
        ("starters/a", "starter"),
        ("services/_skeleton", "underscore"),
        ("tests/a", "test data"),
        ("a/testdata/b", "test data"),
        ("sandbox", "excluded"),
    ],
)
def test_what_is_no_deployment_is_skipped_with_the_reason(path: str, reason: str) -> None:
    plan = planned(f"{path}/Chart.yaml", settings=CatalogSettings(exclude=("sandbox",)))
    assert plan.charts == ()
    assert reason in reasons(plan)[path]


def test_a_deployment_may_be_called_tests() -> None:
    assert [folder.path for folder in planned("tests/Chart.yaml").charts] == ["tests"]


def test_charts_is_a_folder_like_others_without_a_chart_above_it() -> None:
    assert [folder.path for folder in planned("charts/a/Chart.yaml").charts] == ["charts/a"]


def test_included_folders_are_the_only_ones_whatever_they_are_called() -> None:
    plan = planned("a/Chart.yaml", ".b/Chart.yaml", settings=CatalogSettings(include=(".*",)))
    assert [folder.path for folder in plan.charts] == [".b"]
    assert reasons(plan) == {"a": "not included by settings"}


def test_a_link_out_of_the_repository_is_refused_and_skipped() -> None:
    plan = planned("a/Chart.yaml", outside=frozenset({"a/Chart.yaml"}))
    assert (plan.charts, [finding.code for finding in plan.findings]) == ((), ["link-outside-repository"])
    assert reasons(plan) == {"a": "its Chart.yaml is a symbolic link to a file outside the repository"}


def test_folders_without_a_chart_count_only_beside_charts() -> None:
    plan = planned("apps/a/Chart.yaml", "apps/b/x.yaml", "docs/y.yaml", "apps/.c/z.yaml")
    assert [folder.path for folder in plan.plain] == ["apps/b"]


def test_manifests_of_argo_cd_may_lie_anywhere_but_in_values_and_test_files() -> None:
    plan = planned(
        "a/Chart.yaml",
        "a/values.yaml",
        "a/values-dev.yaml",
        "a/dev-values.yaml",
        "a/argocd.yaml",
        "a/templates/app.yaml",
        "a/ci/app.yaml",
        "a/charts/b/Chart.yaml",
        "argocd/set.yml",
        "readme.md",
    )
    assert plan.manifests == ("a/argocd.yaml", "a/templates/app.yaml", "argocd/set.yml")
