"""Kustomizations are built by the Kustomize in kubectl, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.scenarios.repositories import clone, plant
from tests.tools.helm import kubectl
from tests.usecases.manifests.repository import printed, run

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers: [{name: web, image: "acme/web:1.0.0", envFrom: [{configMapRef: {name: settings}}]}]
"""
OVERLAY = "resources: [../../base]\nimages: [{{name: acme/web, newTag: {tag}}}]\n"
FILES = {
    "scenedock.yaml": "repository: https://git.test/acme/apps\n",
    "web/base/kustomization.yaml": "resources: [web.yaml]\nconfigMapGenerator: [{name: settings, files: [a=a.txt]}]\n",
    "web/base/web.yaml": DEPLOYMENT,
    "web/base/a.txt": "one\n",
    "web/overlays/qa/kustomization.yaml": OVERLAY.format(tag="1.1.0"),
    "web/overlays/production/kustomization.yaml": OVERLAY.format(tag="1.0.1"),
}
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web-qa}
spec:
  destination: {namespace: shop}
  source:
    repoURL: https://git.test/acme/apps
    path: web/overlays/qa
    kustomize: {namePrefix: qa-, images: ["acme/web=registry.test/web:2.0.0"]}
"""


@pytest.fixture
def kustomize() -> str:
    return str(kubectl())


def test_an_overlay_is_built_for_each_environment(tmp_path: Path, kustomize: str) -> None:
    root = plant(tmp_path / "apps", FILES)
    options = ("--service", "web", "--environment", "production")
    text = printed("manifests", "render", root, *options, SCENEDOCK_KUSTOMIZE=kustomize)
    images = [
        container["image"]
        for each in yaml.safe_load_all(text)
        if each and each["kind"] == "Deployment"
        for container in each["spec"]["template"]["spec"]["containers"]
    ]
    assert images == ["acme/web:1.0.1"]


def test_a_change_of_the_base_is_shown_for_all_overlays(tmp_path: Path, kustomize: str) -> None:
    root = clone(tmp_path / "apps", files=FILES)
    plant(root, {"web/base/a.txt": "two\n"})
    text = printed("manifests", "diff", root, SCENEDOCK_KUSTOMIZE=kustomize)
    assert "web in production, qa" in text
    assert "two" in text


def test_what_an_application_changes_counts(tmp_path: Path, kustomize: str) -> None:
    root = plant(tmp_path / "apps", {**FILES, "argocd/web.yaml": APPLICATION})
    text = printed("manifests", "render", root, "--service", "web-qa", SCENEDOCK_KUSTOMIZE=kustomize)
    assert "registry.test/web:2.0.0" in text
    assert "name: qa-web" in text


@pytest.mark.parametrize(
    ("taken", "reason"),
    [
        ("https://github.com/acme/base?ref=v1", "it takes https://github.com/acme/base?ref=v1 from elsewhere"),
        ("github.com/acme/base//web", "it takes github.com/acme/base//web from elsewhere"),
    ],
)
def test_a_base_from_elsewhere_is_refused_and_not_fetched(
    tmp_path: Path, kustomize: str, taken: str, reason: str
) -> None:
    overlay = {"web/overlays/qa/kustomization.yaml": f"resources: [../../base, '{taken}']\n"}
    root = plant(tmp_path / "apps", {**FILES, **overlay})
    done = run("manifests", "render", root, "--environment", "qa", SCENEDOCK_KUSTOMIZE=kustomize)
    assert done.exit_code == 1
    assert f"web/overlays/qa/kustomization.yaml: {reason}" in done.stderr


def test_without_kustomize_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", FILES)
    done = run("manifests", "render", root, SCENEDOCK_KUSTOMIZE=str(tmp_path / "none"))
    assert "set SCENEDOCK_KUSTOMIZE to its path" in done.stderr
