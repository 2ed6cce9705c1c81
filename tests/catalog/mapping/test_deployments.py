"""Where a service runs, and how productive that is."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.catalog.mapping.deployments import Applications, Deployment, RepositoryContents, deployments_of
from scenedock.catalog.mapping.identities import Identity
from scenedock.catalog.mapping.ownership import lifecycle_of
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.vocabulary.owners import Codeowners
from scenedock.catalog.vocabulary.settings import CatalogSettings, read_settings
from scenedock.model.helm import Application, Chart, HelmFolder, ListItem, RepositoryFacts, ValuesFacts

FOLDER = HelmFolder("billing", Chart(), {"": ValuesFacts(), "dev": ValuesFacts(), "production": ValuesFacts()})


def found(*items: ListItem, settings: str = "{}", folders: tuple[HelmFolder, ...] = (FOLDER,), **given: Any) -> Any:
    contents = RepositoryContents(
        RepositoryFacts("repo"), read_settings(settings.encode()), Codeowners(), folders=folders, items=items, **given
    )
    identities = {folder.path: Identity("billing", ("billing",), folder.path) for folder in folders}
    applications = Applications(contents.applications).of(folders, items)
    return [
        (each.environment, each.application.name if each.application else None)
        for each in deployments_of(contents, folders, items, identities, applications)[0]
    ]


def application(name: str, environment: str | None = None) -> Application:
    return Application(name, "billing", environment=environment)


def item(environment: str, chart: str = "") -> ListItem:
    return ListItem("billing", environment, "apps/list.yaml", chart, default_chart=False, slug="")


def test_values_files_prove_environments_where_nothing_better_does() -> None:
    assert found() == [("dev", None), ("production", None)]


def test_applications_prove_more_than_values_files() -> None:
    assert found(applications=(application("billing-qa", "qa"),)) == [("qa", "billing-qa")]


def test_an_application_of_no_environment_deploys_all_that_values_name() -> None:
    assert found(applications=(application("billing"),)) == [("dev", "billing"), ("production", "billing")]


def test_an_app_list_proves_more_than_anything() -> None:
    assert found(item("qa"), applications=(application("billing-dev", "dev"),)) == [("qa", None)]


def test_an_item_with_a_chart_is_an_application_of_its_name() -> None:
    assert found(item("qa", "charts/generic")) == [("qa", "billing")]


def test_an_item_of_a_list_whose_chart_writes_applications_is_one() -> None:
    apps = HelmFolder("apps", Chart(), kind_files={"Application": "templates/apps.yaml"})
    assert found(item("qa"), folders=(FOLDER, apps)) == [("qa", "billing")]


def test_settings_may_take_evidence_away() -> None:
    assert found(settings="environments: {evidence: [argocd]}") == [(None, None)]


def test_a_bound_repository_has_one_environment() -> None:
    assert found(settings="environments: {bind: production}") == [("production", None)]


def test_a_bound_repository_keeps_each_of_its_applications() -> None:
    both = (application("billing-eu"), application("billing-us"))
    assert found(settings="environments: {bind: live}", applications=both) == [
        ("live", "billing-eu"),
        ("live", "billing-us"),
    ]


@pytest.mark.parametrize(
    ("settings", "environments", "lifecycle"),
    [
        ("{}", [], "production"),
        ("{}", ["dev", "prod-eu"], "production"),
        ("{}", ["dev", "preprod"], "experimental"),
        ("lifecycle: {production: ga}", ["live"], "ga"),
        ("lifecycle: {production: ga}", [], "ga"),
        ("lifecycle: {qa: testing}", ["qa"], "testing"),
        ("lifecycle: {qa: testing}", ["dev"], "experimental"),
        ("lifecycle: {'*': beta}", ["dev"], "beta"),
        ("lifecycle: {borealis: production}", ["aurora", "borealis"], "production"),
        ("lifecycle: {prod-eu: pilot}", ["prod-eu"], "pilot"),
    ],
)
def test_the_most_productive_environment_decides_the_lifecycle(
    settings: str, environments: list[str], lifecycle: str
) -> None:
    contents = RepositoryContents(RepositoryFacts("repo"), read_settings(settings.encode()), Codeowners())
    member = Member(contents, "billing", (), (), tuple(Deployment(environment) for environment in environments))
    assert lifecycle_of(DeployedService("billing", (member,))) == lifecycle


def test_a_deprecated_chart_is_deprecated_everywhere() -> None:
    contents = RepositoryContents(RepositoryFacts("repo"), CatalogSettings(), Codeowners())
    folder = HelmFolder("billing", Chart(deprecated=True))
    member = Member(contents, "billing", (folder,), (), (Deployment("production"),))
    assert lifecycle_of(DeployedService("billing", (member,))) == "deprecated"
