"""The type of a Component, by what its chart, templates and values show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from scenedock.catalog.mapping.roles import Roles
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.vocabulary.backing_services import BACKING_SERVICES
from scenedock.model.helm import APPLICATIONS, WORKLOADS, HelmFolder

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

    A company's own `webapp` chart in its registry is one; that of a product, such as Argo CD's, is none.
    """
    users: dict[str, set[str]] = defaultdict(set)
    for service in services:
        for folder in service.folders:
            for each in folder.chart.dependencies if folder.chart else ():
                named_alike = each.name in service.name or service.name in each.name
                if each.remote and not named_alike and each.name not in BACKING_SERVICES:
                    users[each.name].add(service.name)
    return frozenset(chart for chart, names in users.items() if len(names) >= _FEWEST_USERS)


def component_type(service: DeployedService, roles: Roles, generic: Collection[str]) -> str:
    """Settings decide; then what the folder is; `service` where nothing tells. `generic` are charts that fit any."""
    if service.override.type:
        return service.override.type
    for member in service.members:
        if given := member.contents.settings.type_of(member.path):
            return given
    return next((found for member in service.members if (found := _of_member(member, roles, generic))), "service")


def _of_member(member: Member, roles: Roles, generic: Collection[str]) -> str:
    if roles.is_library(member):
        return "library"
    repository = member.contents.facts.name
    if any(
        (repository, folder.path) in roles.lists or _collects(repository, folder, roles) for folder in member.folders
    ):
        return "app-of-apps"
    exposed = any(each.facts.exposed for each in member.deployments)
    folder = member.folders[0] if member.folders else None
    if folder and _wraps_product(member, folder, roles, generic):
        return "third-party"
    if folder and folder.kinds and not _renders_by_library(folder):
        return _of_templates(folder, exposed=exposed)
    return "" if exposed or (folder and folder.kinds & WORKLOADS) else _job_or_nothing(member, folder)


def _of_templates(folder: HelmFolder, *, exposed: bool) -> str:
    """What a folder's own templates say: more than a port among its values, which may be a database's."""
    if folder.kinds & WORKLOADS:
        return ""
    if folder.kinds & _JOBS:
        return "job" if folder.kinds <= _JOBS | _JOBS_NEEDS else ""
    if folder.kinds & APPLICATIONS:
        return "app-of-apps"
    return "" if exposed else "configuration"


def _job_or_nothing(member: Member, folder: HelmFolder | None) -> str:
    scheduled = any(each.facts.scheduled for each in member.deployments)
    kinds = folder.kinds if folder else frozenset()
    return "job" if (scheduled or kinds & _JOBS) and kinds <= _JOBS | _JOBS_NEEDS else ""


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
