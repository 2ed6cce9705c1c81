"""`--diff` of a change of versions renders with the programs and charts that `manifests diff` has, too."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.scenarios.repositories import clone
from tests.tools.helm import helm, kubectl

DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
    "      containers: [{name: web, image: acme/web}]\n"
)


def diff(root: Path, service: str, version: str, *options: str | Path) -> str:
    arguments = ["set-version", "--service", service, "--environment", "production", "--version", version]
    asked = ["deployments", *arguments, "--helm", helm("4"), "--diff", *options, root]
    done = CliRunner().invoke(main, [*map(str, asked)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_overlays_are_built_with_the_kustomize_that_is_named(tmp_path: Path) -> None:
    overlay = "resources: [../../base]\nimages: [{name: acme/web, newTag: 1.0.0}]\n"
    files = {
        "web/base/kustomization.yaml": "resources: [web.yaml]\n",
        "web/base/web.yaml": DEPLOYMENT,
        **{f"web/overlays/{name}/kustomization.yaml": overlay for name in ("qa", "production")},
    }
    root = clone(tmp_path / "apps", files=files)
    said = diff(root, "web", "1.1.0", "--untried-version", "--kustomize", kubectl())
    assert "acme/web:1.1.0" in said.partition("kustomization.yaml")[2]


def test_charts_from_elsewhere_are_looked_for_where_they_are_kept(tmp_path: Path) -> None:
    dependency = "{name: redis, version: 17.0.1, repository: 'https://charts.test', alias: cache}"
    chart = f"apiVersion: v2\nname: cache\nversion: 1.0.0\ndependencies: [{dependency}]\n"
    root = clone(tmp_path / "apps", files={"cache/Chart.yaml": chart, "cache/values-production.yaml": "a: 1\n"})
    said = diff(root, "cache", "17.1.0", "--charts", tmp_path / "charts")
    assert f"redis 17.1.0 from https://charts.test is not among the charts in {tmp_path / 'charts'}" in said
