"""Annotations, each only where there is evidence for it.

Where every environment has the same value, the Component carries it as it is; where they differ, it carries a selector
by a common label: Backstage's plugins show several Argo CD applications or workloads of one Component.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.ownership import files_of
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.mapping.source_code import source_code_of
from scenedock.catalog.reading.values import KUBERNETES_ID
from scenedock.catalog.vocabulary.evidence import Evidence, item_called
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.catalog.vocabulary.source_urls import (
    FILE_ANNOTATION,
    edit_url,
    folder_url,
    source_location,
)
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.model.units import Unit
from scenedock.structs import dataclass, replace

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class AnnotationRule:
    """An annotation that is emitted, and the evidence that it needs."""

    name: str
    evidence: str


ANNOTATIONS = (
    AnnotationRule("backstage.io/source-location", "the repository's address is known; the folder's URL ends in `/`"),
    AnnotationRule("backstage.io/view-url", "the repository's address is known"),
    AnnotationRule("backstage.io/edit-url", "the repository's address is known; values.yaml, else Chart.yaml"),
    AnnotationRule("backstage.io/techdocs-ref", "the folder contains mkdocs.yml, and source-location is that folder"),
    AnnotationRule("backstage.io/kubernetes-id", "a template, a manifest or the values set this label"),
    AnnotationRule(
        "backstage.io/kubernetes-namespace", "Argo CD or another tool deploys every environment to the same namespace"
    ),
    AnnotationRule(
        "backstage.io/kubernetes-label-selector",
        "a label that identifies the service: all its workloads have it, and no other service's",
    ),
    AnnotationRule(
        "backstage.io/kubernetes-cluster", "the settings name a `cluster`, the same one in every repository"
    ),
    AnnotationRule("argocd/app-name", "the Applications have the same name in every environment"),
    AnnotationRule("argocd/app-selector", "several Applications, and a label that all of them and no others have"),
    AnnotationRule(
        "github.com/project-slug", "the source code repository: `sources` or `home` of the chart, or settings"
    ),
    AnnotationRule("gitlab.com/project-slug", "the same, on GitLab"),
    AnnotationRule("gitlab.com/instance", "the same, on a self-managed GitLab: its host"),
    AnnotationRule("scenedock.dev/path", "always; the path of the folder in its repository"),
    AnnotationRule(
        FILE_ANNOTATION, "the repository's address isn't known, and a file of a tool or a list deploys the service"
    ),
    AnnotationRule("scenedock.dev/environments", "at least one environment is known"),
    AnnotationRule("scenedock.dev/expires", "an environment has an end: `qa=2027-01-15`"),
    AnnotationRule("scenedock.dev/skeleton", "the folder was baked: the skeleton, and its ref if it has one"),
)

_SOURCE_LOCATION = "backstage.io/source-location"
_TECHDOCS = "backstage.io/techdocs-ref"
_APPLICATION = frozenset({"argocd/app-name", "argocd/app-selector"})

# Which of several labels says best what an application or workload is.
_PREFERRED_LABELS = ("app.kubernetes.io/name", "app", "k8s-app", "app.kubernetes.io/instance", "service")
# Which labels of pods say whose they are, whatever their value.
_IDENTITIES = frozenset({"app", "app.kubernetes.io/instance", "app.kubernetes.io/name", "k8s-app"})


@dataclass(frozen=True, slots=True)
class LabelUse:
    """How many services carry a label: one that only one has proves whose an object is."""

    counts: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, label_sets: Iterable[frozenset[tuple[str, str]]]) -> LabelUse:
        """Count the labels, given one set for each service."""
        return cls(dict(Counter(label for labels in label_sets for label in labels)))

    def selector(self, label_sets: Sequence[frozenset[tuple[str, str]]]) -> str:
        """`key=value` of the best label that all the sets have and no other service; empty without one."""
        common = frozenset.intersection(*label_sets) if label_sets else frozenset()
        own = [(key, value) for key, value in common if self.counts.get((key, value)) == 1]
        best = min(own, key=lambda label: (_rank(label[0]), label), default=None)
        return f"{best[0]}={best[1]}" if best else ""


def application_labels(service: DeployedService) -> frozenset[tuple[str, str]]:
    """All labels of a service's Argo CD applications."""
    return frozenset(label for each in service.deployments if each.application for label in each.application.labels)


def workload_labels(service: DeployedService) -> frozenset[tuple[str, str]]:
    """All labels that a service's workloads carry and that say whose they are."""
    return frozenset(label for each in service.deployments for label in _identifying(each, service.name))


def _identifying(deployment: Deployment, service: str) -> frozenset[tuple[str, str]]:
    """The labels of a deployment's workloads by a key that identifies, or with the name of the service.

    Others (`tier=frontend`) may be those of any pod in any cluster.
    """
    if not deployment.facts.labels:
        return frozenset()
    names = {service.lower(), posixpath.basename(deployment.folder).lower()} - {""}
    return frozenset(
        (key, value) for key, value in deployment.facts.labels if key in _IDENTITIES or value.lower() in names
    )


def annotation_evidence(service: DeployedService, applications: LabelUse, workloads: LabelUse) -> dict[str, Evidence]:
    """The annotations of a service's Component or System with what proves them, sorted by name."""
    member = service.members[0]
    deployments, environments = list(service.deployments), service.environments
    repository, files = member.contents.facts.name, (member.path or ".",)
    values = {**_source(member), "scenedock.dev/path": member.path or "."}
    annotations = {name: Evidence(value, "its folder", repository, files) for name, value in values.items()}
    annotations["scenedock.dev/environments"] = Evidence(",".join(environments), "its environments")
    for name, value in deployment_annotations(deployments, applications).items():
        annotations[name] = _deployed(value, service, name)
    annotations |= {
        **_slug(service),
        "scenedock.dev/expires": _expires(service),
        "backstage.io/kubernetes-label-selector": _workload_selector(service, workloads),
        "scenedock.dev/skeleton": _skeleton(service),
        KUBERNETES_ID: _kubernetes_id(service),
    }
    for each in reversed(service.members):
        configured = from_settings(each, service.name, environments)
        annotations = override_annotations(annotations, _in_settings(each, ("annotations",), configured))
    for each in service.members:
        if service.name in each.contents.settings.overrides:
            keys = ("overrides", service.name, "annotations")
            annotations = override_annotations(annotations, _in_settings(each, keys, service.override.annotations))
            break
    return {name: each for name, each in sorted(annotations.items()) if each.value}


def _expires(service: DeployedService) -> Evidence:
    """The days on which its environments end, as settings say."""
    ends = {
        f"{environment}={day}": member.contents.facts.name
        for member in service.members
        for environment, day in member.contents.settings.expires.get(service.name, {}).items()
        if environment in service.environments
    }
    repository = next(iter(ends.values()), "")
    said = "`expires` in the settings"
    return Evidence(",".join(sorted(ends)), said, repository, (FILE_NAME,), ("expires", service.name))


def _in_settings(member: Member, keys: tuple[str, ...], values: Mapping[str, str]) -> dict[str, Evidence]:
    repository, said = member.contents.facts.name, f"`{keys[0]}` in the settings"
    return {name: Evidence(value, said, repository, (FILE_NAME,), (*keys, name)) for name, value in values.items()}


def _deployed(value: str, service: DeployedService, name: str) -> Evidence:
    """What the plugins of Argo CD and Kubernetes need, proven by the first Application, else by settings or a list."""
    if name == "backstage.io/kubernetes-cluster":
        return Evidence(
            value, "`cluster` in the settings", service.members[0].contents.facts.name, (FILE_NAME,), ("cluster",)
        )
    for each in service.deployments:
        if each.application and each.application.place.path:
            place = each.application.place
            said = f"the Application {each.application.name!r}"
            return Evidence(value, said, place.repository, (place.path,), line=place.line)
        if each.unit:
            return _of_unit(value, each.unit)
        if each.item:
            repository, listed = service.members[0].contents.facts.name, (each.item.list_path,)
            return Evidence(value, "an item of the app list", repository, listed, pattern=item_called(each.item.key))
    return Evidence(value, "Argo CD")


def _of_unit(value: str, unit: Unit) -> Evidence:
    place = unit.place
    return Evidence(
        value, f"the {unit.kind} {unit.name or unit.path!r}", place.repository, (place.path,), line=place.line
    )


def _workload_selector(service: DeployedService, workloads: LabelUse) -> Evidence:
    """A label that all its workloads have."""
    selector = workloads.selector([_identifying(each, service.name) for each in service.deployments])
    for member in service.members:
        for each in member.deployments:
            if each.facts.labels:
                pattern = re.escape(selector.partition("=")[0])
                files = files_of(member, each) or (each.folder,)
                return Evidence(
                    selector, "a label of all its workloads", member.contents.facts.name, files, pattern=pattern
                )
    return Evidence(selector, "")


def _skeleton(service: DeployedService) -> Evidence:
    for member in service.members:
        for folder in member.folders:
            if folder.skeleton:
                files = (folder.at(PROVENANCE_FILE),)
                return Evidence(folder.skeleton, "the skeleton's own file", member.contents.facts.name, files)
    return Evidence("", "")


def override_annotations(existing: Mapping[str, _Value], overrides: Mapping[str, _Value]) -> dict[str, _Value]:
    """Annotations with others that override them, without existing ones that these make wrong.

    Argo CD's plugin takes a name or a selector, and refuses both; documentation lies where the source is said to be.
    """
    replaced: set[str] = set()
    if _APPLICATION & overrides.keys():
        replaced |= _APPLICATION
    if _SOURCE_LOCATION in overrides and overrides[_SOURCE_LOCATION] != existing.get(_SOURCE_LOCATION):
        replaced.add(_TECHDOCS)
    return {**{name: value for name, value in existing.items() if name not in replaced}, **overrides}


def deployment_annotations(deployments: Sequence[Deployment], applications: LabelUse | None = None) -> dict[str, str]:
    """What Argo CD and Kubernetes plugins need for some deployments; a selector only with label uses."""
    argocd = [each.application for each in deployments if each.application]
    names, namespaces = (
        {each.name for each in argocd},
        {each.namespace for each in deployments if each.application or each.unit},
    )
    clusters = {each.cluster for each in deployments}
    annotations: dict[str, str] = {}
    if len(names) == 1 and "" not in names:
        annotations["argocd/app-name"] = min(names)
    elif names and applications:
        annotations["argocd/app-selector"] = applications.selector([each.labels for each in argocd])
    if len(namespaces) == 1:
        annotations["backstage.io/kubernetes-namespace"] = min(namespaces)
    if len(clusters) == 1:
        annotations["backstage.io/kubernetes-cluster"] = min(clusters)
    return {name: value for name, value in annotations.items() if value}


def from_settings(member: Member, service: str, environments: Sequence[str]) -> dict[str, str]:
    """The annotations that settings ask for, filled in; one that needs an environment needs exactly one."""
    values = {"service": service, "folder": posixpath.basename(member.path), "path": member.path}
    if len(environments) == 1:
        values["environment"] = environments[0]
    annotations: dict[str, str] = {}
    for name, template in member.contents.settings.annotations.items():
        filled = template
        for key, value in values.items():
            filled = filled.replace("{" + key + "}", value)
        if "{environment}" not in filled:
            annotations[name] = filled
    return annotations


def source_annotations(member: Member, path: str) -> dict[str, str]:
    """Where the source of a folder is, as far as the repository's address is known."""
    repository = member.contents.facts
    location = source_location(repository, path)
    return {_SOURCE_LOCATION: location, "backstage.io/view-url": folder_url(repository, path)}


def _source(member: Member) -> dict[str, str]:
    annotations = source_annotations(member, member.path)
    folder = member.folders[0] if member.folders else None
    if folder and (folder.chart or folder.has_values):
        name = "values.yaml" if folder.has_values else "Chart.yaml"
        annotations["backstage.io/edit-url"] = edit_url(member.contents.facts, f"{folder.path}/{name}".lstrip("/"))
    elif member.units and member.units[0].place.repository == member.contents.facts.name:
        annotations |= _file(member, member.units[0].place.path)
    elif member.items and not folder:
        annotations |= _file(member, member.items[0].list_path)
    if folder and folder.has_techdocs and folder.path == member.path and annotations[_SOURCE_LOCATION]:
        annotations[_TECHDOCS] = "dir:."
    return annotations


def _file(member: Member, path: str) -> dict[str, str]:
    """The file that a service came from: what is gone from there is told from what can't be read."""
    address = edit_url(member.contents.facts, path)
    return {"backstage.io/edit-url": address} if address else {FILE_ANNOTATION: path}


def _slug(service: DeployedService) -> dict[str, Evidence]:
    for slug, evidence in source_code_of(service):
        return {name: replace(evidence, value=value) for name, value in slug.annotations.items()}
    return {}


def _kubernetes_id(service: DeployedService) -> Evidence:
    labels: dict[str, Evidence] = {}
    for member in service.members:
        for each in member.deployments:
            if label := each.facts.kubernetes_id:
                labels[label] = Evidence(
                    label,
                    "a label in the values",
                    member.contents.facts.name,
                    files_of(member, each),
                    pattern=KUBERNETES_ID,
                )
        for folder in member.folders:
            if label := folder.kubernetes_id:
                files = tuple(folder.at(name) for name in dict.fromkeys(folder.kind_files.values()))
                said = "a label in a manifest"
                labels[label] = Evidence(label, said, member.contents.facts.name, files, pattern=KUBERNETES_ID)
    return next(iter(labels.values())) if len(labels) == 1 else Evidence("", "")


def _rank(key: str) -> int:
    return _PREFERRED_LABELS.index(key) if key in _PREFERRED_LABELS else len(_PREFERRED_LABELS)
