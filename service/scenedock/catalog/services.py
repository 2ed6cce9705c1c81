"""Folders, list items and applications of several repositories, gathered into services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scenedock.catalog.formats import as_entity_name
from scenedock.catalog.identities import Identity
from scenedock.catalog.owners import Codeowners
from scenedock.catalog.settings import Override, Settings
from scenedock.model.finding import Finding, Place, Skipped
from scenedock.model.helm import Application, HelmFolder, ListItem, RepositoryFacts, ValuesFacts

_NO_FACTS = ValuesFacts()


@dataclass(frozen=True, slots=True)
class RepositoryContents:
    """All that was read of one repository: the result of phase `folders`."""

    facts: RepositoryFacts
    settings: Settings
    codeowners: Codeowners
    folders: tuple[HelmFolder, ...] = ()
    items: tuple[ListItem, ...] = ()
    applications: tuple[Application, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """A service in one environment of one repository; `environment` is None where nothing names one."""

    environment: str | None
    facts: ValuesFacts = _NO_FACTS
    application: Application | None = None
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """What one repository says about a service: its folders (one for each environment, perhaps) or its list items."""

    contents: RepositoryContents
    folders: tuple[HelmFolder, ...]
    items: tuple[ListItem, ...]
    deployments: tuple[Deployment, ...]
    tenant: str = ""

    @property
    def path(self) -> str:
        """The folder that stands for the service; for a mere list item, the folder of its list."""
        if self.folders:
            return self.folders[0].path
        return self.items[0].list_path.rpartition("/")[0]

    @property
    def place(self) -> Place:
        """Where a person would look for it."""
        path = f"{self.path}/Chart.yaml" if self.folders and self.folders[0].chart else self.path
        return Place(self.contents.facts.name, path.lstrip("/") or ".")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: all that the repositories, in their listed order, say about it."""

    name: str
    members: tuple[Member, ...]
    override: Override = field(default_factory=Override)

    @property
    def folders(self) -> Iterator[HelmFolder]:
        """Its folders, those of the repository that is listed first in front."""
        return (folder for member in self.members for folder in member.folders)

    @property
    def deployments(self) -> Iterator[Deployment]:
        """Its deployments in all repositories."""
        return (deployment for member in self.members for deployment in member.deployments)

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of the environments it is known to run in, sorted."""
        if self.override.environments is not None:
            return tuple(sorted(self.override.environments))
        return tuple(sorted({each.environment for each in self.deployments if each.environment}))


def gather(
    repositories: Sequence[RepositoryContents], identities: Mapping[tuple[int, str], Identity]
) -> tuple[list[Service], list[Finding]]:
    """The services of all repositories, sorted by name. `identities` are by repository number and folder path."""
    findings: list[Finding] = []
    members: dict[str, list[Member]] = defaultdict(list)
    for number, contents in enumerate(repositories):
        folders: dict[str, list[HelmFolder]] = defaultdict(list)
        for folder in contents.folders:
            folders[identities[number, folder.path].name].append(folder)
        items: dict[str, list[ListItem]] = defaultdict(list)
        for item in contents.items:
            items[item.name].append(item)
        for raw in sorted({*folders, *items}):
            mine = {folder.path: identities[number, folder.path] for folder in folders[raw]}
            member = _member(contents, tuple(folders[raw]), tuple(items[raw]), mine)
            if name := _fit(raw, member, findings):
                members[name].append(member)
    _refuse_unlike(members, findings)
    services = [Service(name, tuple(found), _override(name, found)) for name, found in sorted(members.items())]
    return services, findings


def _fit(raw: str, member: Member, findings: list[Finding]) -> str:
    """The name as Backstage allows it; a finding where that isn't what people wrote."""
    name = as_entity_name(raw)
    if not name:
        findings.append(
            Finding(
                "error", "no-name", f"nothing of {raw!r} may be an entity's name", member.place, "Rename the folder."
            )
        )
    elif name != raw:
        findings.append(
            Finding(
                "info",
                "name-changed",
                f"{raw!r} can't be an entity's name; it is called {name!r}",
                member.place,
                "Rename the folder if people should find it under its own name.",
            )
        )
    return name


def _refuse_unlike(members: dict[str, list[Member]], findings: list[Finding]) -> None:
    """Two services of one repository with one name (or one that differs in case only): the first stays, an error."""
    by_ref: dict[tuple[str, str], tuple[str, Member]] = {}
    for name in sorted(members):
        kept: list[Member] = []
        for member in members[name]:
            key = (member.contents.facts.name, name.lower())
            if key in by_ref:
                first = by_ref[key][1]
                findings.append(
                    Finding(
                        "error",
                        "duplicate-name",
                        f"{first.path or '.'} and {member.path or '.'} would both be component:default/{name.lower()}; "
                        "only the first is emitted",
                        member.place,
                        "Rename one of the two folders, or exclude it.",
                    )
                )
                continue
            by_ref[key] = name, member
            kept.append(member)
        members[name] = kept
    for name in [name for name, kept in members.items() if not kept]:
        del members[name]


def _override(name: str, members: Sequence[Member]) -> Override:
    """The corrections of the first repository that has any for the service."""
    return next(
        (override for member in members if (override := member.contents.settings.overrides.get(name))), Override()
    )


def _member(
    contents: RepositoryContents,
    folders: tuple[HelmFolder, ...],
    items: tuple[ListItem, ...],
    identities: Mapping[str, Identity],
) -> Member:
    deployments = _deployments(contents, folders, items, identities)
    tenant = next((identity.tenant for identity in identities.values() if identity.tenant), "")
    return Member(contents, folders, items, tuple(deployments), tenant)


def _deployments(
    contents: RepositoryContents,
    folders: tuple[HelmFolder, ...],
    items: tuple[ListItem, ...],
    identities: Mapping[str, Identity],
) -> list[Deployment]:
    """Where the service runs, by the best evidence: settings, app lists, Argo CD, folders, values."""
    settings = contents.settings
    applications = _applications(contents, folders, items)
    found: dict[str, list[Deployment]] = {
        "apps": [_of_item(contents, folders, item, applications) for item in items],
        "argocd": [_of_application(contents, folders, application) for application in applications],
        "folders": [
            Deployment(environment, _facts(folder, environment), cluster=settings.cluster)
            for folder in folders
            if (environment := identities[folder.path].environment)
        ],
        "values": [
            Deployment(environment, facts, cluster=settings.cluster)
            for folder in folders
            for environment, facts in folder.values.items()
            if environment
        ],
    }
    best = next((found[kind] for kind in settings.evidence if any(each.environment for each in found[kind])), [])
    nameless = [each for each in applications if each.environment is None]
    if len(nameless) == 1:
        best = [replace(each, application=each.application or nameless[0]) for each in best]
    plain = found["argocd"] or [Deployment(None, _facts(folder, None), cluster=settings.cluster) for folder in folders]
    chosen = best or plain or found["apps"]
    if settings.bind:
        facts = _joined([_facts(folder, settings.bind) for folder in folders] + [item.facts for item in items])
        return [Deployment(settings.bind, facts, chosen[0].application, settings.cluster)]
    return chosen


def _applications(
    contents: RepositoryContents, folders: tuple[HelmFolder, ...], items: tuple[ListItem, ...]
) -> list[Application]:
    """The applications that deploy one of the folders, or the chart of a list item under the item's name."""
    paths = {folder.path for folder in folders}
    charts = {(item.name, item.chart_folder) for item in items}
    return [each for each in contents.applications if each.path in paths or (each.name, each.path) in charts]


def _of_item(
    contents: RepositoryContents, folders: tuple[HelmFolder, ...], item: ListItem, applications: list[Application]
) -> Deployment:
    """An item of an app list is an Application of its name, unless a manifest says more."""
    application = next(
        (each for each in applications if each.environment == item.environment), Application(item.name, "")
    )
    facts = _joined([item.facts, *(_facts(folder, item.environment) for folder in folders)])
    chart = next((folder for folder in contents.folders if folder.path == item.chart_folder), None)
    if chart and _facts(chart, None).exposed:
        facts = replace(facts, exposed=True)
    return Deployment(item.environment, facts, application, contents.settings.cluster)


def _of_application(
    contents: RepositoryContents, folders: tuple[HelmFolder, ...], application: Application
) -> Deployment:
    facts = [_facts(folder, application.environment) for folder in folders if folder.path == application.path]
    return Deployment(application.environment, _joined(facts), application, contents.settings.cluster)


def _facts(folder: HelmFolder, environment: str | None) -> ValuesFacts:
    return folder.values.get(environment or "", folder.values.get("", _NO_FACTS))


def _joined(facts: Sequence[ValuesFacts]) -> ValuesFacts:
    """Facts that hold together: what an item's values and its chart's values say."""
    return ValuesFacts(
        hosts=frozenset(host for each in facts for host in each.hosts),
        ingress_hosts=frozenset(host for each in facts for host in each.ingress_hosts),
        exposed=any(each.exposed for each in facts),
        scheduled=any(each.scheduled for each in facts),
        owner=next((each.owner for each in facts if each.owner), ""),
        fullname=next((each.fullname for each in facts if each.fullname), ""),
        kubernetes_id=next((each.kubernetes_id for each in facts if each.kubernetes_id), ""),
        labels=frozenset(label for each in facts for label in each.labels),
    )
