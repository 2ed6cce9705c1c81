"""Where a service runs, by the best evidence there is."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scenedock.catalog.mapping.identities import Identity
from scenedock.catalog.vocabulary.owners import Codeowners
from scenedock.catalog.vocabulary.settings import CatalogSettings
from scenedock.model.finding import Finding, Place, Skipped
from scenedock.model.helm import Application, Deployed, HelmFolder, ListItem, RepositoryFacts, ValuesFacts
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field, replace

_NO_FACTS = ValuesFacts()


@dataclass(frozen=True, slots=True)
class RepositoryContents:
    """All that was read of one repository: the result of phase `folders`.

    `decided` are the folders of which only an enabling list (among `items`) says where they run. `catalog_files` are
    the paths of all its catalog-info.yaml, whoever wrote them. `unreadable` are the folders that can't be read, or not
    all of which counts; `doubtful`, those that may be such folders, each with what would have to be said then; where
    there are any, `directories` are all that the repository has. `units` are what tools deploy besides charts,
    `unit_folders` what their folders say, by path, where that isn't a deployment of its own; `left_out` are other
    units, by place and name, with the reason.
    """

    facts: RepositoryFacts
    settings: CatalogSettings
    codeowners: Codeowners
    folders: tuple[HelmFolder, ...] = ()
    items: tuple[ListItem, ...] = ()
    decided: frozenset[str] = frozenset()
    applications: tuple[Application, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    catalog_files: tuple[str, ...] = ()
    unreadable: frozenset[str] = frozenset()
    doubtful: Mapping[str, Finding] = field(default_factory=dict)
    directories: frozenset[str] = frozenset()
    deployed: tuple[Deployed, ...] = ()
    units: tuple[Unit, ...] = ()
    unit_folders: Mapping[str, HelmFolder] = field(default_factory=dict)
    left_out: Mapping[tuple[Place, str], str] = field(default_factory=dict)


def said_environments(contents: RepositoryContents) -> dict[str, frozenset[str]]:
    """The environments in which Argo CD or an enabling list says that a folder runs, by its path."""
    environments_of: dict[str, set[str]] = defaultdict(set)
    for each in contents.applications:
        if each.environment:
            environments_of[each.path].add(each.environment)
    for item in contents.items:
        if item.folder and item.environment:
            environments_of[item.folder].add(item.environment)
    return {path: frozenset(environments) for path, environments in environments_of.items()}


def deployment_of_unit(unit: Unit, environment: str | None) -> Deployment:
    """A unit in an environment, which its own name or folder may say."""
    return Deployment(environment, unit.facts, unit.application, unit.path, source="argocd", unit=unit)


class Applications:
    """The Argo CD applications of a repository, found by what they deploy."""

    def __init__(self, applications: Iterable[Application]) -> None:
        self._by_folder: dict[str, list[Application]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[Application]] = defaultdict(list)
        for application in applications:
            self._by_folder[application.path].append(application)
            self._by_name[application.name, application.path].append(application)

    def of(self, folders: Iterable[HelmFolder], items: Iterable[ListItem]) -> list[Application]:
        """Those that deploy one of the folders, or the chart of a list item under the item's name.

        Those whose names only a cluster knows count where there are no others.
        """
        deployed = [each for folder in folders for each in self._by_folder.get(folder.path, ())]
        listed = [each for item in items for each in self._by_name.get((item.name, item.chart_folder), ())]
        found = list(dict.fromkeys([*deployed, *listed]))
        return [each for each in found if each.name] or found


@dataclass(frozen=True, slots=True)
class Deployment:
    """A service in one environment of one repository; `environment` is None where nothing names one.

    `folder` is the one that it is deployed from, empty for a mere item of an app list. `source` is the kind of evidence
    (as in the setting `environments.evidence`; empty where nothing says more than that there is a folder), and `item`
    that of the list. `unit` is what another tool than Argo CD deploys, or Argo CD without a chart of the repository.
    """

    environment: str | None
    facts: ValuesFacts = _NO_FACTS
    application: Application | None = None
    folder: str = ""
    cluster: str = ""
    source: str = ""
    item: ListItem | None = None
    unit: Unit | None = None

    @property
    def face(self) -> Deployment:
        """All that other services may depend on, as of its facts."""
        return replace(self, facts=self.facts.face)

    @property
    def namespace(self) -> str:
        """The namespace that Argo CD or another tool deploys it to; empty where none says."""
        if self.application and self.application.namespace:
            return self.application.namespace
        return self.unit.namespace if self.unit else ""


def deployments_of(
    contents: RepositoryContents,
    folders: tuple[HelmFolder, ...],
    items: tuple[ListItem, ...],
    identities: Mapping[str, Identity],
    applications: Sequence[Application],
    units: Sequence[Deployment] = (),
) -> tuple[list[Deployment], list[Deployment]]:
    """Where the service runs, by the best evidence: settings, app lists, Argo CD and other tools, folders, values.

    `units` are deployments by tools besides Argo CD's `applications`. The second list has what lesser evidence says,
    which doesn't count.
    """
    settings = contents.settings
    by_evidence: dict[str, list[Deployment]] = {
        "apps": [_of_item(contents, folders, item, applications) for item in items],
        "argocd": [*(_of_application(folders, application) for application in applications), *units],
        "folders": [
            Deployment(environment, _facts(folder, environment), folder=folder.path, source="folders")
            for folder in folders
            if folder.path in identities and (environment := identities[folder.path].environment)
        ],
        "values": [
            Deployment(environment, facts, folder=folder.path, source="values")
            for folder in folders
            for environment, facts in folder.values.items()
            if environment
        ],
    }
    undecided = [each for each in by_evidence["values"] if each.folder not in contents.decided]
    passed_over = [each for each in by_evidence["values"] if each.folder in contents.decided]
    by_evidence["values"] = undecided
    candidates = (by_evidence[kind] for kind in settings.evidence)
    best = next((each for each in candidates if any(deployment.environment for deployment in each)), [])
    passed_over += [each for others in by_evidence.values() if others is not best for each in others]
    nameless = [each for each in applications if each.environment is None]
    if len(nameless) == 1:
        best = [replace(each, application=each.application or nameless[0]) for each in best]
    plain = by_evidence["argocd"] or [Deployment(None, _facts(folder, None), folder=folder.path) for folder in folders]
    chosen = best or plain or by_evidence["apps"]
    if settings.cluster:
        chosen = [replace(each, cluster=settings.cluster) for each in chosen]
    if settings.bind:
        facts = _joined([_facts(folder, settings.bind) for folder in folders] + [item.facts for item in items])
        proven = chosen if items else by_evidence["argocd"] or chosen
        bound = _bound(proven, settings.bind)
        return [replace(each, facts=facts, cluster=settings.cluster, source="bind") for each in bound], passed_over
    return chosen, passed_over


def _bound(deployments: Sequence[Deployment], environment: str) -> Iterator[Deployment]:
    """The deployments of a repository that is all one environment: one for each Application, of that environment."""
    here = [each for each in deployments if each.environment in {environment, None}] or deployments
    once = {each.application: each for each in reversed(here)}
    return (replace(each, environment=environment) for each in reversed(once.values()))


def _of_item(
    contents: RepositoryContents, folders: tuple[HelmFolder, ...], item: ListItem, applications: Sequence[Application]
) -> Deployment:
    """An item of an app of apps is an Application of its name, unless a manifest says more."""
    named = Application(item.name, "") if _is_of_app_of_apps(contents, item) else None
    application = next((each for each in applications if each.environment == item.environment), named)
    facts = _joined([item.facts, *(_facts(folder, item.environment) for folder in folders)])
    chart = next((folder for folder in contents.folders if folder.path == item.chart_folder), None)
    if chart and _facts(chart, None).exposed:
        facts = replace(facts, exposed=True)
    folder = folders[0].path if folders else ""
    return Deployment(item.environment, facts, application, folder, source="apps", item=item)


def _is_of_app_of_apps(contents: RepositoryContents, item: ListItem) -> bool:
    """Whether an Application is made of each item: they have charts, or the list's own chart writes Applications."""
    listing = posixpath.dirname(item.list_path)
    return bool(item.chart_folder) or any(
        folder.path == listing and "Application" in folder.kinds for folder in contents.folders
    )


def _of_application(folders: tuple[HelmFolder, ...], application: Application) -> Deployment:
    facts = [_facts(folder, application.environment) for folder in folders if folder.path == application.path]
    return Deployment(application.environment, _joined(facts), application, application.path, source="argocd")


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
