"""Each shape of a version, promoted and rolled back at the command line: the lines, and the original bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.tools.commits import commit, git

CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
LIFTS = ("--shared", "--untried-version", "--stale-chart-lock", "--automated-line")


def run(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["deployments", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def versions(root: Path) -> dict[str, str | None]:
    listed = json.loads(run("list", root, "--format", "json"))
    return {f"{each['service']}/{each['environment']}": each["version"] for each in listed}


def contents(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


@dataclass(frozen=True)
class Shape:
    """A repository, what is promoted in it, and the lines that this takes and gives."""

    files: Mapping[str, str]
    lines: tuple[str, ...]
    environment: str | None = "production"
    new: str = "1.1.0"
    others: frozenset[str] = field(default_factory=frozenset)


def folder(production: str, values: str = "image:\n  repository: acme/billing\n", **more: str) -> dict[str, str]:
    return {
        "billing/Chart.yaml": CHART,
        "billing/values.yaml": values,
        "billing/values-production.yaml": production,
        **more,
    }


def application(source: str, kind: str = "Application") -> dict[str, str]:
    head = f"apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: billing-production\n"
    spec = "spec:\n  source:\n    repoURL: https://git.acme.test/apps\n    path: billing\n"
    return {
        "billing/Chart.yaml": CHART,
        "billing/values.yaml": "image:\n  repository: acme/billing\n  tag: 0.9.0\n",
        "argocd/billing.yaml": f"{head}{spec}{source}  destination: {{namespace: billing-production}}\n",
    }


def overlay(kustomization: str, **more: str) -> dict[str, str]:
    container = "      containers:\n        - name: billing\n          image: acme/billing:0.9.0\n"
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: billing\nspec:\n  template:\n    spec:\n"
    return {
        "billing/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        "billing/base/deployment.yaml": head + container,
        "billing/overlays/production/kustomization.yaml": f"resources: [../../base]\n{kustomization}",
        "billing/overlays/qa/kustomization.yaml": "resources: [../../base]\n",
        **more,
    }


def release(patch: str) -> dict[str, str]:
    head = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: billing}\n"
    chart = "spec:\n  chart:\n    spec:\n      chart: billing\n      version: 0.9.0\n"
    return {
        "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
        "apps/base/release.yaml": head + chart,
        "apps/qa/kustomization.yaml": "resources: [../base]\n",
        "apps/prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
        "apps/prod/patch.yaml": f"{head}{patch}",
    }


SHAPES = {
    "image.tag": Shape(folder("image:\n  tag: 1.0.0  # ours\n"), ("-  tag: 1.0.0  # ours", "+  tag: 1.1.0  # ours")),
    "a tag in quotes": Shape(folder("image: {tag: '1.0.0'}\n"), ("-image: {tag: '1.0.0'}", "+image: {tag: '1.1.0'}")),
    "a number as a tag": Shape(folder("image:\n  tag: 12\n"), ("-  tag: 12", '+  tag: "13"'), new="13"),
    "image: repo:tag": Shape(
        folder("image: acme/billing:1.0.0\n", values="replicas: 1\n"),
        ("-image: acme/billing:1.0.0", "+image: acme/billing:1.1.0"),
    ),
    "imageTag": Shape(
        folder("imageTag: 1.0.0\n", values="imageRepository: acme/billing\n"), ("-imageTag: 1.0.0", "+imageTag: 1.1.0")
    ),
    "Windows lines": Shape(folder("image:\r\n  tag: 1.0.0\r\n"), ("-  tag: 1.0.0", "+  tag: 1.1.0")),
    "a digest with its tag": Shape(
        folder(f"image:\n  tag: 1.0.0@sha256:{'a' * 64}\n"),
        (f"-  tag: 1.0.0@sha256:{'a' * 64}", f'+  tag: "1.1.0@sha256:{"b" * 64}"'),
        new=f"1.1.0@sha256:{'b' * 64}",
    ),
    "inherited": Shape(
        folder("replicas: 3\n", "image:\n  repository: acme/billing\n  tag: 1.0.0\n", **{"billing/values-qa.yaml": ""}),
        ("+image:", "+  tag: 1.1.0"),
    ),
    "inherited, with siblings": Shape(
        folder(
            "image:\n  pullPolicy: Always\nreplicas: 3\n",
            "image:\n  repository: acme/billing\n  tag: 1.0.0\n",
            **{"billing/values-qa.yaml": ""},
        ),
        ("+  tag: 1.1.0",),
    ),
    "inherited image: repo:tag": Shape(
        folder("replicas: 3", "image: acme/billing:1.0.0\n", **{"billing/values-qa.yaml": ""}),
        ("+image: acme/billing:1.1.0",),
    ),
    "appVersion, into the environment's own file": Shape(
        {
            **folder("replicas: 3\n", 'image:\n  repository: acme/billing\n  tag: ""\n'),
            "billing/Chart.yaml": f'{CHART}appVersion: "1.0.0"\n',
            "billing/values-qa.yaml": "",
            "billing/templates/a.yaml": "kind: Deployment\nimage: {{ .Chart.AppVersion }}\n",
        },
        ("+image:", "+  tag: 1.1.0"),
    ),
    "appVersion of a chart for one environment": Shape(
        {
            "production/billing/Chart.yaml": f'{CHART}appVersion: "1.0.0"\n',
            "production/billing/values.yaml": "image:\n  repository: acme/billing\n",
            "production/billing/templates/a.yaml": "kind: Deployment\nimage: {{ .Chart.AppVersion }}\n",
        },
        ('-appVersion: "1.0.0"', '+appVersion: "1.1.0"'),
    ),
    "a shared line": Shape(
        {
            "billing/Chart.yaml": f"{CHART}dependencies:\n  - {{name: billing, version: 1.0.0, repository: 'https://a.test'}}\n",
            "billing/values-qa.yaml": "",
            "billing/values-production.yaml": "",
        },
        (
            "-  - {name: billing, version: 1.0.0, repository: 'https://a.test'}",
            "+  - {name: billing, version: 1.1.0, repository: 'https://a.test'}",
        ),
        others=frozenset({"billing/qa"}),
    ),
    "a tag file of YAML": Shape(
        folder(
            "replicas: 3\n",
            **{
                "scenedock.yaml": "versions: {file: 'tags/{environment}.yaml', path: 'apps.{service}.tag'}\n",
                "tags/production.yaml": "apps:\n  billing: {tag: 1.0.0}\n  search: {tag: 1.0.0}\n",
            },
        ),
        ("-  billing: {tag: 1.0.0}", "+  billing: {tag: 1.1.0}"),
    ),
    "a tag file of variables": Shape(
        folder(
            "replicas: 3\n",
            **{
                "scenedock.yaml": "versions: {file: 'tags/{environment}.env', path: TAG}\n",
                "tags/production.env": 'OTHER=1.0.0\nexport TAG="1.0.0" # ours\n',
            },
        ),
        ('-export TAG="1.0.0" # ours', '+export TAG="1.1.0" # ours'),
    ),
    "a tag file of variables, with a space": Shape(
        folder(
            "replicas: 3\n",
            **{
                "scenedock.yaml": "versions: {file: 'tags/{environment}.env', path: TAG}\n",
                "tags/production.env": "TAG= 1.0.0 # ours\n",
            },
        ),
        ("-TAG= 1.0.0 # ours", "+TAG= 1.1.0 # ours"),
    ),
    "a tag file with the version alone": Shape(
        folder(
            "replicas: 3\n",
            **{
                "scenedock.yaml": "versions: {file: 'tags/{environment}/{service}'}\n",
                "tags/production/billing": "\n 1.0.0 \n\n",
            },
        ),
        ("- 1.0.0 ", "+ 1.1.0 "),
    ),
    "a parameter": Shape(
        application("    helm:\n      parameters:\n        - {name: image.tag, value: 1.0.0}\n"),
        ("-        - {name: image.tag, value: 1.0.0}", "+        - {name: image.tag, value: 1.1.0}"),
    ),
    "valuesObject": Shape(
        application("    helm:\n      valuesObject:\n        image:\n          tag: 1.0.0\n"),
        ("-          tag: 1.0.0", "+          tag: 1.1.0"),
    ),
    "values as a text": Shape(
        application("    helm:\n      values: |\n        image:\n          tag: 1.0.0\n\n        a: 1\n"),
        ("-          tag: 1.0.0", "+          tag: 1.1.0"),
    ),
    "an element of an ApplicationSet": Shape(
        {
            "billing/Chart.yaml": CHART,
            "billing/values.yaml": "image:\n  repository: acme/billing\n  tag: 0.9.0\n",
            "argocd/set.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: billing}\n"
            "spec:\n  generators:\n    - list:\n        elements:\n          - {environment: qa, tag: 1.2.0}\n"
            "          - {environment: production, tag: 1.0.0}\n  template:\n    metadata:\n"
            "      name: 'billing-{{environment}}'\n    spec:\n      source:\n        repoURL: https://git.acme.test/apps\n"
            "        path: billing\n        helm:\n          parameters:\n"
            "            - {name: image.tag, value: '{{tag}}'}\n"
            "      destination: {namespace: 'billing-{{environment}}'}\n",
        },
        (
            "-          - {environment: production, tag: 1.0.0}",
            "+          - {environment: production, tag: 1.1.0}",
        ),
    ),
    "newTag": Shape(
        overlay('images:\n  - name: acme/billing\n    newTag: "1.0.0"\n'),
        ('-    newTag: "1.0.0"', '+    newTag: "1.1.0"'),
    ),
    "the tag of a base, in an overlay without images": Shape(
        overlay(""), ("+images:", "+  - name: acme/billing", "+    newTag: 1.1.0")
    ),
    "the tags of a base, in an overlay with other images": Shape(
        overlay(
            "images:\n- name: acme/proxy  # not ours\n  newTag: v1\n\nnamespace: billing\n",
            **{
                "billing/base/kustomization.yaml": "resources: [deployment.yaml]\n"
                "images: [{name: acme/billing, newTag: 1.0.0}, {name: acme/billing-job, newTag: 1.0.0}]\n",
                "billing/base/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\n"
                "spec:\n  template:\n    spec:\n      initContainers:\n        - {name: init, image: acme/billing}\n"
                "      containers:\n        - {name: billing, image: acme/billing}\n"
                "        - {name: job, image: acme/billing-job}\n        - {name: proxy, image: acme/proxy}\n",
            },
        ),
        ("+- name: acme/billing", "+  newTag: 1.1.0"),
    ),
    "the tag of a base, in an item that only renames": Shape(
        overlay('images:\n  - newName: "registry.test/acme/billing"\n    name: acme/billing\n'),
        ('+    newTag: "13"',),
        new="13",
    ),
    "the chart of a HelmRelease, in a patch of the environment": Shape(
        release("spec:\n  chart:\n    spec:\n      version: 1.0.0\n"),
        ("-      version: 1.0.0", "+      version: 1.1.0"),
        environment="prod",
    ),
    "values of a HelmRelease, in a later document": Shape(
        {
            "apps/billing/kustomization.yaml": "resources: [all.yaml]\n",
            "apps/billing/all.yaml": "kind: Namespace\napiVersion: v1\nmetadata: {name: billing}\n---\n"
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: billing}\n"
            "spec:\n  chart: {spec: {chart: generic, version: 3.0.0}}\n"
            "  values:\n    image:\n      repository: acme/billing\n      tag: 1.0.0\n",
        },
        ("-      tag: 1.0.0", "+      tag: 1.1.0"),
        environment=None,
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_version_is_promoted_and_rolled_back_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    shape, root = SHAPES[name], tmp_path / "apps"
    commit(root, 1, shape.files)
    git(root, "config", "user.name", "Jane")
    git(root, "config", "user.email", "jane@acme.test")
    before, listed = contents(root), versions(root)
    pair = f"billing/{shape.environment}"
    assert pair in listed
    where = ("--service", "billing", root, *LIFTS)
    to, of = ((option, shape.environment) if shape.environment else () for option in ("--to", "--environment"))
    asked = ("promote", *to, "--version", shape.new, *where)
    planned: dict[str, Any] = json.loads(run(*asked, "--format", "json"))
    assert contents(root) == before, "a plan writes nothing"
    lines = [line for file in planned["files"] for each in file["lines"] for line in _shown(each)]
    assert tuple(lines) == shape.lines
    assert {f"{each['service']}/{each['environment']}" for each in planned["changes"]} == {pair, *shape.others}
    run(*asked, "--commit")
    changed = {each: version for each, version in versions(root).items() if version != listed[each]}
    assert changed == dict.fromkeys({pair, *shape.others}, shape.new)
    run("roll-back", *of, *where, "--commit")
    assert contents(root) == before
    assert versions(root) == listed


def _shown(line: Mapping[str, str | None]) -> list[str]:
    return [f"{sign}{line[key]}" for sign, key in (("-", "old"), ("+", "new")) if line[key] is not None]
