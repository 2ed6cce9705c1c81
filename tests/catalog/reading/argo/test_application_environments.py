"""Which environment an Application says that it is for."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.catalog.reading.argo.application_environments import ApplicationWords, environment_of
from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.vocabulary.environments import EnvironmentNames

OPEN = EnvironmentLists()


def said(**words: Any) -> ApplicationWords:
    given: dict[str, Any] = {
        "name": "anvil",
        "path": "apps/anvil",
        "namespace": "anvil",
        "destination": "",
        "labels": {},
        "value_files": (),
        "parameters": {},
        "helm_parameters": {},
    }
    return ApplicationWords(**{**given, **words})


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        ({"labels": {"environment": "harbour"}}, "harbour"),
        ({"labels": {"acme.example/env": "01-dev"}}, "dev"),
        ({"helm_parameters": {"stage": "harbour"}}, "harbour"),
        ({"parameters": {"env": "harbour"}}, "harbour"),
        ({"parameters": {"values": {"environment": "harbour"}}}, "harbour"),
        ({"labels": {"env": "production"}, "value_files": ("values-prod.yaml",)}, "production"),
        ({"labels": {"env": "prod"}, "value_files": ("values-prod-eu.yaml",)}, "prod"),
        ({"labels": {"env": "reef"}, "name": "anvil-mesa", "value_files": ("values-mesa.yaml",)}, "reef"),
        ({"value_files": ("values-prod.yaml", "values-prod-eu.yaml")}, "prod-eu"),
    ],
)
def test_what_it_says_is_never_filtered_by_the_fixed_list(words: dict[str, Any], environment: str) -> None:
    assert environment_of(said(**words), OPEN) == (environment, "")


@pytest.mark.parametrize("value", ["", "{{ .Values.environment }}", "unknown", "two words"])
def test_a_label_without_a_name_says_nothing(value: str) -> None:
    assert environment_of(said(labels={"environment": value}), OPEN) == (None, "")


@pytest.mark.parametrize(
    "words",
    [
        {"name": "anvil-harbour"},
        {"name": "harbour-anvil"},
        {"namespace": "tools-harbour"},
        {"namespace": "harbour"},
        {"destination": "harbour"},
        {"path": "harbour/anvil"},
        {"parameters": {"site": "harbour"}},
    ],
)
def test_a_values_file_counts_where_another_place_says_the_same(words: dict[str, Any]) -> None:
    assert environment_of(said(**words, value_files=("values.yaml", "values-harbour.yaml")), OPEN)[0] == "harbour"


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ({}, "images"),
        ({}, "anvil"),
        ({"name": "smithy-anvil"}, "anvil"),
        ({"name": "anvil-qa", "path": "charts/generic", "parameters": {"app": "anvil"}}, "anvil"),
        ({"name": "anvil-qa", "path": "charts/generic", "namespace": "anvil"}, "anvil"),
        ({"parameters": {"region": "north"}}, "north"),
    ],
)
def test_a_values_file_of_a_service_or_region_names_no_environment(words: dict[str, Any], file: str) -> None:
    assert environment_of(said(**words, value_files=(f"values-{file}.yaml",)), OPEN)[0] != file


@pytest.mark.parametrize(
    ("words", "doubt"),
    [
        ({"labels": {"env": "reef", "stage": "mesa"}}, "reef and mesa"),
        ({"labels": {"env": "reef"}, "value_files": ("values-qa.yaml",)}, "reef and qa"),
        ({"value_files": ("values-dev.yaml", "values-qa.yaml")}, "dev and qa"),
        ({"name": "anvil-reef", "value_files": ("values-dev.yaml", "values-reef.yaml")}, "dev and reef"),
    ],
)
def test_two_environments_in_one_application_count_for_none(words: dict[str, Any], doubt: str) -> None:
    assert environment_of(said(**words), OPEN) == (None, doubt)


def test_settings_that_name_all_environments_have_the_last_word() -> None:
    lists = EnvironmentLists(EnvironmentNames(("reef",), closed=True))
    assert environment_of(said(labels={"env": "mesa"}), lists) == (None, "")
    assert environment_of(said(labels={"env": "reef"}), lists) == ("reef", "")


def test_a_helmfile_rules_out_only_what_values_files_would_say() -> None:
    lists = EnvironmentLists(helmfiles={"apps": EnvironmentNames(("reef",), closed=True)})
    assert environment_of(said(labels={"env": "mesa"}), lists) == ("mesa", "")
    assert environment_of(said(value_files=("values-dev.yaml",)), lists) == (None, "")
