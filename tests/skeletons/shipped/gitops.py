"""A GitOps repository made of our own skeletons, rendered by Helm."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from unittest import mock

import yaml
from kubernetes_validate import utils

from tests.skeletons.shipped.world import attempt, bake, run
from tests.tools.helm import Version, helm

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

_contents = functools.cache(utils.schema_contents)  # which reads all definitions for every manifest


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


def write_parent(folder: Path, chart: Path, values: Mapping[str, Mapping[str, Any]]) -> Path:
    """A chart that has another one many times: for each name a copy with values of its own, in one run of Helm."""
    about = yaml.safe_load((chart / "Chart.yaml").read_bytes())
    copies = [{"name": about["name"], "version": about["version"], "alias": alias} for alias in values]
    shutil.copytree(chart, folder / "charts" / chart.name)
    parent = {"apiVersion": "v2", "name": "parent", "version": "0.0.0", "dependencies": copies}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(parent), encoding="utf-8")
    (folder / "values.yaml").write_text(yaml.safe_dump(dict(values)), encoding="utf-8")
    return folder


def parse(text: str) -> list[Manifest]:
    """The documents of a rendering, sorted by kind and name."""
    documents = [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]
    return sorted(documents, key=lambda manifest: (manifest["kind"], manifest["metadata"]["name"]))


def is_custom(manifest: Manifest) -> bool:
    return str(manifest["apiVersion"]).startswith(CUSTOM)


def validate_kubernetes(manifests: Sequence[Manifest]) -> None:
    """Check manifests against the schemas of Kubernetes, unknown fields included.

    Raises
    ------
    kubernetes_validate.ValidationError   one of them breaks a schema; the message says where
    """
    with mock.patch.object(utils, "schema_contents", _contents):
        for version in KUBERNETES:
            for manifest in manifests:
                utils.validate(manifest, version, strict=True)
