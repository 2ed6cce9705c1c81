"""What other tools than Argo CD deploy: Flux, Kustomize, Rancher Fleet, helmfile. Only enough to say that it is there.

Files are known by their names, and Flux's objects by the lines `apiVersion` and `kind`: nothing is parsed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from scenedock.catalog.reading.argo.applications import FROM_ELSEWHERE, NAMED_BY_TEMPLATE
from scenedock.catalog.reading.plan import reason_in_name
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.model.helm import Deployed, DeployedKind

KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})

_FLEET = frozenset({"fleet.yaml", "fleet.yml"})
_HELMFILE = re.compile(r"(?:^|/)(?:helmfile\.ya?ml(?:\.gotmpl)?|helmfile\.d/[^/]+\.ya?ml(?:\.gotmpl)?)$")
_RELEASE = re.compile(rb"(?:^[ \t]+(?:-[ \t]+)?|[{,][ \t]*)chart:[ \t]*[\"']?([^\"'\s#,}]+)", re.MULTILINE)
_RELEASE_NAME = re.compile(rb"(?:^[ \t]*(?:-[ \t]+)?|[{,][ \t]*)name:[ \t]*[\"']?([^\"'\s#,}]+)", re.MULTILINE)

_FLUX = b"toolkit.fluxcd.io/"
_DOCUMENT_END = re.compile(rb"^---.*$", re.MULTILINE)
_FLUX_VERSION = re.compile(rb"^apiVersion:[ \t]*[\"']?(?:helm|kustomize)\.toolkit\.fluxcd\.io/", re.MULTILINE)
_FLUX_KIND = re.compile(rb"^kind:[ \t]*[\"']?(HelmRelease|Kustomization)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_OBJECT_NAME = re.compile(rb"^[ \t]+name:[ \t]*[\"']?([^\"'\s#]+)", re.MULTILINE)
_FLUX_PATH = re.compile(rb"^[ \t]+path:[ \t]*[\"']?([^\"'\s#]+)", re.MULTILINE)


def flux_objects(place: Place, data: bytes) -> Iterator[Deployed]:
    """The HelmReleases and Kustomizations of Flux in a file; `place` is the file's."""
    if _FLUX not in data:
        return
    line = 1
    for text in _DOCUMENT_END.split(data):
        if _FLUX_VERSION.search(text) and (kind := _FLUX_KIND.search(text)):
            here = Place(place.repository, place.path, line + text.count(b"\n", 0, kind.start()))
            named = _OBJECT_NAME.search(text)
            name = named[1].decode("utf-8", "replace") if named else ""
            if kind[1] == b"HelmRelease":
                target = posixpath.dirname(place.path)
                yield Deployed("Flux HelmRelease", name, here, ((place.repository, target),))
            else:
                path = _FLUX_PATH.search(text)
                folder = _folder(path[1].decode("utf-8", "replace")) if path else posixpath.dirname(place.path)
                yield Deployed("Flux Kustomization", name, here, ((place.repository, folder),))
        line += text.count(b"\n")


def named_files(repository: str, files: Iterable[str], read: Callable[[str], bytes]) -> Iterator[Deployed]:
    """What files are there for by their names: folders of Kustomize, bundles of Fleet, the releases of helmfiles."""
    for path in files:
        folder, name = posixpath.split(path)
        if name in KUSTOMIZATIONS or name in _FLEET:
            if not folder or not reason_in_name(folder.split("/")):
                kind: DeployedKind = "Fleet bundle" if name in _FLEET else "Kustomize folder"
                yield Deployed(kind, folder or ".", Place(repository, path), ((repository, folder),))
        elif _HELMFILE.search(path):
            try:
                data = read(path)
            except InputError:
                continue
            yield from _releases(Place(repository, path), data)


def _releases(place: Place, data: bytes) -> Iterator[Deployed]:
    """The releases of a helmfile, which may be a template, by the lines that name their charts."""
    names = list(_RELEASE_NAME.finditer(data))
    for found in _RELEASE.finditer(data):
        chart = found[1].decode("utf-8", "replace")
        here = Place(place.repository, place.path, data.count(b"\n", 0, found.start(1)) + 1)
        near = min(names, key=lambda each: abs(each.start() - found.start()), default=None)
        name = near[1].decode("utf-8", "replace") if near else chart
        if "{{" in chart:
            yield Deployed("helmfile release", name, here, reason=NAMED_BY_TEMPLATE)
        elif chart.startswith("."):
            folder = _folder(posixpath.join(posixpath.dirname(place.path), chart))
            yield Deployed("helmfile release", name, here, ((place.repository, folder),))
        else:
            yield Deployed("helmfile release", name, here, reason=FROM_ELSEWHERE)


def _folder(path: str) -> str:
    folder = posixpath.normpath(path).lstrip("/")
    return "" if folder == "." else folder
