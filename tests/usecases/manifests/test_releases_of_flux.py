"""HelmReleases of Flux, with inline values and ConfigMaps of the repository."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.scenarios.repositories import clone, plant
from tests.usecases.manifests.repository import DEPLOYMENT, printed, run

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: billing, namespace: shop}
spec:
  chart: {spec: {chart: charts/billing, sourceRef: {kind: GitRepository, name: apps}}}
  valuesFrom: [{kind: ConfigMap, name: common}]
  values: {tag: 1.0.0}
"""
REMOTE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: redis, namespace: shop}
spec:
  chart: {spec: {chart: redis, version: 17.0.1, sourceRef: {kind: HelmRepository, name: charts}}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts}
spec: {url: https://charts.test}
"""
COMMON = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: common}\ndata: {values.yaml: 'team: payments'}\n"
FILES = {
    "charts/billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "charts/billing/templates/deployment.yaml": DEPLOYMENT,
    "apps/production/kustomization.yaml": "resources: [billing.yaml, common.yaml, redis.yaml]\n",
    "apps/production/billing.yaml": RELEASE,
    "apps/production/common.yaml": COMMON,
    "apps/production/redis.yaml": REMOTE,
}


def test_a_release_of_a_chart_of_the_repository_is_rendered_with_all_its_values(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", FILES)
    text = printed("manifests", "render", root, "--service", "billing")
    (deployment,) = (each for each in yaml.safe_load_all(text) if each and each["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert deployment["metadata"]["namespace"] == "shop"
    assert container["image"] == "acme/billing:1.0.0"
    assert container["env"][-1] == {"name": "TEAM", "value": "payments"}


def test_a_change_of_its_values_or_of_its_config_map_is_shown(tmp_path: Path) -> None:
    root = clone(tmp_path / "apps", files=FILES)
    plant(root, {"apps/production/billing.yaml": RELEASE.replace("1.0.0", "2.0.0")})
    plant(root, {"apps/production/common.yaml": COMMON.replace("payments", "money")})
    text = printed("manifests", "diff", root)
    assert "Deployment shop/billing" in text
    assert "2.0.0" in text
    assert "money" in text


def test_a_release_of_a_chart_from_elsewhere_says_which_chart_it_needs(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", FILES)
    done = run("manifests", "render", root, "--service", "redis", "--charts", tmp_path / "charts")
    assert "redis: not rendered: redis 17.0.1 from https://charts.test is not among" in done.stderr


def test_a_change_of_a_release_that_can_not_be_rendered_is_not_called_none(tmp_path: Path) -> None:
    release = REMOTE.partition("---\n")[0]  # where its chart is, isn't said in this repository
    root = clone(tmp_path / "apps", files={**FILES, "apps/production/redis.yaml": release})
    assert "No manifest changes in 0 deployments." in printed("manifests", "diff", root)
    plant(root, {"apps/production/redis.yaml": release.replace("17.0.1", "18.0.0")})
    text = printed("manifests", "diff", root)
    assert "redis: couldn't be rendered: its chart is in none of these repositories" in text
    assert "No manifest changes in 0 deployments; 1 couldn't be rendered." in text
