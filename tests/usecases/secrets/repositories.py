"""Repositories with secrets in them, and what is found there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.usecases.catalog.export_catalog import export_catalog
from scenedock.usecases.changes.ground import Ground

APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {service}-{environment}}}
spec:
  source: {{repoURL: https://github.com/acme/gitops, path: {path}, helm: {{valueFiles: [values-{environment}.yaml]}}}}
  destination: {{server: https://kubernetes.default.svc, namespace: {service}-{environment}}}
"""
KNOWN = "repository: https://github.com/acme/gitops\nenvironments: {known: [dev, qa, production]}\n"


def application(environment: str, service: str = "billing", path: str = "billing") -> str:
    """An Application of Argo CD."""
    return APPLICATION.format(service=service, environment=environment, path=path)


def chart(*environments: str, folder: str = "billing") -> dict[str, str]:
    """The files of a chart that is deployed to some environments."""
    return {
        "scenedock.yaml": KNOWN,
        f"{folder}/Chart.yaml": f"apiVersion: v2\nname: {folder}\nversion: 1.0.0\n",
        f"{folder}/values.yaml": "image: {repository: acme/billing}\n",
        **{f"{folder}/values-{each}.yaml": f"image: {{tag: 1.0.0}} # {each}\n" for each in environments},
        **{f"argocd/{folder}-{each}.yaml": application(each) for each in environments},
    }


def ground_of(root: Path, files: dict[str, str]) -> Ground:
    """What a change is planned on, in a repository called `gitops` with these files."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    repositories = {"gitops": RepositoryFolder(root)}
    return Ground.of(
        export_catalog(repositories), repositories, lambda changed: export_catalog(dict(changed)), datetime.now(UTC)
    )
