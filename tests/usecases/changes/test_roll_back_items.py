"""Roll-backs of what is an item among others: the same item as it was, wherever it stood then, or a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.tools.commits import commit

CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"


def run(root: Path, *arguments: str, code: int = 0) -> Any:
    asked = ["deployments", "roll-back", "--service", "billing", str(root), *arguments, "--format", "json"]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if code < 2 else done.output


def release(name: str, tag: str) -> str:
    return (
        f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}}}\n"
        f"spec:\n  chart: {{spec: {{chart: generic, version: 3.0.0}}}}\n"
        f"  values:\n    image: {{repository: acme/{name}, tag: {tag}}}\n"
    )


def images(*tags: tuple[str, str]) -> str:
    listed = "".join(f"  - {{name: acme/{name}, newTag: {tag}}}\n" for name, tag in tags)
    return f"resources: [../../base]\nimages:\n{listed}"


def kustomized(root: Path, *states: str) -> None:
    containers = "".join(f"        - {{name: {name}, image: acme/{name}}}\n" for name in ("proxy", "billing"))
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\nspec:\n  template:\n    spec:\n"
    base = {
        "billing/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        "billing/base/deployment.yaml": f"{head}      containers:\n{containers}",
        "billing/overlays/qa/kustomization.yaml": images(("billing", "1.0.0")),
    }
    for hour, state in enumerate(states, 1):
        commit(root, hour, {**base, "billing/overlays/production/kustomization.yaml": state})


def generated(root: Path, *states: tuple[str, ...]) -> None:
    for hour, elements in enumerate(states, 1):
        listed = "".join(f"          - {{{each}}}\n" for each in elements)
        manifest = (
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: billing}\n"
            f"spec:\n  generators:\n    - list:\n        elements:\n{listed}  template:\n    metadata:\n"
            "      name: 'billing-{{environment}}'\n    spec:\n      source:\n        repoURL: https://git.acme.test/apps\n"
            "        path: billing\n        helm:\n          parameters:\n"
            "            - {name: image.tag, value: '{{tag}}'}\n"
            "      destination: {namespace: 'billing-{{environment}}'}\n"
        )
        values = "image:\n  repository: acme/billing\n  tag: 0.9.0\n"
        commit(root, hour, {"billing/Chart.yaml": CHART, "billing/values.yaml": values, "argocd/set.yaml": manifest})


def test_what_went_back_to_a_commit_does_not_come_back_by_itself(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    kustomized(root, *(images(("billing", tag)) for tag in ("0e5f1ac", "9ab01cd", "0e5f1ac")))
    assert "went back from 9ab01cd to 0e5f1ac already" in run(root, "--environment", "production", code=4)
    assert run(root, "--environment", "production", "--to", "9ab01cd")["changes"]


def test_an_image_is_found_by_its_name(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    proxy = ("proxy", "9.9.9")
    kustomized(
        root, images(proxy, ("billing", "1.0.0")), images(proxy, ("billing", "1.1.0")), images(("billing", "1.1.0"))
    )
    found = run(root, "--environment", "production")
    assert [(each["old"], each["new"]) for each in found["changes"]] == [("1.1.0", "1.0.0")]
    assert [line["new"] for line in found["files"][0]["lines"]] == ["  - {name: acme/billing, newTag: 1.0.0}"]


def test_another_image_in_the_same_place_is_no_version_before(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    kustomized(root, images(("proxy", "9.9.9")), images(("billing", "1.0.0")))
    said = run(root, "--environment", "production", code=2)
    assert "nothing in it is certainly the same item before commit" in said
    assert "give the version" in said


def test_an_element_of_a_generator_is_found_by_its_other_keys(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    others = ("environment: qa, tag: 2.0.0", "environment: staging, tag: 2.0.0-rc.7")
    first, second = ((others[0], f"environment: production, tag: {tag}", others[1]) for tag in ("1.0.0", "1.0.1"))
    generated(root, first, second, ("environment: dev, tag: 3.0.0", *second))
    found = run(root, "--environment", "production", "--untried-version")
    assert [(each["environment"], each["new"]) for each in found["changes"]] == [("production", "1.0.0")]


def test_a_document_is_found_by_its_kind_and_name(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    kustomization = {"apps/kustomization.yaml": "resources: [all.yaml]\n"}
    olds = [
        [release("search", "7.0.0"), release("billing", tag), release("pay", "4.0.0")] for tag in ("1.0.0", "1.0.1")
    ]
    for hour, documents in enumerate((*olds, [release("aaa", "9.0.0"), *olds[1]]), 1):
        commit(root, hour, {**kustomization, "apps/all.yaml": "---\n".join(documents)})
    found = run(root)
    assert [(each["service"], each["old"], each["new"]) for each in found["changes"]] == [("billing", "1.0.1", "1.0.0")]


@pytest.mark.parametrize("version", ["7.0.0", "9.0.0"])
def test_a_version_of_another_document_was_never_its_own(tmp_path: Path, version: str) -> None:
    root = tmp_path / "apps"
    old, new = release("billing", "1.0.0"), release("billing", "1.0.1")
    for hour, documents in enumerate(([release("search", "7.0.0"), old], [release("search", "7.0.0"), new], [new]), 1):
        files = {"apps/kustomization.yaml": "resources: [all.yaml]\n", "apps/all.yaml": "---\n".join(documents)}
        commit(root, hour, files)
    assert f"no commit says that billing had {version}" in run(root, "--to", version, code=2)
