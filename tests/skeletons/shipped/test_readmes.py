"""What the READMEs of the shipped skeletons promise to those who fill their forms."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.world import SKELETONS, bake, run
from tests.tools.helm import helm

NAMES = sorted(path.parent.name for path in SKELETONS.glob("*/cookiecutter.json"))


def readme(skeleton: str) -> str:
    return (SKELETONS / skeleton / "README.md").read_text(encoding="utf-8")


def variables(skeleton: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SKELETONS / skeleton / "cookiecutter.json").read_text(encoding="utf-8"))
    return found


def questions(skeleton: str) -> dict[str, Any]:
    return {name: default for name, default in variables(skeleton).items() if not name.startswith("_")}


def application_sets() -> list[dict[str, Any]]:
    """The examples in the README of the skeleton `deployment`."""
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", readme("deployment"), re.DOTALL)]


def evaluated(application_set: Mapping[str, Any], found: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The template of an ApplicationSet, filled with what a generator found: by Helm, whose functions are the same."""
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text("{apiVersion: v2, name: evaluated, version: 0.0.0}", encoding="utf-8")
    (folder / "templates" / "all.yaml").write_text("{{ tpl .Values.template .Values.found }}", encoding="utf-8")
    values = {"template": json.dumps(application_set["spec"]["template"]).replace('\\"', "`"), "found": found}
    (folder / "values.yaml").write_text(json.dumps(values), encoding="utf-8")
    filled: dict[str, Any] = yaml.safe_load(run([helm("4"), "template", "x", "."], folder))
    return filled


def test_all_shipped_skeletons_are_looked_at() -> None:
    assert NAMES == [
        "deployment",
        "eks-cluster",
        "gitops-repository",
        "library-chart",
        "microservice-python",
        "migration-runbook",
    ]


@pytest.mark.parametrize("skeleton", NAMES)
def test_a_readme_tells_of_every_question(skeleton: str) -> None:
    table = "\n".join(re.findall(r"^\|.*\|$", readme(skeleton), re.MULTILINE))
    told = set(re.findall(r"`([a-z_…]+)`", table))

    asked = {"environment_…" if name.startswith("environment_") else name for name in questions(skeleton)}
    assert asked <= told


@pytest.mark.parametrize("skeleton", NAMES)
def test_every_question_and_every_choice_has_its_words(skeleton: str) -> None:
    prompts = variables(skeleton)["__prompts__"]

    assert list(prompts) == list(questions(skeleton))
    for name, default in questions(skeleton).items():
        if isinstance(prompts[name], dict):
            assert list(prompts[name]) == ["__prompt__", *default]


@pytest.mark.parametrize("skeleton", NAMES)
def test_the_documented_command_bakes(skeleton: str, tmp_path: Path) -> None:
    (command,) = re.findall(r"^\$ scenedock skeletons bake (.*)$", readme(skeleton), re.MULTILINE)
    name, option, output, *pairs = command.split()

    made = bake(name, tmp_path, dict(pair.split("=", 1) for pair in pairs))

    assert (name, option, output) == (skeleton, "--output", ".")
    assert any(made.iterdir())


@pytest.mark.parametrize("page", ["README.md", "docs/skeletons.md"])
def test_the_commands_of_the_guides_bake_what_is_shipped(page: str, tmp_path: Path) -> None:
    text = (SKELETONS.parent / page).read_text(encoding="utf-8")
    commands = re.findall(r"scenedock skeletons bake ([a-z-]+) --output \S+ (.*=.*)$", text, re.MULTILINE)

    assert commands
    for name, pairs in commands:
        done = CliRunner().invoke(
            main, ["skeletons", "bake", name, "--output", str(tmp_path / name), *shlex.split(pairs)]
        )
        assert done.exit_code == 0, done.output


def test_the_argo_cd_examples_fit_its_schema() -> None:
    examples = application_sets()
    misspelt = application_sets()[0]
    misspelt["spec"]["generatorss"] = []

    *right, wrong = judge_custom_resources([*examples, misspelt])

    assert [example["kind"] for example in examples] == ["ApplicationSet", "ApplicationSet"]
    assert right == [[], []]
    assert "generatorss" in wrong[0]


def test_a_values_file_becomes_an_application_and_a_namespace(tmp_path: Path) -> None:
    found = {"path": {"path": "order-desk", "basename": "order-desk", "filename": "values-production.yaml"}}

    application = evaluated(application_sets()[0], found, tmp_path)

    assert application["metadata"]["name"] == "order-desk-production"
    assert application["spec"]["destination"]["namespace"] == "order-desk-production"
    assert application["spec"]["source"]["path"] == "order-desk"
    assert application["spec"]["source"]["helm"]["valueFiles"] == ["values-production.yaml"]


def test_a_folder_becomes_an_application_and_a_namespace(tmp_path: Path) -> None:
    application = evaluated(application_sets()[1], {"path": {"path": "billing", "basename": "billing"}}, tmp_path)

    assert application["metadata"]["name"] == "billing"
    assert application["spec"]["destination"]["namespace"] == "billing"
    assert application["spec"]["source"]["path"] == "billing"
