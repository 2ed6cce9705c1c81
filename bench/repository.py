"""Generated GitOps repositories to measure with: deployment folders of a chart and four values files each."""

from __future__ import annotations

from pathlib import Path

_CHART = """\
apiVersion: v2
name: {name}
description: Handles {what} of the shop and tells other services about them.
type: application
version: 1.{minor}.0
appVersion: "2.{minor}.1"
keywords: [{what}, backend]
dependencies:
  - name: acme-service
    version: ">=1.0.0"
    repository: file://../../acme-service
"""
_LIBRARY = "apiVersion: v2\nname: acme-service\ndescription: What all services share.\ntype: library\nversion: 1.0.0\n"
_VALUES = """\
acme-service:
  # What every environment has in common.
  image:
    repository: registry.acme.example/{what}/{name}
    pullPolicy: IfNotPresent
  service:
    type: ClusterIP
    port: 8080
  resources:
    requests: {{cpu: 100m, memory: 256Mi}}
    limits: {{memory: 512Mi}}
  probes:
    liveness: {{path: /health/live, initialDelaySeconds: 10}}
    readiness: {{path: /health/ready, initialDelaySeconds: 5}}
  config:
    upstream: {{url: "http://{upstream}:8080/api", timeoutSeconds: 5}}
    features: "newCheckout=false,fastSearch=true"
  env:
    - name: LOG_LEVEL
      value: info
"""
_ENVIRONMENT = """\
acme-service:
  image:
    tag: 2.{minor}.{patch}
  replicas: {replicas}
  ingress:
    enabled: true
    hosts:
      - host: {name}.{environment}.acme.example
        paths: [/]
  env:
    - name: LOG_LEVEL
      value: {level}
    - name: DATABASE_HOST
      value: {name}.db.{environment}.acme.example
    - name: CACHE_TTL
      value: "300"
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "8080"
"""
_WHAT = ("orders", "payments", "invoices", "shipments", "customers", "returns", "prices", "stocks")


def write_repository(root: Path, folders: int) -> Path:
    """Write a repository of this many folders below `apps/`, always the same for the same number."""
    library = root / "acme-service"
    library.mkdir(parents=True)
    (library / "Chart.yaml").write_text(_LIBRARY, encoding="utf-8")
    (root / "CODEOWNERS").write_text(
        "* @acme/platform\n" + "".join(f"/apps/team-{what}-*/ @acme/{what}\n" for what in _WHAT), encoding="utf-8"
    )
    (root / "scenedock.yaml").write_text("repository: https://github.com/acme/apps\nbranch: main\n", encoding="utf-8")
    for number in range(folders):
        what = _WHAT[number % len(_WHAT)]
        name, upstream = _name(number), _name(number // 2)
        folder = root / "apps" / name
        folder.mkdir(parents=True)
        facts = {"name": name, "what": what, "minor": number % 30}
        (folder / "Chart.yaml").write_text(_CHART.format(**facts), encoding="utf-8")
        (folder / "values.yaml").write_text(_VALUES.format(**facts, upstream=upstream), encoding="utf-8")
        for environment, replicas, level in (("dev", 1, "debug"), ("qa", 2, "info"), ("production", 4, "warn")):
            text = _ENVIRONMENT.format(**facts, patch=replicas, replicas=replicas, environment=environment, level=level)
            (folder / f"values-{environment}.yaml").write_text(text, encoding="utf-8")
    return root


def _name(number: int) -> str:
    return f"team-{_WHAT[number % len(_WHAT)]}-{number:05}"
