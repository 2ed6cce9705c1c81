"""The diff of two renderings by the real Helm is what an independent comparison of both finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.manifests.comparing import compare
from scenedock.manifests.difference import ManifestDiff
from scenedock.manifests.rendered import Rendered
from scenedock.manifests.text import as_text
from tests.manifests.flattened import Leaves, differing, said
from tests.skeletons.shipped.answers import DEPLOYMENTS, LIBRARY
from tests.skeletons.shipped.gitops import HELMS, Repository, parse
from tests.tools.helm import Version, template, write_chart

CHART = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-{{ toJson .Values.config | sha256sum | trunc 8 }}
data:
  app.yaml: |
    level: {{ .Values.config.level }}
    workers: 4
    color: blue
---
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {password: {{ .Values.password }}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {helm.sh/chart: probe-{{ .Values.chart }}, app.kubernetes.io/version: {{ .Values.tag | quote }}}
spec:
  template:
    metadata:
      annotations: {checksum/config: {{ toJson .Values.config | sha256sum }}}
    spec:
      containers:
        {{- if .Values.sidecar }}
        - name: proxy
          image: proxy:1
        {{- end }}
        - name: web
          image: registry.acme.test/web:{{ .Values.tag }}
          args: {{ toJson .Values.args }}
          env:
            - {name: COLOR, value: blue}
            {{- range $name, $value := .Values.env }}
            - {name: {{ $name }}, value: {{ $value | quote }}}
            {{- end }}
          envFrom: [{configMapRef: {name: web-{{ toJson .Values.config | sha256sum | trunc 8 }}}}]
          resources: {limits: {memory: {{ .Values.memory }}}}
{{- if .Values.policy }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1}
{{- end }}
"""
VALUES: dict[str, Any] = {
    "args": ["--level=info", "--port=80"],
    "chart": "1.0.0",
    "config": {"level": "info"},
    "env": {"A": "1", "B": "2"},
    "memory": "1Gi",
    "password": "canary",
    "policy": True,
    "sidecar": False,
    "tag": "1.4.0",
}
CHANGES: dict[str, dict[str, Any]] = {
    "tag and memory": {"tag": "1.5.0", "memory": "512Mi"},
    "an argument more": {"args": ["--level=info", "--verbose", "--port=80"]},
    "environment variables": {"env": {"B": "3", "C": "4"}},
    "a container and an object": {"sidecar": True, "policy": False},
    "what only follows": {"chart": "2.0.0", "config": {"level": "debug"}, "password": "another canary"},
}


@pytest.fixture(scope="module", params=HELMS, ids=lambda major: f"helm{major}")
def major(request: pytest.FixtureRequest) -> Version:
    version: Version = request.param
    return version


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chart(tmp_path_factory.mktemp("chart"), manifest=CHART)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, major: Version) -> Repository:
    """The shipped library chart and a deployment that uses it."""
    shipped = Repository(tmp_path_factory.mktemp("shipped"), major, LIBRARY)
    shipped.deploy({"service": "billing", "library": LIBRARY["name"], **DEPLOYMENTS["billing"]})
    return shipped


def _diff(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> ManifestDiff:
    return compare([Rendered("apps", "web", None, tuple(before))], [Rendered("apps", "web", None, tuple(after))])


def _shown(leaves: Leaves) -> Leaves:
    """Without labels and annotations that are hidden."""
    hidden = {"checksum/config", "helm.sh/chart", "app.kubernetes.io/version"}
    return {path: both for path, both in leaves.items() if not hidden & set(path)}


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_small_chart(chart: Path, major: Version, tmp_path: Path, name: str) -> None:
    rendered = []
    for number, values in enumerate((VALUES, VALUES | CHANGES[name])):
        file = tmp_path / f"{number}.yaml"
        file.write_text(yaml.safe_dump(values), encoding="utf-8")
        rendered.append(parse(template(major, chart, "--values", str(file))))

    diff = _diff(*rendered)

    if name == "what only follows":
        hashes = [manifests[0]["metadata"]["name"] for manifests in rendered]
        assert as_text(diff).splitlines() == [
            "web:",
            f"  ConfigMap {hashes[1]} (was {hashes[0]})",
            "    data[app.yaml]:",
            "      … line 1",
            "-     level: info",
            "+     level: debug",
            "      workers: 4",
            "  Secret web",
            "!   stringData.password: changed, not shown",
            "",
            "Not shown: 1 chart label, 1 checksum, 2 hashed names.",
            "1 of 1 deployment changes, manifests: 2 changed.",
        ]
        return
    expected = _shown(differing(*rendered))
    assert expected
    assert said(diff) == expected


def test_the_shipped_library_chart(repository: Repository) -> None:
    """Two environments, and one environment with other values."""
    dev, production = (repository.render("billing", name) for name in ("dev", "production"))
    more = ["--set", "workload.image.tag=9.9.9", "--set", "workload.resources.limits.memory=3Gi"]
    changed = repository.render("billing", "production", *more)

    for before, after in ((dev, production), (production, dev), (production, changed)):
        assert _shown(said(_diff(before, after))) == _shown(differing(before, after))
    lines = as_text(_diff(production, changed)).splitlines()
    assert [line.split(": ")[0] for line in lines[1:4]] == [
        "  Deployment billing-production/billing",
        "!   containers[billing].image",
        "!   containers[billing].resources.limits.memory",
    ]
    assert lines[4] == ""
