"""The owner and lifecycle of a service, from all that its repositories say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.vocabulary.environments import is_production, production_rank, tier_of
from scenedock.catalog.vocabulary.evidence import Evidence
from scenedock.catalog.vocabulary.formats import as_entity_name
from scenedock.catalog.vocabulary.owners import as_owner, first_owner
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.model.finding import Finding
from scenedock.model.helm import CHART_FILE

_PUT_AWAY = frozenset({"obsolete", "deprecated", "archive", "attic"})


def owner_of(service: DeployedService) -> str:
    """The owner of a service: the best evidence of the first repository that has any, else `unknown`."""
    return first_owner(each.value for each in owners_of(service))


def owners_of(service: DeployedService) -> Iterator[Evidence]:
    """All that says who owns a service, the best evidence in front; what names nobody has no value."""
    yield overridden(service, "owner", as_owner(service.override.owner))
    for member in service.members:
        yield from _owners_in(member)


def overridden(service: DeployedService, key: str, value: str) -> Evidence:
    """What the settings of a service say; empty where they don't."""
    repository = next(
        (each.contents.facts.name for each in service.members if service.name in each.contents.settings.overrides), ""
    )
    return Evidence(value, "`overrides` in the settings", repository, (FILE_NAME,), ("overrides", service.name, key))


def _owners_in(member: Member) -> Iterator[Evidence]:
    settings, repository = member.contents.settings, member.contents.facts.name
    for folder in member.folders:
        if folder.chart and folder.chart.owner:
            owner = as_owner(folder.chart.owner, settings.owner_names)
            pattern = rf"owner.*{re.escape(folder.chart.owner)}"
            yield Evidence(owner, "an annotation of the chart", repository, (folder.at(CHART_FILE),), pattern=pattern)
    codeowners = member.contents.codeowners
    for path in paths_of(member):
        for owner, line in islice(codeowners.owners_of(path), 1):
            yield Evidence(owner, "the last pattern that matches", repository, (codeowners.path,), line=line)
    for each in member.deployments:
        if each.facts.owner:
            owner, pattern = as_owner(each.facts.owner, settings.owner_names), re.escape(each.facts.owner)
            yield Evidence(owner, "a block in the values", repository, files_of(member, each), pattern=pattern)
    if settings.owner_from_maintainers:
        for folder in member.folders:
            for name in folder.chart.maintainers[:1] if folder.chart else ():
                owner, pattern = as_owner(f"user:{as_entity_name(name)}"), re.escape(name)
                yield Evidence(owner, "the first maintainer", repository, (folder.at(CHART_FILE),), pattern=pattern)
    yield Evidence(as_owner(settings.owner), "`owner` in the settings", repository, (FILE_NAME,), ("owner",))


def paths_of(member: Member) -> Iterator[str]:
    """What patterns of CODEOWNERS are matched with: its folders; a manifest that shares its folder with others."""
    for unit in member.units:
        if unit.place.repository == unit.repository and posixpath.dirname(unit.place.path) == unit.path:
            yield unit.place.path
    yield from (folder.path for folder in member.folders)


def _owner_in(member: Member) -> str:
    return next(filter(None, (each.value for each in _owners_in(member))), "")


def files_of(member: Member, deployment: Deployment) -> tuple[str, ...]:
    """The files whose values a deployment has, the one that counts most in front."""
    folder = member.folder_of(deployment)
    if deployment.unit:
        return (deployment.unit.place.path, *reversed(deployment.unit.value_files))
    listed = (item.list_path for item in member.items if item.environment == deployment.environment)
    return (*listed, *reversed(folder.files_of(deployment.environment) if folder else ()))


def lifecycle_of(service: DeployedService) -> str:
    """`deprecated` if the chart is, or its folder is put away; else that of its environment nearest to production.

    Where no environment is of a known tier, or a folder beside those of environments names none, it may be production.
    """
    return lifecycle_evidence(service)[0].value


def lifecycle_evidence(service: DeployedService) -> tuple[Evidence, str]:
    """The lifecycle of a service, and the environment that decides; an empty string where none does."""
    if service.override.lifecycle:
        return overridden(service, "lifecycle", service.override.lifecycle), ""
    for member in service.members:
        repository = member.contents.facts.name
        for folder in member.folders:
            if folder.chart and folder.chart.deprecated:
                chart = (folder.at(CHART_FILE),)
                return Evidence("deprecated", "the chart is deprecated", repository, chart, ("deprecated",)), ""
            if _is_put_away(folder.path):
                return Evidence("deprecated", "the folder is put away", repository, (folder.path,)), ""
    table = service.members[0].contents.settings.lifecycle
    productive = table["production"]
    lifecycles = {
        environment: table.get(environment, productive if is_production(environment) else table["*"])
        for environment in sorted(service.environments, key=production_rank)
        if environment in table or tier_of(environment)
    }
    best = next((each for each, lifecycle in lifecycles.items() if lifecycle == productive), "")
    if best:
        return Evidence(productive, f"the environment {best!r}"), best
    if not lifecycles:
        return Evidence(productive, "no environment has a name that shows its tier"), ""
    if any(member.has_nameless_folder for member in service.members):
        return Evidence(productive, "a folder without an environment lies beside those with one"), ""
    first = next(iter(lifecycles))
    return Evidence(lifecycles[first], f"the environment {first!r} is the nearest to production"), first


def _is_put_away(path: str) -> bool:
    return not _PUT_AWAY.isdisjoint(path.split("/")[:-1])


def disagreements(service: DeployedService) -> Iterator[Finding]:
    """Where repositories say different things about one service; the one that is listed first wins."""
    if len(service.members) < 2:
        return
    for what in ("description", "owner"):
        texts = {}
        for member in service.members:
            text = _owner_in(member) if what == "owner" else _description_in(member)
            if text:
                texts[member.contents.facts.name] = text
        if len(set(texts.values())) > 1:
            each = "; ".join(f"{repository} says {text!r}" for repository, text in texts.items())
            yield Finding(
                "warning",
                "repositories-disagree",
                f"repositories disagree about the {what} of {service.name}: {each}; the first wins",
                service.members[0].place,
                f"Make them equal, or set `overrides.{service.name}.{what}`.",
            )


def _description_in(member: Member) -> str:
    return next((folder.chart.description for folder in member.folders if folder.chart), "")
