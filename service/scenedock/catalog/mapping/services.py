"""Folders, list items and applications of several repositories, gathered into services."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from scenedock.catalog.mapping.deployments import (
    Applications,
    Deployment,
    RepositoryContents,
    deployment_of_unit,
    deployments_of,
)
from scenedock.catalog.mapping.identities import Identity
from scenedock.catalog.mapping.unit_services import UnitService
from scenedock.catalog.vocabulary.environments import production_rank, without_order
from scenedock.catalog.vocabulary.formats import as_entity_name
from scenedock.catalog.vocabulary.settings import FILE_NAME, Override
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Application, HelmFolder, ListItem
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field, replace

_NONE: Mapping[tuple[str, str], HelmFolder] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MemberParts:
    """What a member is made of besides what its folders say: their paths and identities, and its Applications."""

    paths: tuple[str, ...]
    identities: tuple[Identity, ...]
    applications: tuple[Application, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """What one repository says about a service: its folders (one for each environment, perhaps) or its list items.

    `path` is the folder that stands for the service; for a mere list item, that of its list. What belongs to an
    environment of the production tier comes first. `has_nameless_folder` says that one folder names no environment and
    another does: `billing` beside `billing-dev`. `passed_over` are deployments that lesser evidence would have given.
    `units` are what tools deploy of it, besides charts of the repository. `parts` are there if it can be made again of
    them and of its folders.
    """

    contents: RepositoryContents
    path: str
    folders: tuple[HelmFolder, ...]
    items: tuple[ListItem, ...]
    deployments: tuple[Deployment, ...]
    tenant: str = ""
    has_nameless_folder: bool = False
    passed_over: tuple[Deployment, ...] = ()
    units: tuple[Unit, ...] = ()
    parts: MemberParts | None = None

    @property
    def face(self) -> Member:
        """All that other services may depend on, as of its folders."""
        folders = tuple(folder.face for folder in self.folders)
        deployments = tuple(deployment.face for deployment in self.deployments)
        return replace(self, folders=folders, deployments=deployments, passed_over=(), parts=None)

    @property
    def tenant_name(self) -> str:
        """The name of its tenant's System; empty without one."""
        return as_entity_name(without_order(posixpath.basename(self.tenant))) if self.tenant else ""

    def folder_of(self, deployment: Deployment) -> HelmFolder | None:
        """The folder that one of its deployments is deployed from; None for a mere list item."""
        for folder in self.folders:
            if folder.path == deployment.folder:
                return folder
        return None

    @property
    def place(self) -> Place:
        """Where a person would look for it."""
        if self.units and not any(folder.chart for folder in self.folders):
            return self.units[0].place
        path = f"{self.folders[0].path}/Chart.yaml" if self.folders and self.folders[0].chart else self.path
        return Place(self.contents.facts.name, path.lstrip("/") or ".")


@dataclass(frozen=True, slots=True)
class DeployedService:
    """One service: all that the repositories, in their listed order, say about it."""

    name: str
    members: tuple[Member, ...]
    override: Override = field(default_factory=Override)

    @property
    def face(self) -> DeployedService:
        """All that other services may depend on, as of its folders."""
        return replace(self, members=tuple(member.face for member in self.members))

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
    repositories: Sequence[RepositoryContents],
    identities: Mapping[tuple[int, str], Identity],
    of_units: Sequence[Sequence[UnitService]],
    whole: Mapping[tuple[str, str], HelmFolder] = _NONE,
) -> tuple[list[DeployedService], list[Finding]]:
    """The services of all repositories, sorted by name.

    `identities` are by repository number and folder path; `of_units` are the services of its units, by the same number.
    Where repositories have only the faces of folders, the `whole` ones are by repository and path: only their own
    services get to know them.
    """
    findings: list[Finding] = []
    members: dict[str, list[Member]] = defaultdict(list)
    for number, contents in enumerate(repositories):
        mine = {folder.path: identities[number, folder.path] for folder in contents.folders}
        applications = Applications(contents.applications)
        shared = _shared_homes(contents.units, of_units[number])
        for raw, folders, items, units in _grouped(contents, mine, of_units[number]):
            ranked = sorted(folders, key=lambda folder: production_rank(mine[folder.path].environment))
            listed = sorted(items, key=lambda item: production_rank(item.environment))
            named = [each for each in units if each.application is None or each.application.name] or units
            by_tools = sorted(named, key=lambda deployment: production_rank(deployment.environment))
            found = applications.of(ranked, listed)
            more = [each for each in by_tools if each.application not in found]
            own = [whole.get((contents.facts.name, folder.path), folder) for folder in ranked]
            deployments, passed_over = deployments_of(contents, tuple(own), tuple(listed), mine, found, more)
            if not folders:
                homes = dict.fromkeys(each.folder for each in by_tools)
                own = [_part_of(contents.unit_folders[path], raw, shared) for path in homes]
            member = _member(contents, tuple(own), tuple(listed), mine, deployments, by_tools)
            if passed_over:
                member = replace(member, passed_over=tuple(passed_over))
            if whole and not items and not units:
                identified = tuple(mine[folder.path] for folder in ranked)
                parts = MemberParts(tuple(folder.path for folder in ranked), identified, tuple(found))
                member = replace(member, parts=parts)
            if name := _fit(raw, member, findings):
                members[name].append(member)
                findings.extend(_of_names_kept(name, member, [mine[folder.path] for folder in folders]))
    _refuse_duplicates(members, findings)
    services = [DeployedService(name, tuple(group), _override(name, group)) for name, group in sorted(members.items())]
    findings.extend(_overrides_of_unknown_services(repositories, members))
    return services, findings


def service_again(
    name: str, made_of: Sequence[tuple[RepositoryContents, MemberParts, tuple[HelmFolder, ...]]]
) -> DeployedService:
    """The service of this name, made of the same parts as before, and of its folders as they are now."""
    members: list[Member] = []
    for contents, parts, folders in made_of:
        mine = dict(zip(parts.paths, parts.identities, strict=True))
        deployments, passed_over = deployments_of(contents, folders, (), mine, parts.applications)
        member = _member(contents, folders, (), mine, deployments, ())
        members.append(replace(member, passed_over=tuple(passed_over), parts=parts))
    return DeployedService(name, tuple(members), _override(name, members))


def _shared_homes(units: Sequence[Unit], of_units: Sequence[UnitService]) -> frozenset[str]:
    """The folders in which units of several services are at home."""
    names: dict[str, set[str]] = defaultdict(set)
    for unit, of in zip(units, of_units, strict=True):
        names[unit.path].add(of.name)
    return frozenset(path for path, those in names.items() if len(those) > 1)


def _part_of(folder: HelmFolder, service: str, shared: Collection[str]) -> HelmFolder:
    """A folder, as far as it is a service's: where several share it, only what people wrote of this one."""
    if folder.path not in shared:
        return folder
    mine = tuple(entity for entity in folder.handwritten if entity.name.lower() == as_entity_name(service).lower())
    return replace(folder, handwritten=mine, has_handwritten=folder.has_handwritten and bool(mine))


def _grouped(
    contents: RepositoryContents, identities: Mapping[str, Identity], of_units: Sequence[UnitService]
) -> Iterator[tuple[str, list[HelmFolder], list[ListItem], list[Deployment]]]:
    """The folders, list items and deployed units of each service of one repository, by name."""
    folders: dict[tuple[str, tuple[str, ...]], list[HelmFolder]] = defaultdict(list)
    for folder in contents.folders:
        identity = identities[folder.path]
        folders[identity.name, identity.service].append(folder)
    by_name: dict[str, list[ListItem]] = defaultdict(list)
    by_folder: dict[tuple[str, tuple[str, ...]], list[ListItem]] = defaultdict(list)
    for item in contents.items:
        if item.folder:
            identity = identities[item.folder]
            by_folder[identity.name, identity.service].append(item)
        else:
            by_name[item.name].append(item)
    units: dict[tuple[str, tuple[str, ...]], list[Deployment]] = defaultdict(list)
    for unit, of in zip(contents.units, of_units, strict=True):
        units[of.name, of.service].append(deployment_of_unit(unit, of.environment))
    named = {raw for raw, _ in folders}
    services = sorted({*folders, *units, *((name, ()) for name in by_name if name not in named)})
    for name, service in services:
        items = by_name.pop(name, []) or by_folder.get((name, service), [])
        yield name, folders.get((name, service), []), items, units.get((name, service), [])


def _fit(raw: str, member: Member, findings: list[Finding]) -> str:
    """The name in a form that is valid in Backstage; a finding where that isn't what people wrote."""
    name = as_entity_name(raw)
    if not name:
        findings.append(
            Finding(
                "error",
                "no-name",
                f"{raw!r} has nothing that a valid entity name could be made of",
                member.place,
                "Rename the folder.",
            )
        )
    elif name != raw:
        findings.append(
            Finding(
                "info",
                "name-changed",
                f"{raw!r} is not a valid entity name; {name!r} is used instead",
                member.place,
                "Rename the folder if both should have the same name.",
            )
        )
    return name


def _of_names_kept(name: str, member: Member, identities: Sequence[Identity]) -> Iterator[Finding]:
    """Report that a service has a longer name, because another service already has the shorter one."""
    if rival := next((each.rival for each in identities if each.rival), ""):
        message = f"is called {name!r}: the shorter name belongs to {rival}, which existed before"
        yield Finding("info", "name-kept", message, member.place, "No action is needed; `overrides` can set a title.")


def _refuse_duplicates(members: dict[str, list[Member]], findings: list[Finding]) -> None:
    """Report services of one repository whose names are equal without regard to case; the first stays."""
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


def _overrides_of_unknown_services(
    repositories: Sequence[RepositoryContents], members: Mapping[str, Sequence[Member]]
) -> Iterator[Finding]:
    """Corrections to services that a repository doesn't have; if several share settings, that none of those has.

    Skipped folders count as there: their Chart.yaml may just be unreadable for now.
    """
    for number, contents in enumerate(repositories):
        if any(contents.settings == each.settings for each in repositories[:number]):
            continue
        mine = {
            name
            for name, group in members.items()
            if any(each.contents.settings == contents.settings for each in group)
        }
        mine |= {posixpath.basename(skip.place.path) for skip in contents.skipped}
        for name, override in contents.settings.overrides.items():
            if name not in mine:
                from difflib import get_close_matches  # slow to import, and seldom needed

                similar = get_close_matches(name, sorted(mine), n=1)
                yield Finding(
                    "warning",
                    "override-of-unknown-service",
                    f"`overrides` names {name!r}, but there is no such service",
                    Place(contents.facts.name, FILE_NAME, override.line or None),
                    f"Did you mean {similar[0]!r}?" if similar else "Write the service's name, or remove the entry.",
                )


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
    deployments: Sequence[Deployment],
    by_tools: Sequence[Deployment],
) -> Member:
    mine = [identities[folder.path] for folder in folders if folder.path in identities]
    tenant = next((identity.tenant for identity in mine if identity.tenant), "")
    homes = [*(identity.home for identity in mine), *(each.folder for each in by_tools)]
    path = homes[0] if homes else posixpath.dirname(items[0].list_path)
    nameless = {each.environment is None for each in mine or by_tools} == {True, False}
    units = tuple(each.unit for each in by_tools if each.unit)
    return Member(contents, path, folders, items, tuple(deployments), tenant, nameless, units=units)
