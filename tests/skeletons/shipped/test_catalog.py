"""A repository that was made of our skeletons alone becomes a right catalog, with nothing to complain about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.skeletons.shipped.world import SKELETONS, bake, run
from tests.tools.judge import judge


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "apps"
    folder.mkdir()
    run(["git", "init", "--quiet", "--initial-branch", "main"], folder)
    bake("library-chart", folder)
    return folder


def apply(repository: Path, application_set: int) -> None:
    """Commit everything, with one of the ApplicationSets of the README of `deployment`, in the repository it names."""
    readme = (SKELETONS / "deployment" / "README.md").read_text(encoding="utf-8")
    (repository / "argocd").mkdir()
    text = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)[application_set]
    (repository / "argocd" / "services.yaml").write_text(text, encoding="utf-8")
    (address,) = set(re.findall("repoURL: (.*)", text))
    run(["git", "remote", "add", "origin", address], repository)
    author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com"]
    run(["git", "add", "--all"], repository)
    run(["git", *author, "commit", "--quiet", "--message", "Begin"], repository)


def catalog(*arguments: str | Path) -> str:
    """What `scenedock catalog` prints."""
    done = CliRunner().invoke(main, ["catalog", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def exported(repository: Path) -> dict[str, dict[str, Any]]:
    """The entities by name; warnings count as errors."""
    entities = list(yaml.safe_load_all(catalog("export", "--strict", repository)))
    assert judge(entities) == [None] * len(entities)
    return {entity["metadata"]["name"]: entity for entity in entities}


def test_a_folder_with_several_environments(repository: Path) -> None:
    bake("deployment", repository)
    source = {"source_repository": "https://github.com/acme/order-desk-code", "api": "order-desk", "system": "shop"}
    bake("deployment", repository, {"service": "orders", "owner": "group:default/orders", **source})
    apply(repository, 0)

    entities = exported(repository)

    assert sorted(entities) == ["billing", "orders", "workload"]
    assert entities["orders"]["spec"] == {
        "type": "service",
        "lifecycle": "production",
        "owner": "group:default/orders",
        "system": "shop",
        "dependsOn": ["component:workload"],
        "providesApis": ["order-desk"],
    }
    annotations = entities["orders"]["metadata"]["annotations"]
    assert annotations["scenedock.dev/environments"] == "dev,production,qa"
    assert annotations["backstage.io/kubernetes-id"] == "orders"
    assert annotations["argocd/app-selector"] == "app.kubernetes.io/name=orders"
    assert annotations["github.com/project-slug"] == "acme/order-desk-code"
    assert entities["workload"]["spec"]["type"] == "library"


def test_a_repository_for_each_cluster(repository: Path) -> None:
    bake("deployment", repository, {"layout": "cluster", "ingress_domain": "", "metrics": "no"})
    apply(repository, 1)

    entities = exported(repository)

    assert sorted(entities) == ["billing", "workload"]
    assert entities["billing"]["spec"]["type"] == "service"
    annotations = entities["billing"]["metadata"]["annotations"]
    assert annotations["argocd/app-name"] == "billing"
    assert annotations["backstage.io/kubernetes-namespace"] == "billing"


def test_export_in_place_check_and_validate_agree(repository: Path) -> None:
    bake("deployment", repository)
    bake("deployment", repository, {"service": "orders", "owner": "group:default/orders", "system": "shop"})
    apply(repository, 0)
    before = exported(repository)

    told = catalog("export", "--in-place", "--strict", repository)
    checked = catalog("check", repository)
    files = sorted(repository.rglob("catalog-info*.yaml"))
    validated = catalog("validate", *files)

    assert "3 files written" in told
    assert checked.splitlines()[-1] == "All right: catalog-info.yaml files: 3 right"
    assert [path.name for path in files].count("catalog-info.part.yaml") == 3
    assert "6 entities in 6 files: all valid, 6 notes" in validated
    written = [yaml.safe_load(path.read_bytes()) for path in repository.rglob("catalog-info.yaml")]
    assert {entity["metadata"]["name"]: entity for entity in written} == before
