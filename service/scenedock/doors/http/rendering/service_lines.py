"""The services as pages list and filter them: one line for each, with what people look for it by."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from werkzeug.datastructures import MultiDict

from scenedock.model.entity import DEFAULT_NAMESPACE, EntityRef
from scenedock.model.json import as_list, as_text
from scenedock.model.similar import similar
from scenedock.structs import dataclass

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


class LineIndex:
    """What services are found by: all that people look for them by as one text, and who has a value of a facet."""

    def __init__(self, overview: Overview) -> None:
        lines = lines_of(overview)
        services = services_of(overview)
        self._names = tuple(lines)
        said = [_searched(line, services[name]) for name, line in lines.items()]
        self._text = "\n".join(said)
        self._starts = (0, *accumulate(len(each) + 1 for each in said))
        self._having: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name, line in lines.items():
            for facet in FACETS:
                for value in line.values(facet):
                    self._having[facet, value].add(name)

    def matching(self, chosen: Filter) -> set[str]:
        """The names of the services that have all of what somebody looks for; `chosen` isn't empty."""
        found: set[str] | None = None
        if words := sorted(chosen.text.lower().split(), key=len, reverse=True):
            found = {self._names[at] for at in self._lines_with(words[0]) if self._has_all(at, words[1:])}
        for facet, wanted in chosen.facets.items():
            if wanted:
                having = set[str]().union(*(self._having.get((facet, value), ()) for value in wanted))
                found = having if found is None else found & having
        return found or set()

    def _lines_with(self, word: str) -> Iterator[int]:
        at = self._text.find(word)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            yield number
            at = self._text.find(word, self._starts[number + 1])

    def _has_all(self, number: int, words: Sequence[str]) -> bool:
        begin, end = self._starts[number], self._starts[number + 1]
        return all(self._text.find(word, begin, end) >= 0 for word in words)


@lru_cache(maxsize=1)
def services_of(overview: Overview) -> Mapping[str, ServedService]:
    """The services of an overview by name."""
    return {each.name: each for each in overview.services}


@lru_cache(maxsize=1)
def rows_of(overview: Overview) -> Mapping[str, Row]:
    """The rows of the board by the names of their services."""
    return {row.service: row for row in overview.rows}


@lru_cache(maxsize=1)
def line_index(overview: Overview) -> LineIndex:
    """By what the services of an overview are found."""
    return LineIndex(overview)


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
        is_kept=service.is_kept,
    )


def _searched(line: ServiceLine, service: ServedService) -> str:
    """What a service is looked for by, in lower case and without line ends."""
    tags = map(as_text, as_list(service.main.metadata.get("tags")))
    said = (line.name, service.main.name, line.title, line.description, line.owner, line.system, *tags)
    return " ".join(" ".join(said).lower().split())
