"""The skeletons of a GitOps repository with four sets of answers each, as their world's tools see the result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.skeletons.shipped.answers import DEPLOYMENTS, GITOPS, LIBRARIES, RUNBOOKS
from tests.skeletons.shipped.checkov import failed_checks
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.gitops import HELMS, Manifest, Repository, is_custom, validate_kubernetes
from tests.skeletons.shipped.typing_commands import follow, programs
from tests.skeletons.shipped.world import bake, run
from tests.tools.helm import helm
from tests.tools.judge import judge
from tests.tools.promtool import promtool

__all__ = ["programs"]
pytestmark = pytest.mark.extended

ACCEPTED = {
    "CKV_K8S_11": "CPU limits slow a service down while processors are idle; requests share them",
    "CKV_K8S_15": "a version never moves, so the image that a node has is the right one",
    "CKV_K8S_43": "what is promoted is a version; a digest may be added to it",
    "CKV2_K8S_6": "who may reach a service, only its team knows: `networkPolicy`",
}


def rendered(folder: Path, library: dict[str, str]) -> Sequence[Manifest]:
    """All deployments that use the library, as both Helms lint and render them."""
    made = []
    for major in HELMS:
        (folder / major).mkdir()
        repository = Repository(folder / major, major, library)
        run([repository.helm, "lint", "--strict", repository.library], folder)
        manifests: list[Manifest] = []
        for service, answers in DEPLOYMENTS.items():
            uses = {"library": repository.library.name, "library_version": library.get("version", "0.1.0")}
            chart = repository.deploy({"service": service, **answers, **uses})
            for file in sorted(chart.glob("values-*.yaml")) or [chart / "values.yaml"]:
                run([repository.helm, "lint", "--strict", chart, "--values", file], folder)
                environment = file.stem.removeprefix("values").removeprefix("-") or None
                alerts = ["--set", "workload.prometheusRule.enabled=true"]
                manifests += repository.render(service, environment, *alerts)
        made.append(manifests)
    assert made[0] == made[1]
    return made[0]


@pytest.mark.parametrize("case", LIBRARIES)
def test_a_library_and_its_deployments_are_clean(case: str, tmp_path: Path) -> None:
    manifests = rendered(tmp_path, LIBRARIES[case])
    custom = [each for each in manifests if is_custom(each)]
    rules = [each for each in custom if each["kind"] == "PrometheusRule"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules[0]["spec"]), encoding="utf-8")
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "all.yaml").write_text(yaml.safe_dump_all(manifests), encoding="utf-8")

    validate_kubernetes([each for each in manifests if not is_custom(each)])
    assert judge_custom_resources(custom) == [[] for _ in custom]
    assert len(rules) == len(list((tmp_path / "3").glob("*/values-*.yaml"))) + 2
    assert "3 rules found" in run([promtool(), "check", "rules", "rules.yaml"], tmp_path)
    assert failed_checks(tmp_path / "manifests", "kubernetes") == set(ACCEPTED)


@pytest.mark.parametrize("case", GITOPS)
def test_a_repository_is_clean_with_both_helms(
    case: str, programs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bake("gitops-repository", tmp_path, {"owner": "group:default/platform"} | GITOPS[case])
    follow("git init --initial-branch main", made)
    follow("scenedock catalog export --in-place .", made)
    follow("git add --all && git commit --message Begin", made)
    said = []

    for major in HELMS:
        (tmp_path / major).mkdir()
        (tmp_path / major / "helm").symlink_to(helm(major))
        monkeypatch.setenv("PATH", f"{tmp_path / major}:{os.environ['PATH']}")
        said.append(run(["ci/check"], made))

    service = GITOPS[case].get("service", "hello")
    assert said[0] == said[1]
    assert said[0].startswith(f"{service} dev\n{service} qa\nrendered: 2\nAll right")
    entities: list[Any] = [
        entity for file in sorted(made.rglob("catalog-info.yaml")) for entity in yaml.safe_load_all(file.read_bytes())
    ]
    assert judge(entities) == [None] * len(entities)
    if (made / ".gitlab-ci.yml").exists():  # of GitHub's workflows checkov reads none; actionlint and zizmor do
        assert failed_checks(made, "gitlab_ci") == set()


def test_there_are_four_sets_of_answers_for_each() -> None:
    assert [len(each) >= 4 for each in (LIBRARIES, DEPLOYMENTS, GITOPS, RUNBOOKS)] == [True] * 4
