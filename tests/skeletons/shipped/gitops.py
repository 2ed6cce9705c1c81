"""A GitOps repository made of our own skeletons, rendered by Helm."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from tests.skeletons.shipped.world import LOCKS, attempt, bake, run
from tests.tools.helm import Version, helm
from tests.tools.venv import venv

Manifest: TypeAlias = dict[str, Any]

HELMS: tuple[Version, ...] = ("3", "4")
CUSTOM = (
    "argoproj.io/",
    "bitnami.com/",
    "external-secrets.io/",
    "gateway.networking.k8s.io/",
    "monitoring.coreos.com/",
)
KUBERNETES = ("1.30", "1.34", "1.37")
"""The oldest that the library chart allows, one between, the newest whose schemas there are."""


class Repository:
    """Folders of deployments beside the library chart that they share, with dependencies as one Helm fetched them."""

    def __init__(self, folder: Path, major: Version, library: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.helm = helm(major)
        self.library = bake("library-chart", folder, library)

    def deploy(self, answers: Mapping[str, str]) -> Path:
        """Bake a deployment; the folder that it is, ready to be rendered."""
        made = bake("deployment", self.folder, answers)
        if answers.get("library_source") == "registry":
            # What `helm dependency build` fetches from a registry is the package that was pushed to it.
            run([self.helm, "package", self.library, "--destination", made / "charts"], self.folder)
        else:
            run([self.helm, "dependency", "build", made], self.folder)
        return made

    def render(self, service: str, environment: str | None, *more: str) -> list[Manifest]:
        """The manifests of a service as Argo CD asks Helm for them; `more` are further arguments."""
        return parse(run(self._template(service, environment, more), self.folder))

    def try_to_render(self, service: str, environment: str | None, *more: str) -> subprocess.CompletedProcess[str]:
        """What Helm says when it is asked for the manifests."""
        return attempt(self._template(service, environment, more), self.folder)

    def _template(self, service: str, environment: str | None, more: Sequence[str]) -> list[str | Path]:
        release = f"{service}-{environment}" if environment else service
        values = ["--values", f"{service}/values-{environment}.yaml"] if environment else []
        return [self.helm, "template", release, service, "--namespace", release, *values, *more]


def parse(text: str) -> list[Manifest]:
    """The documents of a rendering, sorted by kind and name."""
    documents = [document for document in yaml.safe_load_all(text) if document]
    return sorted(documents, key=lambda manifest: (manifest["kind"], manifest["metadata"]["name"]))


def is_custom(manifest: Manifest) -> bool:
    return str(manifest["apiVersion"]).startswith(CUSTOM)


def validate_kubernetes(manifests: Sequence[Manifest], folder: Path) -> None:
    """Check manifests against the schemas of Kubernetes, unknown fields included.

    Raises
    ------
    AssertionError   one of them breaks a schema; the message says which and where
    """
    files = []
    for number, manifest in enumerate(manifests):
        files.append(folder / f"{number}-{manifest['kind']}.json")
        files[-1].write_text(json.dumps(manifest), encoding="utf-8")
    program = venv(LOCKS / "requirements-linters.txt") / "bin" / "kubernetes-validate"
    for version in KUBERNETES:
        run([program, "--strict", "--no-warn", "--kubernetes-version", version, *files], folder)
