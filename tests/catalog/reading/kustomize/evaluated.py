"""What is said to be deployed by files of Kustomize and Flux."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.reading.layouts.kustomizations import Evaluation, evaluate
from scenedock.catalog.reading.layouts.manifests import read_manifest_file
from scenedock.catalog.reading.layouts.shape import Given
from scenedock.catalog.reading.sources import Manifests, Repositories
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.model.units import Unit

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\n"
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: billing, namespace: shop}
spec: {chart: {spec: {chart: webapp}}, values: {image: {tag: "1"}, replicas: 1}}
"""


def said(files: Mapping[str, str], url: str = "https://github.com/acme/gitops") -> Evaluation:
    paths = tuple(sorted(files))
    parsed = {path: read_manifest_file(Place("repo", path), files[path].encode()) for path in paths}
    documents = {path: each.documents for path, each in parsed.items() if each.documents}

    def read(path: str) -> bytes:
        if path not in files:
            raise InputError("there is no such file")
        return files[path].encode()

    here = Manifests("repo", paths, frozenset(), url, EnvironmentLists(), lambda _path: None)
    return evaluate(Given(Repositories(here), documents, read))


def flux(name: str, path: str, more: str = "") -> str:
    kind = f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\n"
    return f"{kind}spec:\n  path: {path}\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"


def where(units: tuple[Unit, ...]) -> list[tuple[str, str | None, str]]:
    return [(unit.name or unit.path, unit.environment, unit.namespace) for unit in units]
