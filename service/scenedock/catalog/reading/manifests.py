"""What a folder's manifests spell out: plain ones are parsed, Helm's templates are searched as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from scenedock.catalog.reading.values import KUBERNETES_ID
from scenedock.catalog.vocabulary.formats import is_kind
from scenedock.model.json import JsonObject, as_object, as_text
from scenedock.structs import dataclass

_KIND = re.compile(r"^kind:[ \t]*[\"']?([A-Z][A-Za-z0-9]*)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_KUBERNETES_ID = re.compile(
    rf"^[ \t]*[\"']?{re.escape(KUBERNETES_ID)}[\"']?:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9._-]*)[\"']?[ \t]*\r?$",
    re.MULTILINE,
)
_SERVICE = re.compile(r"^kind:[ \t]*[\"']?Service[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_DOCUMENT_END = re.compile(r"^---", re.MULTILINE)
_NAME = re.compile(
    r"^metadata:(?:[ \t]*\{[^}\n]*?\b|[ \t]*\r?\n(?:[ \t]++.*+\n)*?[ \t]++)"
    r"name:[ \t]*[\"']?([a-z0-9][a-z0-9-]*)[\"']?[ \t]*[,}\r\n]",
    re.MULTILINE,
)
_COMMENTS = re.compile(r"\{\{-?\s*/\*.*?(?:\*/\s*-?\}\}|\Z)|^[ \t]*#[^\n]*", re.DOTALL | re.MULTILINE)
_BLOCKS = re.compile(r"\{\{-?\s*(?:if|else|end|range|with|\$\w*\s*:?=)[^{}]*\}\}")
_ANY_KIND = re.compile(r"\bkind[\"']?[ \t]*:")
_ANYTHING = re.compile(r"^\{\{(?![^{}]*\bn?indent[ \t]+[1-9])", re.MULTILINE)
_NOT_DEPLOYED = ("argoproj.io/", "backstage.io/", "fleet.cattle.io/", "kustomize.config.k8s.io/")


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """Kinds with a file of each, the names of Services, a literal label `kubernetes-id`, the labels of all pods.

    `names_all` says that there can be no manifests of other kinds.
    """

    kind_files: dict[str, str]
    services: frozenset[str]
    kubernetes_id: str
    labels: frozenset[tuple[str, str]] = frozenset()
    names_all: bool = False


def read_templates(templates: Iterable[tuple[str, str]]) -> ManifestFacts:
    """The facts in Helm's templates, given as name and text; they have no labels."""
    kind_files: dict[str, str] = {}
    services: set[str] = set()
    kubernetes_id, names_all = "", True
    for name, text in templates:
        names_all = names_all and ("/tests/" in name or _names_all(text))
        kinds = _KIND.findall(text)
        kind_files = {**dict.fromkeys(kinds, name), **kind_files}
        if "Service" in kinds:
            services.update(_names_of_services(text))
        if not kubernetes_id and (match := _KUBERNETES_ID.search(text)):
            kubernetes_id = match[1]
    return ManifestFacts(kind_files, frozenset(services), kubernetes_id, names_all=names_all)


def _names_all(template: str) -> bool:
    """Whether each document of a template says its kind, and nothing writes further ones."""
    for part in _DOCUMENT_END.split(_BLOCKS.sub("", _COMMENTS.sub("", template))):
        kinds = [each for line in part.splitlines() for each in _ANY_KIND.findall(line) if line[:1].strip()]
        if part.strip() and (len(kinds) != len(_KIND.findall(part)) or not kinds or _ANYTHING.search(part)):
            return False
    return True


def read_manifests(documents: Sequence[tuple[str, JsonObject]], *, kustomized: bool) -> ManifestFacts | None:
    """The facts in plain manifests, given as file and document; None where nothing is deployed by them.

    Nor are they manifests if other documents are among them, unless kustomize puts them together.
    """
    manifests = [(name, document) for name, document in documents if _is_resource(document)]
    kind_files = {
        as_text(document.get("kind")): name
        for name, document in reversed(manifests)
        if not as_text(document.get("apiVersion")).startswith(_NOT_DEPLOYED)
    }
    if not kind_files or (len(manifests) < len(documents) and not kustomized):
        return None
    labels = _common_labels(document for _, document in documents)
    services = frozenset(
        as_text(as_object(document.get("metadata")).get("name"))
        for _, document in manifests
        if document.get("kind") == "Service"
    )
    return ManifestFacts(kind_files, services, dict(labels).get(KUBERNETES_ID, ""), labels)


def _is_resource(document: JsonObject) -> bool:
    return is_kind(as_text(document.get("kind"))) and bool(as_text(document.get("apiVersion")))


def _names_of_services(text: str) -> Iterator[str]:
    """The names of Services that a template spells out."""
    for part in _DOCUMENT_END.split(text):
        if _SERVICE.search(part) and (match := _NAME.search(part)):
            yield match[1]


def _common_labels(documents: Iterable[JsonObject]) -> frozenset[tuple[str, str]]:
    """The labels that the pods of every workload carry."""
    labels = [
        frozenset((key, value) for key, value in as_object(metadata.get("labels")).items() if isinstance(value, str))
        for document in documents
        if (metadata := as_object(as_object(as_object(document.get("spec")).get("template")).get("metadata")))
    ]
    return frozenset.intersection(*labels) if labels else frozenset()
