"""`scenedock.yaml`: what a repository's other files don't show.

Its JSON Schema (`schemas/scenedock.schema.json`) is the contract; here it becomes one flat, frozen object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from scenedock.catalog.vocabulary.environments import KNOWN_ENVIRONMENTS, EnvironmentNames
from scenedock.catalog.vocabulary.globs import first_match, is_glob
from scenedock.catalog.vocabulary.relations import Reference
from scenedock.catalog.vocabulary.source_urls import host_of
from scenedock.catalog.vocabulary.web_links import RULE, is_web_link, unsafe_annotations
from scenedock.documents.configuration import read_configuration
from scenedock.documents.problems import DocumentProblem, Format
from scenedock.documents.reading import HELM
from scenedock.model.addresses import credentials_in
from scenedock.model.finding import Place
from scenedock.model.helm import Provider
from scenedock.model.json import JsonObject, as_object, value_at
from scenedock.model.locks import Lock, is_day, is_end
from scenedock.structs import dataclass, field, replace

FILE_NAME = "scenedock.yaml"
EVIDENCE = ("apps", "argocd", "folders", "values")
_SCHEMA = Path(__file__).parents[1] / "schemas" / "scenedock.schema.json"  # `importlib.resources` takes 5 ms to import

StringMap: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Override:
    """Corrections to one service; None or empty corrects nothing. `line` is their line in the file."""

    title: str = ""
    description: str = ""
    owner: str = ""
    type: str = ""
    lifecycle: str = ""
    system: str = ""
    environments: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    labels: StringMap = field(default_factory=dict)
    annotations: StringMap = field(default_factory=dict)
    links: tuple[JsonObject, ...] = ()
    depends_on: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class AppList:
    """Services that are items of a file: see `apps` in the schema."""

    file: str
    items: str = ""
    chart_key: str = ""
    default_chart: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """Files with the version of a service in an environment, and environments that should have the same versions.

    `tags` is how repositories of source code name the tag of a version. See `versions` in the schema.
    """

    file: str = ""
    path: str = ""
    equal: tuple[tuple[str, ...], ...] = ()
    tags: str = ""


@dataclass(frozen=True, slots=True)
class VanishingLimit:
    """More than `share` (0 to 1) of a repository's entities, and at least `at_least`, may not vanish at once.

    Nor may all of them, and none before the files have been the same for `second_look` seconds.
    """

    share: float = 0.2
    at_least: int = 5
    second_look: float = 10.0


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """The settings of one repository, with defaults that are useful without a file."""

    repository: str = ""
    branch: str = ""
    provider: Provider | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    names: EnvironmentNames = field(default_factory=EnvironmentNames)
    resources: bool = False
    bind: str | None = None
    evidence: tuple[str, ...] = EVIDENCE
    hosts: Mapping[str, Provider] = field(default_factory=dict)
    cluster: str = ""
    owner: str = ""
    owner_names: StringMap = field(default_factory=dict)
    owner_from_maintainers: bool = False
    emit_owners: bool = False
    lifecycle: StringMap = field(default_factory=lambda: {"production": "production", "*": "experimental"})
    types: StringMap = field(default_factory=dict)
    systems: StringMap = field(default_factory=dict)
    annotations: StringMap = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    apps: tuple[AppList, ...] = ()
    backing_services: StringMap = field(default_factory=dict)
    leave_out_handwritten: bool = False
    leave_out_existing: bool = True
    known: tuple[str, ...] = ()
    vanishing: VanishingLimit = VanishingLimit()
    versions: VersionFiles = VersionFiles()
    locks: tuple[Lock, ...] = ()
    expires: Mapping[str, StringMap] = field(default_factory=dict)
    """The days on which environments of services end: `{billing: {qa: 2027-01-15}}`."""
    chart_folders: StringMap = field(default_factory=dict)
    """The folders with the charts that helmfiles name by an alias: `{acme: charts}`."""
    layouts_off: frozenset[str] = frozenset()
    lint_off: frozenset[str] = frozenset()
    repeated: tuple[tuple[str, int, int], ...] = ()
    """The keys that the file sets twice, each with both lines."""

    def type_of(self, path: str) -> str:
        """The Component type that settings give to a folder, or an empty string."""
        return first_match(path, self.types)

    def system_of(self, path: str) -> str:
        """The System that settings give to a folder, or an empty string."""
        return first_match(path, self.systems)

    def override(self, service: str) -> Override:
        """The corrections for a service."""
        return self.overrides.get(service, Override())


def read_settings(data: bytes, *, label: str = FILE_NAME) -> CatalogSettings:
    """Read a settings file; `label` is how messages name it.

    Raises
    ------
    InputError   not YAML, not what the schema allows, or an address with credentials: every problem with its place
    """
    configuration = read_configuration(data, label, schema=_schema(), formats=_FORMATS, rules=_rules, meaning=HELM)
    settings = _settings(configuration.value)
    overrides = {
        name: replace(override, line=configuration.line_of("overrides", name))
        for name, override in settings.overrides.items()
    }
    places = [Place("", label, configuration.line_of("locks", number)) for number in range(len(settings.locks))]
    locks = tuple(replace(lock, place=place) for lock, place in zip(settings.locks, places, strict=True))
    repeated = tuple((each.key, each.before or each.line, each.line) for each in configuration.document.repeated_keys)
    return replace(settings, overrides=overrides, locks=locks, repeated=repeated)


def _rules(document: JsonObject) -> Iterator[DocumentProblem]:
    yield from _credentials(document)
    places: list[tuple[str, ...]] = [(), *(("overrides", name) for name in as_object(document.get("overrides")))]
    for place in places:
        annotations = as_object(as_object(value_at(document, place)).get("annotations"))
        yield from (DocumentProblem((*place, "annotations", name), RULE) for name in unsafe_annotations(annotations))


def _credentials(document: JsonObject) -> Iterator[DocumentProblem]:
    message = "has a password or token in its address; remove and rotate it: everyone who can read the file has it"
    for path in credentials_in(document):
        if path != ("repository",):  # whose pattern refuses them
            yield DocumentProblem(path, message)


_FORMATS: Mapping[str, Format] = {
    "end-of-lock": Format(is_end, "must be a day (2026-12-01) or a time (2026-12-01T08:00:00Z)"),
    "day": Format(is_day, "must be a day (2027-01-15)"),
    "glob": Format(is_glob, "is too long, or its braces expand to too many patterns"),
    "web-link": Format(is_web_link, RULE),
    "entity-ref": Format(
        lambda text: not Reference((), text, "Component").fault, "must be a reference, [kind:][namespace/]name"
    ),
    "entity-ref-with-kind": Format(
        lambda text: not Reference((), text, "").fault, "must be a reference, kind:[namespace/]name"
    ),
}


@cache
def _schema() -> JsonObject:
    return as_object(json.loads(_SCHEMA.read_bytes()))


def _hosts(document: Mapping[str, Any]) -> dict[str, Provider]:
    """The products of code hosts; that of the repository is its host's, too."""
    hosts: dict[str, Provider] = {host.lower(): provider for host, provider in document.get("hosts", {}).items()}
    own = host_of(document.get("repository", ""))
    return {own: document["provider"], **hosts} if own and "provider" in document else hosts


def _settings(document: Mapping[str, Any]) -> CatalogSettings:
    """The settings of a document that the schema has accepted."""
    folders, environments = document.get("folders", {}), document.get("environments", {})
    known = environments.get("known")
    defaults = CatalogSettings()
    return CatalogSettings(
        repository=document.get("repository", "").rstrip("/").removesuffix(".git"),
        branch=document.get("branch", ""),
        provider=document.get("provider"),
        include=tuple(folders.get("include", ())),
        exclude=tuple(folders.get("exclude", ())),
        names=EnvironmentNames(tuple(known or KNOWN_ENVIRONMENTS), closed=known is not None),
        resources=environments.get("entities") == "resources",
        bind=environments.get("bind"),
        evidence=tuple(environments.get("evidence", EVIDENCE)),
        hosts=_hosts(document),
        cluster=document.get("cluster", ""),
        owner=document.get("owner", ""),
        owner_names=document.get("ownerNames", {}),
        owner_from_maintainers=document.get("ownerFromMaintainers", False),
        emit_owners=document.get("owners") == "emit",
        lifecycle={**defaults.lifecycle, **document.get("lifecycle", {})},
        types=document.get("types", {}),
        systems=document.get("systems", {}),
        annotations=document.get("annotations", {}),
        overrides={name: _override(override) for name, override in document.get("overrides", {}).items()},
        apps=tuple(_app_list(item) for item in document.get("apps", ())),
        backing_services=document.get("backingServices", {}),
        leave_out_handwritten=document.get("handWritten") == "leave-out",
        leave_out_existing=document.get("existing") != "ours",
        known=tuple(document.get("known", ())),
        vanishing=_vanishing(document.get("vanishing", {})),
        versions=_versions(document.get("versions", {})),
        locks=tuple(Lock(**each) for each in document.get("locks", ())),
        expires=document.get("expires", {}),
        chart_folders=document.get("charts", {}),
        layouts_off=frozenset(name for name, used in document.get("layouts", {}).items() if not used),
        lint_off=frozenset(rule for rule, used in document.get("lint", {}).items() if not used),
    )


def _versions(files: Mapping[str, Any]) -> VersionFiles:
    equal = tuple(tuple(group) for group in files.get("equal", ()))
    return VersionFiles(files.get("file", ""), files.get("path", ""), equal, files.get("tags", ""))


def _vanishing(limit: Mapping[str, Any]) -> VanishingLimit:
    default = VanishingLimit()
    return VanishingLimit(
        limit.get("share", default.share),
        limit.get("atLeast", default.at_least),
        limit.get("secondLook", default.second_look),
    )


def _override(corrections: Mapping[str, Any]) -> Override:
    environments = corrections.get("environments")
    return Override(
        title=corrections.get("title", ""),
        description=corrections.get("description", ""),
        owner=corrections.get("owner", ""),
        type=corrections.get("type", ""),
        lifecycle=corrections.get("lifecycle", ""),
        system=corrections.get("system", ""),
        environments=None if environments is None else tuple(environments),
        tags=tuple(corrections.get("tags", ())),
        labels=corrections.get("labels", {}),
        annotations=corrections.get("annotations", {}),
        links=tuple(corrections.get("links", ())),
        depends_on=tuple(corrections.get("dependsOn", ())),
    )


def _app_list(item: Mapping[str, Any]) -> AppList:
    chart = item.get("chart", {})
    return AppList(
        file=item["file"],
        items=item.get("items", ""),
        chart_key=chart.get("from", ""),
        default_chart=chart.get("default", "").strip("/"),
        repository=item.get("repository", ""),
    )
