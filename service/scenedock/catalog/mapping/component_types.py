"""The type of a Component, by what its chart, templates and values show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.ownership import files_of, overridden
from scenedock.catalog.mapping.roles import Roles
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.vocabulary.backing_services import BACKING_SERVICES
from scenedock.catalog.vocabulary.evidence import Evidence
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.model.helm import APPLICATIONS, CHART_FILE, WORKLOADS, HelmFolder

SERVICE = "service"
"""The type of what nothing else is known of."""

_JOBS = frozenset({"CronJob", "Job", "CronWorkflow", "Workflow"})
# What jobs need. A folder with anything else is more than jobs, such as an operator that a Job verifies.
_JOBS_NEEDS = frozenset(
    """ClusterRole ClusterRoleBinding ConfigMap ExternalSecret LimitRange Namespace NetworkPolicy PersistentVolume
    PersistentVolumeClaim Role RoleBinding SealedSecret Secret SecretStore ServiceAccount VaultStaticSecret
    WorkflowTemplate""".split()
)
_FEWEST_USERS = 3


def generic_charts(services: Iterable[DeployedService]) -> frozenset[str]:
    """The charts from elsewhere that fit any service: three or more deploy them under names that aren't theirs.

    A company's own `webapp` chart in its registry is one; that of a product, such as Argo CD's, isn't.
    """
    users: dict[str, set[str]] = defaultdict(set)
    for service in services:
        for folder in service.folders:
            for each in folder.chart.dependencies if folder.chart else ():
                similar = each.name in service.name or service.name in each.name
                if each.remote and not similar and each.name not in BACKING_SERVICES:
                    users[each.name].add(service.name)
        for chart in {unit.chart for member in service.members for unit in member.units if unit.chart}:
            if chart not in service.name and service.name not in chart and chart not in BACKING_SERVICES:
                users[chart].add(service.name)
    return frozenset(chart for chart, names in users.items() if len(names) >= _FEWEST_USERS)


def types_of(service: DeployedService, roles: Roles, generic: Collection[str]) -> Iterator[Evidence]:
    """All that says what a service is, the best evidence in front: settings, then what the folder is.

    What has no value says only `service`. `generic` are the charts that fit any service.
    """
    yield overridden(service, "type", service.override.type)
    for member in service.members:
        configured, repository = member.contents.settings.type_of(member.path), member.contents.facts.name
        yield Evidence(configured, "`types` in the settings", repository, (FILE_NAME,), ("types",))
    for member in service.members:
        yield _of_member(member, roles, generic)


def _of_member(member: Member, roles: Roles, generic: Collection[str]) -> Evidence:
    repository = member.contents.facts.name
    charts = tuple(folder.at(CHART_FILE) for folder in member.folders if folder.chart) or (member.path,)
    if roles.is_library(member):
        return Evidence("library", "a library chart, or one that others share", repository, charts, ("type",))
    for folder in member.folders:
        if (repository, folder.path) in roles.lists:
            return Evidence("app-of-apps", "an app list lies in its folder", repository, (folder.path,))
        if _collects(repository, folder, roles):
            said = "it renders Applications by a shared chart"
            return Evidence("app-of-apps", said, repository, (folder.at(CHART_FILE),), ("dependencies",))
    first = member.folders[0] if member.folders else None
    unit = next((each for each in member.units if each.chart), None)
    if unit and unit.chart not in generic and not (first and first.chart):
        file, line = (unit.place.path,), unit.place.line
        return Evidence("third-party", "its chart comes from elsewhere", unit.place.repository, file, line=line)
    if first and _wraps_product(member, first, roles, generic):
        said = "it only wraps charts from elsewhere"
        return Evidence("third-party", said, repository, (first.at(CHART_FILE),), ("dependencies",))
    return _of_content(member, first)


def _of_content(member: Member, first: HelmFolder | None) -> Evidence:
    """What templates, manifests and values say."""
    exposed = next((each for each in member.deployments if each.facts.exposed), None)
    if first and first.kinds and not _renders_by_library(first):
        return _of_templates(member, first, exposed)
    if exposed:
        return _by_sign(member, exposed, "", "exposed")
    if first and first.kinds & WORKLOADS:
        return _by_kind(member, first, "", WORKLOADS)
    return _job_or_nothing(member, first)


def _of_templates(member: Member, folder: HelmFolder, exposed: Deployment | None) -> Evidence:
    """What a folder's own templates say: more than a port among its values, which may be a database's."""
    if folder.kinds & WORKLOADS:
        return _by_kind(member, folder, "", WORKLOADS)
    if folder.kinds & _JOBS:
        more = folder.kinds - _JOBS - _JOBS_NEEDS
        return _by_kind(member, folder, "", more) if more else _by_kind(member, folder, "job", _JOBS)
    if folder.kinds & APPLICATIONS:
        return _by_kind(member, folder, "app-of-apps", APPLICATIONS)
    if exposed:
        return _by_sign(member, exposed, "", "exposed")
    return _by_kind(member, folder, "configuration", folder.kinds)


def _job_or_nothing(member: Member, folder: HelmFolder | None) -> Evidence:
    scheduled = next((each for each in member.deployments if each.facts.scheduled), None)
    kinds = folder.kinds if folder else frozenset()
    if kinds <= _JOBS | _JOBS_NEEDS:
        if scheduled:
            return _by_sign(member, scheduled, "job", "scheduled")
        if folder and kinds & _JOBS:
            return _by_kind(member, folder, "job", _JOBS)
    return Evidence("", "nothing says what it is")


def _by_kind(member: Member, folder: HelmFolder, value: str, kinds: AbstractSet[str]) -> Evidence:
    """What a manifest of one of these kinds says."""
    kind = min(kinds & folder.kinds)
    files, pattern = (folder.at(folder.kind_files[kind]),), rf"kind:.*\b{kind}\b"
    return Evidence(value, f"a manifest of kind {kind}", member.contents.facts.name, files, pattern=pattern)


def _by_sign(member: Member, deployment: Deployment, value: str, sign: str) -> Evidence:
    """What a value says: a port or Service (`exposed`), or a cron expression (`scheduled`)."""
    said = "a cron expression in the values" if sign == "scheduled" else "a port, Service or ingress in the values"
    item = deployment.item.key if deployment.item else ""
    return Evidence(value, said, member.contents.facts.name, files_of(member, deployment), sign=sign, item=item)


def _collects(repository: str, folder: HelmFolder, roles: Roles) -> bool:
    """Whether a chart renders Applications by a shared chart, and nothing that runs itself."""
    dependencies = folder.chart.dependencies if folder.chart else ()
    return WORKLOADS.isdisjoint(folder.kinds) and any(
        each.enabled and (repository, each.folder) in roles.collectors for each in dependencies
    )


def _wraps_product(member: Member, folder: HelmFolder, roles: Roles, generic: Collection[str]) -> bool:
    """Whether a chart adds nothing of its own to charts from elsewhere: no templates, and values for those only.

    A Service or ingress among such values is the other chart's. A generic chart is nobody's product.
    """
    if folder.chart is None or folder.kinds:
        return False
    dependencies = folder.chart.dependencies
    if not any(each.enabled for each in dependencies) or not all(each.remote for each in dependencies):
        return False
    repository = member.contents.facts.name
    if any(each.name in generic or roles.target(repository, each) is not None for each in dependencies):
        return False
    return folder.value_keys <= {*(each.key for each in dependencies), "global", "tags"}


def _renders_by_library(folder: HelmFolder) -> bool:
    """Whether a chart's workloads may come from another chart's templates."""
    return folder.chart is not None and bool(folder.chart.dependencies)
