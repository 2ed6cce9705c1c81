"""Which repository of a run the source of an Application means."""

from __future__ import annotations

import pytest

from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.reading.sources import Manifests, Repositories


def manifests(name: str, url: str = "") -> Manifests:
    return Manifests(name, (), frozenset(), url, EnvironmentLists(), lambda _: None)


def meant(address: str, *repositories: Manifests) -> str | None:
    found = Repositories(repositories[0], repositories[1:]).of({"repoURL": address})
    return found.name if found else None


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/acme/charts", "charts"),
        ("git@github.com:Acme/charts.git", "charts"),
        ("https://token@github.com/acme/deployments", "deployments"),
        ("https://github.com/acme/elsewhere", None),
        ("{{ .Values.repoURL }}", "deployments"),
        ("", "deployments"),
    ],
)
def test_a_source_means_a_repository_by_its_address(address: str, name: str | None) -> None:
    here = manifests("deployments", "https://github.com/acme/deployments")
    assert meant(address, here, manifests("charts", "https://github.com/acme/charts")) == name


def test_without_addresses_names_tell_and_else_it_is_the_one_where_it_stands() -> None:
    repositories = manifests("deployments"), manifests("work/charts")
    assert meant("https://github.com/acme/charts", *repositories) == "work/charts"
    assert meant("https://github.com/acme/elsewhere", *repositories) == "deployments"
