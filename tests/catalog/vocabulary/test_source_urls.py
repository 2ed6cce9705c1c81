"""Addresses of folders and files at each provider."""

from __future__ import annotations

import pytest

from scenedock.catalog.vocabulary.source_urls import edit_url, folder_url, project_slug, provider_of, source_location
from scenedock.model.helm import Provider, RepositoryFacts


def repository(provider: Provider = "github", prefix: str = "", branch: str = "main") -> RepositoryFacts:
    return RepositoryFacts("repo", "https://git.acme.test/acme/apps", branch, provider, prefix)


@pytest.mark.parametrize("provider", ["github", "gitlab", "bitbucket", "gitea", "azure"])
@pytest.mark.parametrize("path", ["", "apps/billing", "apps/Bill & Co"])
def test_the_location_of_a_folder_ends_in_a_slash_and_its_page_does_not(provider: Provider, path: str) -> None:
    location, page = source_location(repository(provider), path), folder_url(repository(provider), path)
    assert location.startswith("url:https://git.acme.test/acme/apps")
    assert location.endswith("/") or not path
    assert not page.endswith("/")
    assert " " not in location + page


def test_a_part_of_a_repository_lies_below_its_prefix() -> None:
    facts = repository(prefix="deploy/helm")
    assert folder_url(facts, "billing") == "https://git.acme.test/acme/apps/tree/main/deploy/helm/billing"
    assert folder_url(facts, "") == "https://git.acme.test/acme/apps/tree/main/deploy/helm"


def test_a_branch_is_quoted_but_for_its_slashes() -> None:
    assert edit_url(repository(branch="release/#1"), "a").endswith("/edit/release/%231/a")


def test_without_an_address_there_is_no_url() -> None:
    facts = RepositoryFacts("repo")
    assert (source_location(facts, "a"), folder_url(facts, "a"), edit_url(facts, "a")) == ("", "", "")


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("https://github.com/a/b", "github"),
        ("https://gitlab.acme.test/a/b", "gitlab"),
        ("https://bitbucket.org/a/b", "bitbucket"),
        ("https://codeberg.org/a/b", "gitea"),
        ("https://dev.azure.com/a/b/_git/c", "azure"),
        ("https://git.acme.test/a/b", "github"),
        ("https://[", "github"),
    ],
)
def test_the_host_tells_the_provider(address: str, provider: str) -> None:
    assert provider_of(address) == provider


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.test/a/b",
        "https://github.com/acme",
        "git@github.com:a/b.git",
        "https://[",
        "",
        "https://github.com//b",
    ],
)
def test_other_addresses_are_no_source_code_repository(address: str) -> None:
    assert project_slug(address) is None


def test_settings_say_whose_product_a_host_is() -> None:
    hosts: dict[str, Provider] = {"git.acme.test": "gitlab", "code.acme.test": "github"}
    assert provider_of("https://git.acme.test/a/b", hosts) == "gitlab"
    found = [project_slug(f"https://{host}/a/b/c", hosts) for host in ("git.acme.test", "code.acme.test", "acme.test")]
    assert [slug.annotations if slug else {} for slug in found] == [
        {"gitlab.com/project-slug": "a/b/c", "gitlab.com/instance": "git.acme.test"},
        {"github.com/project-slug": "a/b"},
        {},
    ]


def test_a_chart_in_the_root_is_called_after_the_address_or_the_folder() -> None:
    assert RepositoryFacts("repo").root_name == "repo"
    assert repository().root_name == "apps"
    assert repository(prefix="deploy/helm").root_name == "helm"
