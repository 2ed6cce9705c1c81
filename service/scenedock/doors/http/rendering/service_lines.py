"""The services as pages list and filter them: one line for each, with what people look for it by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from werkzeug.datastructures import MultiDict

from scenedock.model.entity import DEFAULT_NAMESPACE, EntityRef
from scenedock.model.json import as_list, as_text
from scenedock.model.similar import similar

if TYPE_CHECKING:
    from scenedock.releases.drift import Lag, Row
    from scenedock.usecases.releases.overview import Overview, ServedService

FACETS: Final = ("owner", "system", "type", "repository", "environment")
"""By which services can be filtered: fields of `ServiceLine`."""


_MOST_VALUES: Final = 8


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service for lists. `owner` and `system` are short references; each facet has all values of the service."""

    name: str
    ref: EntityRef
    title: str
    description: str
    type: str
    lifecycle: str
    owner: str
    system: str
    repositories: tuple[str, ...]
    environments: tuple[str, ...]
    searched: str
    is_kept: bool

    def values(self, facet: str) -> Sequence[str]:
        """The values that the service has of a facet."""
        if facet == "repository":
            return self.repositories
        if facet == "environment":
            return self.environments
        value = getattr(self, facet)
        return (str(value),) if value else ()


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody looks for: words that must all be there, and values of facets, one of which each must have."""

    text: str
    facets: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, query: MultiDict[str, str], facets: Iterable[str] = FACETS) -> Filter:
        """The filter of an address: `q`, and each facet, which may be repeated."""
        return cls(query.get("q", "").strip(), {facet: tuple(filter(None, query.getlist(facet))) for facet in facets})

    @property
    def is_empty(self) -> bool:
        """Whether every service has it."""
        return not self.text and not any(self.facets.values())

    def matches(self, line: ServiceLine) -> bool:
        """Whether a service has all of it."""
        return all(word in line.searched for word in self.text.lower().split()) and all(
            not wanted or any(value in wanted for value in line.values(facet)) for facet, wanted in self.facets.items()
        )


@lru_cache(maxsize=1)
def services_of(overview: Overview) -> Mapping[str, ServedService]:
    """The services of an overview by name."""
    return {each.name: each for each in overview.services}


@lru_cache(maxsize=1)
def rows_of(overview: Overview) -> Mapping[str, Row]:
    """The rows of the board by the names of their services."""
    return {row.service: row for row in overview.rows}


@lru_cache(maxsize=1)
def lags_in(overview: Overview) -> Sequence[Lag]:
    """Who is behind, for each environment."""
    from scenedock.releases.drift import lags_of

    return lags_of(overview.rows, overview.environments)


@lru_cache(maxsize=1)
def lines_of(overview: Overview) -> Mapping[str, ServiceLine]:
    """The services of an overview by name, in alphabetical order."""
    environments: dict[str, list[str]] = {}
    for row in overview.rows:
        environments[row.service] = [name for name in overview.environments if name in row.cells]
    return {
        each.name: _line(each, tuple(environments.get(each.name, ())))
        for each in sorted(overview.services, key=lambda each: each.name)
    }


def values_of(lines: Iterable[ServiceLine], facet: str) -> list[tuple[str, int]]:
    """The values of a facet, with the number of services that have each; in alphabetical order."""
    return sorted(Counter(value for line in lines for value in line.values(facet)).items())


def unknown_values(chosen: Filter, there: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What is said of the values that somebody filters by and nothing has; `there` are those of each facet."""
    for facet, wanted in chosen.facets.items():
        for value in wanted:
            yield from unknown_value(facet, value, there[facet])


def unknown_value(name: str, value: str, there: Sequence[str]) -> Iterator[str]:
    """The same of one part of the address."""
    if value and value not in there:
        hint = similar(value, there) or f"; there is {', '.join(there[:_MOST_VALUES])}" if there else ""
        yield f"nothing has `{name}={value}`{hint}{' …' if len(there) > _MOST_VALUES else ''}"


def short(reference: str, kind: str) -> str:
    """A reference as people know it: without the kind that a field has by default, and the default namespace."""
    try:
        return EntityRef.parse(reference, default_kind=kind).written(kind, DEFAULT_NAMESPACE) if reference else ""
    except ValueError:
        return reference


def _line(service: ServedService, environments: tuple[str, ...]) -> ServiceLine:
    main = service.main
    description, title = as_text(main.metadata.get("description")), as_text(main.metadata.get("title"))
    owner = short(as_text(main.spec.get("owner")), "group")
    system = main.name if main.kind == "System" else short(as_text(main.spec.get("system")), "system")
    tags = " ".join(map(as_text, as_list(main.metadata.get("tags"))))
    return ServiceLine(
        name=service.name,
        ref=main.ref,
        title=title,
        description=description,
        type=as_text(main.spec.get("type")) or main.kind.lower(),
        lifecycle=as_text(main.spec.get("lifecycle")),
        owner=owner,
        system=system,
        repositories=tuple(dict.fromkeys(repository for repository, _ in service.folders)),
        environments=environments,
        searched=" ".join([service.name, main.name, title, description, owner, system, tags]).lower(),
        is_kept=service.is_kept,
    )
