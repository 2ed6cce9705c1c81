"""Annotations, each only where there is evidence for it.

Where every environment has the same value, the Component carries it as it is; where they differ, it carries a selector
that labels prove: Backstage's plugins show several Argo CD applications or workloads of one Component.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.reading.values import KUBERNETES_ID
from scenedock.catalog.vocabulary.source_urls import (
    ProjectSlug,
    edit_url,
    folder_url,
    host_of,
    project_slug,
    source_location,
)

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
    AnnotationRule("backstage.io/techdocs-ref", "mkdocs.yml lies in the folder, and source-location is that folder"),
    AnnotationRule("backstage.io/kubernetes-id", "that label stands in a template, a manifest or the values"),
    AnnotationRule("backstage.io/kubernetes-namespace", "Argo CD deploys every environment into the same one"),
    AnnotationRule(
        "backstage.io/kubernetes-label-selector",
        "a label that all workloads of the service carry, no other's do, and that says whose they are",
    ),
    AnnotationRule("backstage.io/kubernetes-cluster", "settings name one `cluster`, the same in every repository"),
    AnnotationRule("argocd/app-name", "one Application, of the same name in every environment"),
    AnnotationRule("argocd/app-selector", "several Applications, and a label that just they carry"),
    AnnotationRule("github.com/project-slug", "the source code repository: `sources` or `home` of the chart, settings"),
    AnnotationRule("gitlab.com/project-slug", "the same, at GitLab"),
    AnnotationRule("gitlab.com/instance", "the same, at a GitLab of one's own: its host"),
    AnnotationRule("scenedock.dev/path", "always: the folder in its repository"),
    AnnotationRule("scenedock.dev/environments", "at least one environment is known"),
    AnnotationRule("scenedock.dev/skeleton", "the folder was baked: the skeleton, and its ref where it has one"),
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
        return cls(Counter(label for labels in label_sets for label in labels))

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


def annotations_of(service: DeployedService, applications: LabelUse, workloads: LabelUse) -> dict[str, str]:
    """The annotations of a service's Component or System, sorted by name."""
    member = service.members[0]
    found = {
        **_source(member),
        **_slug(service),
        **deployment_annotations(list(service.deployments), applications),
        "backstage.io/kubernetes-label-selector": workloads.selector(
            [_identifying(each, service.name) for each in service.deployments]
        ),
        "scenedock.dev/path": member.path or ".",
        "scenedock.dev/environments": ",".join(service.environments),
        "scenedock.dev/skeleton": next((folder.skeleton for folder in service.folders if folder.skeleton), ""),
        KUBERNETES_ID: _kubernetes_id(service),
    }
    for each in reversed(service.members):
        found = override_annotations(found, from_settings(each, service.name, service.environments))
    found = override_annotations(found, service.override.annotations)
    return {name: value for name, value in sorted(found.items()) if value}


def override_annotations(found: Mapping[str, _Value], better: Mapping[str, _Value]) -> dict[str, _Value]:
    """Annotations with better ones put over them, without what those make wrong.

    Argo CD's plugin takes a name or a selector, and refuses both; documentation lies where the source is said to be.
    """
    replaced: set[str] = set()
    if _APPLICATION & better.keys():
        replaced |= _APPLICATION
    if _SOURCE_LOCATION in better and better[_SOURCE_LOCATION] != found.get(_SOURCE_LOCATION):
        replaced.add(_TECHDOCS)
    return {**{name: value for name, value in found.items() if name not in replaced}, **better}


def deployment_annotations(deployments: Sequence[Deployment], applications: LabelUse | None = None) -> dict[str, str]:
    """What Argo CD and Kubernetes plugins need for some deployments; a selector only with label uses."""
    known = [each.application for each in deployments if each.application]
    names, namespaces = {each.name for each in known}, {each.namespace for each in known}
    clusters = {each.cluster for each in deployments}
    found: dict[str, str] = {}
    if len(names) == 1:
        found["argocd/app-name"] = min(names)
    elif names and applications:
        found["argocd/app-selector"] = applications.selector([each.labels for each in known])
    if len(namespaces) == 1:
        found["backstage.io/kubernetes-namespace"] = min(namespaces)
    if len(clusters) == 1:
        found["backstage.io/kubernetes-cluster"] = min(clusters)
    return {name: value for name, value in found.items() if value}


def from_settings(member: Member, service: str, environments: Sequence[str]) -> dict[str, str]:
    """The annotations that settings ask for, filled in; one that needs an environment needs exactly one."""
    known = {"service": service, "folder": posixpath.basename(member.path), "path": member.path}
    if len(environments) == 1:
        known["environment"] = environments[0]
    found: dict[str, str] = {}
    for name, template in member.contents.settings.annotations.items():
        filled = template
        for key, value in known.items():
            filled = filled.replace("{" + key + "}", value)
        if "{environment}" not in filled:
            found[name] = filled
    return found


def source_annotations(member: Member, path: str) -> dict[str, str]:
    """Where the source of a folder is, as far as the repository's address is known."""
    repository = member.contents.facts
    location = source_location(repository, path)
    return {_SOURCE_LOCATION: location, "backstage.io/view-url": folder_url(repository, path)}


def _source(member: Member) -> dict[str, str]:
    found = source_annotations(member, member.path)
    folder = member.folders[0] if member.folders else None
    if folder and (folder.chart or folder.has_values):
        name = "values.yaml" if folder.has_values else "Chart.yaml"
        found["backstage.io/edit-url"] = edit_url(member.contents.facts, f"{folder.path}/{name}".lstrip("/"))
    elif member.items and not folder:
        found["backstage.io/edit-url"] = edit_url(member.contents.facts, member.items[0].list_path)
    if folder and folder.has_techdocs and folder.path == member.path and found[_SOURCE_LOCATION]:
        found[_TECHDOCS] = "dir:."
    return found


def _slug(service: DeployedService) -> dict[str, str]:
    """The source code repository: an app list's word, else one of the chart's addresses that isn't this repository."""
    for member in service.members:
        for item in member.items:
            if item.slug:
                host = host_of(member.contents.facts.url)
                is_gitlab = member.contents.facts.provider == "gitlab"
                return ProjectSlug("gitlab" if is_gitlab else "github", host, item.slug).annotations
    gitops = {project_slug(member.contents.facts.url, member.contents.settings.hosts) for member in service.members}
    for member in service.members:
        hosts = member.contents.settings.hosts
        ours = project_slug(member.contents.facts.url, hosts)
        for folder in member.folders:
            addresses = folder.chart.sources if folder.chart else ()
            found = [slug for address in addresses if (slug := project_slug(address, hosts)) and slug not in gitops]
            if found:
                names = {service.name.lower(), posixpath.basename(folder.path).lower()}
                return min(found, key=lambda slug: _distance(slug, names, ours)).annotations
    return {}


def _distance(slug: ProjectSlug, names: Collection[str], ours: ProjectSlug | None) -> int:
    """How far a repository is from a folder: called like it, else of the same organisation as its repository."""
    if slug.name.lower() in names:
        return 0
    return 1 if ours and (slug.host, slug.organisation) == (ours.host, ours.organisation) else 2


def _kubernetes_id(service: DeployedService) -> str:
    labels = {folder.kubernetes_id for folder in service.folders if folder.kubernetes_id}
    labels |= {each.facts.kubernetes_id for each in service.deployments if each.facts.kubernetes_id}
    return min(labels) if len(labels) == 1 else ""


def _rank(key: str) -> int:
    return _PREFERRED_LABELS.index(key) if key in _PREFERRED_LABELS else len(_PREFERRED_LABELS)
