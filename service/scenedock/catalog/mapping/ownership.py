"""The owner and lifecycle of a service, from all that its repositories say."""

from __future__ import annotations

from collections.abc import Iterator

from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.vocabulary.environments import is_production, production_rank, tier_of
from scenedock.catalog.vocabulary.formats import as_entity_name
from scenedock.catalog.vocabulary.owners import as_owner, first_owner
from scenedock.model.finding import Finding

_PUT_AWAY = frozenset({"obsolete", "deprecated", "archive", "attic"})


def owner_of(service: DeployedService) -> str:
    """The owner of a service: the best evidence of the first repository that has any, else `unknown`."""
    return first_owner([as_owner(service.override.owner), *(_owner_in(member) for member in service.members)])


def _owner_in(member: Member) -> str:
    settings = member.contents.settings
    charts = [folder.chart for folder in member.folders if folder.chart]
    candidates = [as_owner(chart.owner, settings.owner_names) for chart in charts]
    candidates.extend(member.contents.codeowners.owner_of(folder.path) for folder in member.folders)
    candidates.extend(as_owner(each.facts.owner, settings.owner_names) for each in member.deployments)
    if settings.owner_from_maintainers:
        candidates.extend(
            as_owner(f"user:{as_entity_name(name)}") for chart in charts for name in chart.maintainers[:1]
        )
    candidates.append(as_owner(settings.owner))
    return next(filter(None, candidates), "")


def lifecycle_of(service: DeployedService) -> str:
    """`deprecated` if the chart is, or lies among such; else what settings say of its most productive environment.

    Where no environment is of a tier that is known, or a folder beside those of environments names none, it may be
    production.
    """
    if service.override.lifecycle:
        return service.override.lifecycle
    if any((folder.chart and folder.chart.deprecated) or _is_put_away(folder.path) for folder in service.folders):
        return "deprecated"
    table = service.members[0].contents.settings.lifecycle
    productive = table["production"]
    said = [
        table.get(environment, productive if is_production(environment) else table["*"])
        for environment in sorted(service.environments, key=production_rank)
        if environment in table or tier_of(environment)
    ]
    nameless = any(member.has_nameless_folder for member in service.members)
    return productive if not said or productive in said or nameless else said[0]


def _is_put_away(path: str) -> bool:
    return not _PUT_AWAY.isdisjoint(path.split("/")[:-1])


def disagreements(service: DeployedService) -> Iterator[Finding]:
    """Where repositories say different things of one service; the one that is listed first wins."""
    if len(service.members) < 2:
        return
    for what in ("description", "owner"):
        said = {}
        for member in service.members:
            text = _owner_in(member) if what == "owner" else _description_in(member)
            if text:
                said[member.contents.facts.name] = text
        if len(set(said.values())) > 1:
            each = "; ".join(f"{repository} says {text!r}" for repository, text in said.items())
            yield Finding(
                "warning",
                "repositories-disagree",
                f"{what} of {service.name}: {each}; the first wins",
                service.members[0].place,
                f"Make them equal, or set `overrides.{service.name}.{what}`.",
            )


def _description_in(member: Member) -> str:
    return next((folder.chart.description for folder in member.folders if folder.chart), "")
