"""What the sources of an Application deploy, as Argo CD renders them.

Source: Argo CD, "Helm", "Kustomize", "Directory", "Multiple Sources for an Application", "Build Environment".
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Final

from scenedock.catalog.reading.argo.generators import merge_objects
from scenedock.catalog.reading.argo.written import folder_at, leads_out
from scenedock.catalog.reading.sources import Manifests, Repositories
from scenedock.documents.reading import read_document
from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.errors import InputError
from scenedock.model.helm import CHART_FILE, KUSTOMIZATIONS
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass
from scenedock.usecases.manifests.applications import FoundApplication
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, KustomizePart, Part, SetValue, ValuesFile

_VARIABLE: Final = re.compile(r"\$(?:\{(ARGOCD_[A-Z_]+)\}|(ARGOCD_[A-Z_]+))")
_COMMA: Final = re.compile(r"(?<!\\),")
_VERSION: Final = re.compile(r"v?\d+(\.\d+)+([-+].*)?|[0-9a-f]{40}")
_YAML: Final = (".yaml", ".yml", ".json")
_OVERLAY_KEYS: Final = (
    *("namePrefix", "nameSuffix", "commonLabels", "commonAnnotations", "namespace", "patches", "components"),
    *("replicas", "labelWithoutSelector", "forceCommonLabels", "forceCommonAnnotations"),
)


@dataclass(frozen=True, slots=True)
class ArgoParts:
    """Makes parts of the sources of Applications of one repository; `state` has all repositories."""

    state: State
    repositories: Repositories

    def parts(self, found: FoundApplication) -> tuple[Part, ...]:
        """The parts of an Application, in the order of its sources.

        Raises
        ------
        InputError   one of them can't be rendered here, for the reason in the message
        """
        if found.left_open:
            raise InputError(f"only a cluster can evaluate {found.left_open!r} in the template of its set")
        if "{{" in found.written.title:
            raise InputError("a template leaves its name open")
        sources = found.written.sources
        refs = {ref: each for each in sources if (ref := as_text(each.get("ref")))}
        deployed = [each for each in sources if each.get("path") or each.get("chart") or not each.get("ref")]
        return tuple(part for each in deployed for part in _Source(self, found, each, refs).parts())

    def folders(self, found: FoundApplication) -> tuple[tuple[str, str], ...]:
        """The folders that the sources of an Application name, by repository, whether or not they can be rendered."""
        known = [(self.repositories.of(each), as_text(each.get("path"))) for each in found.written.sources]
        return tuple((of.name, folder_at(path)) for of, path in known if of and path and "{{" not in path)


@dataclass(frozen=True, slots=True)
class _Source:
    made: ArgoParts
    found: FoundApplication
    written: JsonObject
    refs: Mapping[str, JsonObject]

    def parts(self) -> Iterator[Part]:
        if self.written.get("plugin"):
            raise InputError("a plugin makes what it deploys")
        if chart := as_text(self.written.get("chart")):
            yield self._remote(chart)
            return
        manifests, path = self._folder(self.written)
        has = self.made.state.source(manifests.name).paths
        source = self._overridden(manifests, path)
        if posixpath.join(path, CHART_FILE) in has and not source.get("kustomize") and not source.get("directory"):
            yield self._chart(source, manifests, path)
        elif any(posixpath.join(path, name) in has for name in KUSTOMIZATIONS) and not source.get("directory"):
            yield KustomizePart(manifests.name, path, _overlay(as_object(source.get("kustomize"))))
        else:
            yield FilesPart(manifests.name, tuple(self._files(source, manifests, path)))

    def _folder(self, source: JsonObject) -> tuple[Manifests, str]:
        """The folder of a source, and its repository."""
        path = as_text(source.get("path")) or "."
        if "{{" in path:
            raise InputError("a template leaves open what it deploys")
        manifests = self.made.repositories.of(source)
        address = as_text(source.get("repoURL"))
        if manifests is None:
            raise InputError(f"it deploys {path} of {address}, which is not among these repositories")
        folder = folder_at(self._filled(path))
        if leads_out(folder):
            raise InputError(f"its path {path} leads out of the repository")
        revision = as_text(source.get("targetRevision"))
        if _VERSION.fullmatch(revision) and not source.get("chart"):
            raise InputError(f"it deploys the revision {revision}, not what is read here")
        return manifests, folder

    def _overridden(self, manifests: Manifests, path: str) -> JsonObject:
        """The source with what files in its folder change, as Argo CD Image Updater writes them."""
        source, files = self.written, self.made.state.source(manifests.name)
        for name in (".argocd-source.yaml", f".argocd-source-{self.found.written.title}.yaml"):
            if (at := posixpath.join(path, name)) in files.paths:
                source = merge_objects(source, as_object(read_document(files.read(at)).value))
        return source

    def _chart(self, source: JsonObject, manifests: Manifests, path: str) -> ChartPart:
        helm = as_object(source.get("helm"))
        return ChartPart(
            manifests.name,
            path,
            self._release(helm),
            self.found.written.namespace,
            self._values(helm, manifests, path),
            tuple(self._parameters(helm, path)),
            helm.get("skipCrds") is not True,
            tuple(_options(helm)),
        )

    def _remote(self, chart: str) -> ChartPart:
        helm = as_object(self.written.get("helm"))
        address, version = as_text(self.written.get("repoURL")), as_text(self.written.get("targetRevision"))
        address = address if "://" in address else f"oci://{address}"
        here = self.made.repositories.here.name
        return ChartPart(
            here,
            "",
            self._release(helm),
            self.found.written.namespace,
            self._values(helm, None, ""),
            tuple(self._parameters(helm, "")),
            helm.get("skipCrds") is not True,
            tuple(_options(helm)),
            RemoteChart(address, chart, version),
        )

    def _release(self, helm: JsonObject) -> str:
        return as_text(helm.get("releaseName")) or self.found.written.title

    def _values(self, helm: JsonObject, manifests: Manifests | None, path: str) -> tuple[ValuesFile | JsonObject, ...]:
        return (*self._value_files(helm, manifests, path), *_inline(helm))

    def _value_files(self, helm: JsonObject, manifests: Manifests | None, path: str) -> Iterator[ValuesFile]:
        """The values files; those that may be missing, and are, are left out."""
        may_be_missing = helm.get("ignoreMissingValueFiles") is True
        for written in map(as_text, as_list(helm.get("valueFiles"))):
            file = self._filled(written)
            if "://" in file:
                raise InputError(f"its values file {file} is an address")
            of, at = manifests, file
            if file.startswith("$"):
                ref, _, at = file[1:].partition("/")
                if ref not in self.refs:
                    raise InputError(f"none of its sources is called {ref!r}, as its values file {file} says")
                of, folder = self._folder({**self.refs[ref], "path": "."})
                at = folder_at(posixpath.join(folder, at))
            elif of is not None:
                at = folder_at(file) if file.startswith("/") else posixpath.normpath(posixpath.join(path, file))
            if of is None:  # a file of the chart from elsewhere
                raise InputError(f"its values file {file} is in a chart from elsewhere")
            if leads_out(at):
                raise InputError(f"its values file {file} leads out of the repository")
            if not (may_be_missing and at not in self.made.state.source(of.name).paths):
                yield ValuesFile(of.name, at)

    def _parameters(self, helm: JsonObject, path: str) -> Iterator[SetValue]:
        for each in map(as_object, as_list(helm.get("parameters"))):
            by = "set-string" if each.get("forceString") is True else "set"
            value = _COMMA.sub(r"\\,", self._filled(_text(each.get("value"))))
            yield SetValue(as_text(each.get("name")), value, "set-string" if by == "set-string" else "set")
        for each in map(as_object, as_list(helm.get("fileParameters"))):
            at = posixpath.normpath(posixpath.join(path, as_text(each.get("path"))))
            yield SetValue(as_text(each.get("name")), at, "set-file")

    def _files(self, source: JsonObject, manifests: Manifests, path: str) -> Iterator[str]:
        """The files of a folder without a chart and a kustomization."""
        directory = as_object(source.get("directory"))
        recurse = directory.get("recurse") is True
        include, exclude = as_text(directory.get("include")), as_text(directory.get("exclude"))
        beginning, found = len(path) + 1 if path else 0, False
        for each in self.made.state.source(manifests.name).below(path):
            name = each[beginning:]
            if not each.endswith(_YAML) or ("/" in name and not recurse):
                continue
            if (include and not _fits(name, include)) or (exclude and _fits(name, exclude)):
                continue
            found = True
            yield each
        if not found:
            raise InputError(f"{path or '.'}: there are no manifests in this folder")

    def _filled(self, text: str) -> str:
        """A text with the variables of Argo CD's build environment; those that aren't known stay."""
        if "$ARGOCD_" not in text and "${ARGOCD_" not in text:
            return text
        known = {
            "ARGOCD_APP_NAME": self.found.written.title,
            "ARGOCD_APP_NAMESPACE": self.found.written.namespace,
            "ARGOCD_APP_PROJECT_NAME": as_text(self.found.spec.get("project")),
            "ARGOCD_APP_SOURCE_PATH": as_text(self.written.get("path")),
            "ARGOCD_APP_SOURCE_REPO_URL": as_text(self.written.get("repoURL")),
            "ARGOCD_APP_SOURCE_TARGET_REVISION": as_text(self.written.get("targetRevision")),
        }
        return _VARIABLE.sub(lambda variable: known.get(variable[1] or variable[2], variable[0]), text)


def _inline(helm: JsonObject) -> Iterator[JsonObject]:
    """The values in the manifest: of `valuesObject`, or else of the text `values`."""
    if helm.get("valuesObject"):
        yield as_object(helm.get("valuesObject"))
    elif text := as_text(helm.get("values")):
        values = read_document(text.encode()).value
        if values is not None:
            yield as_object(values)


def _options(helm: JsonObject) -> Iterator[str]:
    if version := as_text(helm.get("kubeVersion")):
        yield f"--kube-version={version}"
    for each in map(as_text, as_list(helm.get("apiVersions"))):
        yield f"--api-versions={each}"
    if helm.get("skipTests") is True:
        yield "--skip-tests"
    if helm.get("skipSchemaValidation") is True:
        yield "--skip-schema-validation"


def _overlay(kustomize: JsonObject) -> JsonObject:
    """The kustomization that says what a source changes."""
    overlay: dict[str, Json] = {key: kustomize[key] for key in _OVERLAY_KEYS if kustomize.get(key)}
    for key in ("forceCommonLabels", "forceCommonAnnotations", "labelWithoutSelector"):
        overlay.pop(key, None)
    labels = overlay.pop("commonLabels", None)
    if labels:
        is_plain = kustomize.get("labelWithoutSelector") is True
        overlay["labels"] = [{"pairs": labels, "includeSelectors": not is_plain}]
    if images := as_list(kustomize.get("images")):
        overlay["images"] = [_image(as_text(each)) for each in images]
    return overlay


def _image(text: str) -> JsonObject:
    """An image as `kustomize edit set image` takes it: `name=new:tag`, `name:tag`, `name@digest`."""
    name, renamed, new = text.rpartition("=")
    place, at, digest = new.partition("@")
    repository, colon, tag = place.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = place, ""
    image: dict[str, Json] = {"name": name if renamed else repository}
    if renamed:
        image["newName"] = repository
    if tag:
        image["newTag"] = tag
    if at:
        image["digest"] = digest
    return image


def _fits(name: str, pattern: str) -> bool:
    """Whether a glob of Argo CD fits, or one of several in braces."""
    patterns = pattern[1:-1].split(",") if pattern.startswith("{") and pattern.endswith("}") else [pattern]
    return any(fnmatch.fnmatchcase(name, each.strip()) for each in patterns)


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
