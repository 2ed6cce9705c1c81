"""Whose a version is: the service's own, a chart's that it installs, or that of something beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.usecases.releases.listing import listed, place

SETTINGS: Final = {"scenedock.yaml": "repository: https://git.test/acme/apps\n"}
CHARTS: Final = "helmCharts:\n- {name: metrics-stack, repo: 'https://charts.test', version: 7.1.0}\n"
DAEMON: Final = (
    "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: gpu}\n"
    "spec: {template: {spec: {containers: [{name: gpu, image: 'acme/gpu-exporter:0.3.0'}]}}}\n"
)
APPLICATION: Final = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: metrics}\n"
    "spec: {source: {repoURL: https://git.test/acme/apps, path: metrics}, destination: {namespace: metrics}}\n"
)
WRAPPER: Final = (
    "apiVersion: v2\nname: rollouts\nversion: 0.1.0\ndependencies:\n"
    "- {name: rollouts, version: 2.4.1, repository: https://charts.test}\n"
    "- {name: extras, version: 0.2.0, repository: https://charts.test}\n"
)
LISTED_IMAGE: Final = (
    "extras:\n  manifests:\n  - spec: {containers: [{name: load, image: 'tools/load-tester:latest'}]}\n"
)


def found(tmp_path: Path, files: dict[str, str], name: str) -> tuple[str | None, str]:
    """The version of a service in its only environment, with its place or the reason."""
    (each,) = (each for key, each in listed(tmp_path, {**SETTINGS, **files}).items() if key.partition("/")[0] == name)
    return each["version"], each["reason"] or place(each)


def test_the_chart_of_a_kustomization_that_an_application_deploys_has_its_version_there(tmp_path: Path) -> None:
    files = {"metrics/kustomization.yaml": CHARTS, "argo.yaml": APPLICATION}
    assert found(tmp_path, files, "metrics") == ("7.1.0", "metrics/kustomization.yaml:2")


def test_the_chart_of_a_kustomization_at_another_revision_is_unknown(tmp_path: Path) -> None:
    manifest = APPLICATION.replace("path: metrics", "path: metrics, targetRevision: next")
    version, said = found(tmp_path, {"metrics/kustomization.yaml": CHARTS, "argo.yaml": manifest}, "metrics")
    assert version is None
    assert "its Application deploys the revision next" in said


def test_a_workload_beside_a_chart_is_not_the_charts(tmp_path: Path) -> None:
    files = {"metrics/kustomization.yaml": f"resources: [gpu.yaml]\n{CHARTS}", "metrics/gpu.yaml": DAEMON}
    version, said = found(tmp_path, files, "metrics")
    assert version != "0.3.0", said


@pytest.mark.parametrize(
    ("charts", "version", "said"),
    [
        (["metrics-crds 0.1.0", "metrics 7.1.0"], "7.1.0", "metrics/kustomization.yaml:3"),
        (["metrics-crds 0.1.0", "metrics-agent 7.1.0"], None, "several charts from elsewhere: metrics-crds 0.1.0, me"),
    ],
)
def test_of_several_charts_the_one_with_the_services_name_counts(
    tmp_path: Path, charts: list[str], version: str | None, said: str
) -> None:
    items = [
        f"- {{name: {name}, repo: 'https://charts.test', version: {number}}}\n"
        for name, number in (each.split() for each in charts)
    ]
    files = {"metrics/kustomization.yaml": f"helmCharts:\n{''.join(items)}"}
    known, where = found(tmp_path, files, "metrics")
    assert known == version, where
    assert said in where


def test_an_image_in_a_list_of_a_chart_from_elsewhere_is_not_the_services(tmp_path: Path) -> None:
    files = {"rollouts/Chart.yaml": WRAPPER, "rollouts/values.yaml": LISTED_IMAGE}
    assert found(tmp_path, files, "rollouts") == ("2.4.1", "rollouts/Chart.yaml:5")


def test_a_chart_with_an_ingress_alone_is_what_it_installs(tmp_path: Path) -> None:
    ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ui}\n"
    files = {"rollouts/Chart.yaml": WRAPPER, "rollouts/templates/ingress.yaml": ingress}
    assert found(tmp_path, files, "rollouts") == ("2.4.1", "rollouts/Chart.yaml:5")


@pytest.mark.parametrize("image", ["{repository: acme/web, tag: set-by-pipeline}", "acme/web:set-by-pipeline"])
def test_a_tag_that_a_pipeline_sets_is_none(tmp_path: Path, image: str) -> None:
    chart = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
    files = {"web/Chart.yaml": chart, "web/values.yaml": f"image: {image}\n"}
    assert found(tmp_path, files, "web") == (None, "what sets the tag of its image is no tag (web/values.yaml:1)")


@pytest.mark.parametrize(
    ("service", "image", "version", "said"),
    [
        ("web", "${HOST}/web:1.2.0", "1.2.0", "web/deployment.yaml:8"),
        ("web", "${HOST}/web", None, "nothing sets a tag of its image (web/deployment.yaml:8)"),
        ("shop", "${HOST}/web", None, "only images that don't seem to be its own have a tag: web (shop/dep"),
        ("web", "${HOST}/web:${TAG}", None, "what sets the tag of its image is no tag (web/deployment.yaml:8)"),
    ],
)
def test_an_image_whose_registry_only_a_cluster_knows_has_the_tag_that_is_there(
    tmp_path: Path, service: str, image: str, version: str | None, said: str
) -> None:
    manifest = (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {service}}}\nspec:\n  template:\n    spec:\n"
        f"      containers:\n      - {{name: main, image: '{image}'}}\n"
        "      - {name: proxy, image: 'acme/proxy:7.0.0'}\n"
    )
    files = {f"{service}/kustomization.yaml": "resources: [deployment.yaml]\n", f"{service}/deployment.yaml": manifest}
    known, where = found(tmp_path, files, service)
    assert known == version, where
    assert said in where
