"""Which words are environments, and what files and folders say about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.vocabulary.environments import (
    KNOWN_ENVIRONMENTS,
    EnvironmentNames,
    is_production,
    production_rank,
    tier_of,
)

OPEN = EnvironmentNames()
CLOSED = EnvironmentNames(("aurora", "prod"), closed=True)


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("values-dev.yaml", "dev"),
        ("values.qa.yml", "qa"),
        ("values_prod.yaml", "prod"),
        ("env/prod/values-prod.yaml", "prod"),
        ("values-prod-eu.yaml", "prod-eu"),
        ("production.yaml", "production"),
        ("envs/dev/values.yaml", "dev"),
        ("environments/prod-eu.yaml", "prod-eu"),
        ("staging/values.yaml", "staging"),
    ],
)
def test_a_values_file_names_its_environment(path: str, environment: str) -> None:
    assert OPEN.of_values_file(path) == environment


@pytest.mark.parametrize(
    "path",
    [
        "values.yaml",
        "values_local.yaml",
        "tempo-values-production.yaml",
        "values-tempo-production.yaml",
        "production-values.yaml",
        "redis-values.yaml",
        "ci/values-production.yaml",
        "tests/values-production.yaml",
        "test/values.yaml",
        "env/prod/values-eu.yaml",
        "templates/production.yaml",
        "a/b/production/values.yaml",
        "values-production.json",
        "test-data.yaml",
        "live-chat.yaml",
    ],
)
def test_other_files_name_none(path: str) -> None:
    assert OPEN.of_values_file(path) is None


def test_a_closed_list_knows_no_other_names_and_no_suffixes() -> None:
    assert [CLOSED.named(word) for word in ("aurora", "prod", "prod-eu", "dev")] == ["aurora", "prod", None, None]


def test_an_order_in_front_of_a_name_is_no_part_of_it() -> None:
    assert [OPEN.named(word) for word in ("01-dev", "2_qa", "dev-", "production1")] == ["dev", "qa", None, None]


def test_the_shortest_ending_that_is_an_environment_is_split_off() -> None:
    assert OPEN.split("load-test-prod-eu") == ("load-test", "prod-eu")
    assert OPEN.split("dev") is None


@pytest.mark.parametrize(
    "name", ["production", "prod-eu", "live-2", "eu-prod", "aws-us-production", "eu-qa-live", "casino-prod"]
)
def test_production_may_have_words_around_it(name: str) -> None:
    assert is_production(name)


@pytest.mark.parametrize("name", ["eastprod", "uswprd", "cellproduction", "northlive"])
def test_a_name_that_ends_in_production_needs_no_hyphen(name: str) -> None:
    assert is_production(name)


@pytest.mark.parametrize(
    "name",
    ["preprod", "pre-prod", "non-prod", "eu-non-prod", "nonproduction", "eastpreprod", "not-live", "no_prd", "summit"],
)
def test_what_is_only_called_like_production_is_none(name: str) -> None:
    assert not is_production(name)


def test_a_name_of_no_known_tier_is_neither() -> None:
    assert [tier_of(name) for name in ("eastdev", "lab-qa", "qa-lab", "nonprod", "harbour", "print")] == [
        "other",
        "other",
        "other",
        "other",
        None,
        None,
    ]


def test_what_a_repository_lists_counts_for_values_files_only() -> None:
    names = EnvironmentNames(listed=frozenset({"harbour"}))
    assert names.of_values_file("values-harbour.yaml") == "harbour"
    assert (names.of_values_file("values-harbour-eu.yaml"), names.named("harbour")) == (None, None)


@given(st.lists(st.sampled_from(KNOWN_ENVIRONMENTS)))
def test_production_comes_first(names: list[str]) -> None:
    tiers = [is_production(name) for name in sorted(names, key=production_rank)]
    assert tiers == sorted(tiers, reverse=True)


@given(st.text(max_size=30))
def test_any_text_may_be_asked(text: str) -> None:
    for names in (OPEN, CLOSED):
        split = names.split(text)
        assert split is None or "-".join(split) == text
        assert names.of_values_file(text) is None or text.endswith((".yaml", ".yml"))
