"""Which values the library chart refuses and accepts: all of them in a few runs of both Helms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.skeletons.shipped.answers import DEPLOYMENTS
from tests.skeletons.shipped.gitops import HELMS, Repository, parse, write_parent
from tests.skeletons.shipped.library_values import AGAINST_THE_SCHEMA, IMPOSSIBLE_TOGETHER, RIGHT
from tests.skeletons.shipped.world import attempt, run

COMPLAINTS = """\
{{- range $name, $values := omit .Values "global" }}
---
kind: ConfigMap
metadata: {name: {{ $name }}}
data: {complaints: {{ include "workload.complaints" (dict "Values" (dict "workload" $values)) | trim | toJson }}}
{{- end }}
"""


@pytest.fixture(scope="module", params=HELMS, ids=lambda major: f"helm{major}")
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = Repository(tmp_path_factory.mktemp("apps"), request.param)
    repository.deploy({"service": "inner", **DEPLOYMENTS["inner"]})
    return repository


def named(values: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"case-{number}": each for number, each in enumerate(values)}


def unsaid(expected: list[tuple[dict[str, Any], str]], said: dict[str, str]) -> list[tuple[dict[str, Any], str, str]]:
    """Each wrong value whose complaint isn't what is said to it."""
    return [
        (values, complaint, said.get(f"case-{number}", ""))
        for number, (values, complaint) in enumerate(expected)
        if complaint not in said.get(f"case-{number}", "")
    ]


def test_a_value_against_the_schema_is_refused_by_name(repository: Repository, tmp_path: Path) -> None:
    wrong = named([values for values, _ in AGAINST_THE_SCHEMA])
    parent = write_parent(tmp_path / "parent", repository.library, wrong)

    said = attempt([repository.helm, "template", "x", parent], tmp_path)

    assert said.returncode != 0
    parts = re.split(r"^(case-\d+):$", said.stderr, flags=re.MULTILINE)
    assert unsaid(AGAINST_THE_SCHEMA, dict(zip(parts[1::2], parts[2::2], strict=True))) == []


def test_values_that_contradict_each_other_are_explained(repository: Repository, tmp_path: Path) -> None:
    wrong = named([values for values, _ in IMPOSSIBLE_TOGETHER])
    parent = write_parent(tmp_path / "parent", repository.library, {**wrong, "case-right": {}})
    (parent / "templates").mkdir()
    (parent / "templates" / "complaints.yaml").write_text(COMPLAINTS, encoding="utf-8")

    made = parse(run([repository.helm, "template", "x", parent], tmp_path))

    said = {each["metadata"]["name"]: each["data"]["complaints"] for each in made}
    assert unsaid(IMPOSSIBLE_TOGETHER, said) == []
    assert said["case-right"] == ""


@pytest.mark.parametrize(
    ("values", "complaints"),
    [
        ({"podSecurityContext": {"runAsNonroot": True}}, ["runAsNonroot"]),
        (
            {"shutdown": {"delay": 60}, "autoscaling": {"enabled": True, "minReplicas": 9}},
            ["delay (60 s) must be less than", "minReplicas (9) must not be greater"],
        ),
        ({"image": {"repository": ""}}, ["workload.image.repository is missing: set it to the image"]),
        ({"image": {"tag": ""}}, ["workload.image.tag is missing: set it to the version"]),
    ],
    ids=str,
)
def test_a_service_with_wrong_values_is_not_rendered(
    repository: Repository, tmp_path: Path, values: dict[str, Any], complaints: list[str]
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump({"workload": values}), encoding="utf-8")

    said = repository.try_to_render("inner", None, "--values", str(file))

    assert said.returncode != 0
    assert [complaint for complaint in complaints if complaint not in said.stderr] == []


def test_a_misspelt_key_beside_workload_is_refused(repository: Repository) -> None:
    said = repository.try_to_render("inner", None, "--set", "worklaod.replicas=2")

    assert said.returncode != 0
    assert "worklaod" in said.stderr


def test_a_right_value_is_accepted(repository: Repository, tmp_path: Path) -> None:
    right = named([{"workload": values} for values in RIGHT])
    parent = write_parent(tmp_path / "parent", repository.folder / "inner", right)

    made = parse(run([repository.helm, "template", "x", parent], tmp_path))

    workloads = {each["metadata"]["name"] for each in made if each["kind"] in {"Deployment", "Rollout"}}
    assert workloads == set(right)


def test_they_are_many() -> None:
    assert len(AGAINST_THE_SCHEMA) + len(IMPOSSIBLE_TOGETHER) >= 100
    assert len(RIGHT) >= 45
