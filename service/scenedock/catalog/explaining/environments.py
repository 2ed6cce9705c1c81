"""Why a service is said to run in an environment, and why in others it isn't."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scenedock.catalog.explaining.facts import Fact, Unused
from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.ownership import overridden
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.vocabulary.environments import promotion_rank
from scenedock.catalog.vocabulary.evidence import Evidence, item_called
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.structs import replace

_PRECEDENCE = {
    "bind": "`environments.bind` in the settings takes precedence",
    "apps": "an app list takes precedence",
    "argocd": "Argo CD's Applications take precedence",
    "folders": "the names of folders take precedence",
}
_TOOLS = "what a tool deploys takes precedence"
_OVERRIDDEN = "`overrides` in the settings takes precedence"
_DECIDED = "only an app of apps, or Argo CD's Applications, say where this folder runs"
_OTHER_FILES = "Argo CD's Applications name other values files of this folder"


def environment_facts(service: DeployedService) -> Iterator[Fact]:
    """A fact for each environment that it runs in, and one with those that only lesser evidence names."""
    proven = _proven(service)
    others: dict[str, list[Unused]] = defaultdict(list)
    for unused in _passed_over(service):
        others[unused.evidence.value].append(unused)
    if service.override.environments is not None:
        for environment in proven.keys() - set(service.environments):
            others[environment] += [Unused(each, _OVERRIDDEN) for each in proven[environment]]
        named = overridden(service, "environments", "")
        proven = {each: [replace(named, value=each)] for each in service.environments}
    for environment in sorted(service.environments, key=promotion_rank):
        yield Fact("environment", environment, tuple(proven[environment]), tuple(others.pop(environment, ())))
    unproven = sorted(others, key=promotion_rank)
    yield Fact("environment", "", (), tuple(each for name in unproven for each in others[name]))


def _proven(service: DeployedService) -> dict[str, list[Evidence]]:
    proven: dict[str, list[Evidence]] = defaultdict(list)
    for member in service.members:
        for each in member.deployments:
            if each.environment:
                proven[each.environment].append(_evidence(member, each))
    return proven


def _passed_over(service: DeployedService) -> Iterator[Unused]:
    """What lesser evidence says, with the reason why it doesn't count."""
    for member in service.members:
        sources = {each.source for each in member.deployments if each.environment}
        better = next((said for source, said in _PRECEDENCE.items() if source in sources), _DECIDED)
        if better == _PRECEDENCE["argocd"] and all(each.unit and not each.application for each in member.deployments):
            better = _TOOLS
        for each in member.passed_over:
            if each.environment:
                yield Unused(_evidence(member, each), better)
        for folder in member.folders:
            for environment, name in folder.unused_files:
                said, repository = "the name of a values file", member.contents.facts.name
                yield Unused(Evidence(environment, said, repository, (folder.at(name),)), _OTHER_FILES)


def _evidence(member: Member, deployment: Deployment) -> Evidence:
    """What says that a service runs in an environment."""
    repository, environment = member.contents.facts.name, deployment.environment or ""
    if deployment.source == "bind":
        said = "`environments.bind` in the settings"
        return Evidence(environment, said, repository, (FILE_NAME,), ("environments", "bind"))
    if deployment.source == "apps" and deployment.item:
        listed, pattern = (deployment.item.list_path,), item_called(deployment.item.key)
        return Evidence(environment, "an item of an app list", repository, listed, pattern=pattern)
    if deployment.unit and not deployment.application:
        place, named = deployment.unit.place, deployment.unit.name or deployment.unit.path
        said = f"the {deployment.unit.kind} {named!r}"
        return Evidence(environment, said, place.repository, (place.path,), line=place.line)
    if deployment.source == "argocd" and deployment.application:
        place = deployment.application.place
        said = f"the Application {deployment.application.name!r}"
        return Evidence(environment, said, place.repository, (place.path,), line=place.line)
    folder = member.folder_of(deployment)
    if deployment.source == "values" and folder:
        return Evidence(environment, "the name of a values file", repository, folder.files_of(environment)[-1:])
    return Evidence(environment, "the name of the folder", repository, (deployment.folder or ".",))
