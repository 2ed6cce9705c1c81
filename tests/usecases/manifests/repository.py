"""A small repository with an app of apps, an ApplicationSet and charts, and what is printed of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.tools.helm import helm

APPLICATION = """\
{{- range $name, $app := .Values.apps }}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: "{{ $name }}-{{ $.Values.environment }}"}
spec:
  project: shop
  destination: {namespace: "{{ $name }}", name: "{{ $.Values.environment }}"}
  source:
    repoURL: https://git.test/acme/apps
    path: {{ $app.path }}
    targetRevision: main
    helm:
      releaseName: {{ $name }}
      valueFiles: [values.yaml, "values-{{ $.Values.environment }}.yaml"]
      ignoreMissingValueFiles: true
      parameters:
      - {name: global.environment, value: "{{ $.Values.environment }}"}
      - {name: port, value: "8080", forceString: true}
      valuesObject: {team: payments}
{{- end }}
"""
SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: search}
spec:
  goTemplate: true
  generators:
  - list: {elements: [{environment: qa}, {environment: production}]}
  template:
    metadata: {name: 'search-{{.environment}}'}
    spec:
      project: shop
      destination: {namespace: search, server: 'https://{{.environment}}.test'}
      source:
        repoURL: https://git.test/acme/apps
        path: search
        helm: {parameters: [{name: tag, value: '{{.environment}}-1'}]}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}", namespace: "{{ .Release.Namespace }}"}
spec:
  template:
    spec:
      containers:
      - name: main
        image: "acme/{{ .Chart.Name }}:{{ .Values.tag }}"
        env:
        - {name: PORT, value: {{ toJson .Values.port }}}
        - {name: WHERE, value: "{{ dig "environment" "nowhere" (.Values.global | default dict) }}"}
        - {name: TEAM, value: "{{ .Values.team }}"}
"""
FILES = {
    "scenedock.yaml": "repository: https://git.test/acme/apps\n",
    "environments/Chart.yaml": "apiVersion: v2\nname: environments\nversion: 1.0.0\n",
    "environments/templates/apps.yaml": APPLICATION,
    "environments/values.yaml": "apps: {billing: {path: billing}}\n",
    "environments/values-qa.yaml": "environment: qa\n",
    "environments/values-production.yaml": "environment: production\n",
    "argocd/search.yaml": SET,
    "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "billing/templates/deployment.yaml": DEPLOYMENT,
    "billing/values.yaml": "tag: 1.0.0\n",
    "billing/values-qa.yaml": "tag: 1.1.0\n",
    "search/Chart.yaml": "apiVersion: v2\nname: search\nversion: 1.0.0\n",
    "search/templates/deployment.yaml": DEPLOYMENT,
}


def run(*arguments: str | Path, version: str = "4", **environment: str) -> Result:
    """What a command prints, with a real helm."""
    program = str(helm("3" if version == "3" else "4"))
    environment = {"SCENEDOCK_HELM": program, **environment}
    return CliRunner(env=environment).invoke(main, list(map(str, arguments)), catch_exceptions=False)


def printed(*arguments: str | Path, version: str = "4", **environment: str) -> str:
    """What a command prints that succeeds."""
    done = run(*arguments, version=version, **environment)
    assert done.exit_code == 0, done.output
    return done.stdout


def document(*arguments: str | Path, **environment: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(printed(*arguments, "--format", "json", **environment))


def with_files(**changed: str | None) -> Mapping[str, str]:
    """The files of the repository, with some of them changed; None for one that isn't there."""
    files: dict[str, str | None] = {**FILES, **changed}
    return {path: text for path, text in files.items() if text is not None}
