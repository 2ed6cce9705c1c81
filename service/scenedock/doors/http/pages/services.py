"""The services, and all that is known of one: versions, owner, relations, findings, the entity and what proves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from flask import Response, request

from scenedock.documents.writing import write_documents
from scenedock.doors.http.pages.findings import each_once, groups_of
from scenedock.doors.http.rendering.links import argocd_url, backstage_url, commit_url, link_to
from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.rendering.paging import part_of
from scenedock.doors.http.rendering.relations import relations_of
from scenedock.doors.http.rendering.service_lines import (
    FACETS,
    Filter,
    ServiceLine,
    line_index,
    lines_of,
    rows_of,
    services_of,
    unknown_values,
    values_of,
)
from scenedock.doors.http.routes import Route
from scenedock.errors import NotFoundError
from scenedock.model.code_hosts.pull_request import PullRequest
from scenedock.model.entity import Entity
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place
from scenedock.model.json import as_list, as_object, as_text
from scenedock.model.similar import similar
from scenedock.releases.vocabulary import VERSIONS
from scenedock.runtime.service import Service
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.model.locks import Lock
    from scenedock.releases.drift import Cell
    from scenedock.releases.history import VersionSince
    from scenedock.releases.release import Release
    from scenedock.usecases.catalog.explain_service import Explanation
    from scenedock.usecases.releases.overview import Overview, ServedService

_ON_A_PAGE: Final = 50
_MOST_IN_A_GROUP: Final = 50
_MOST_EXPLAINED: Final = 32
_SORTED_BY: Final = {"name": "Service", "type": "Type", "owner": "Owner", "system": "System", "lifecycle": "Lifecycle"}


@dataclass(frozen=True, slots=True)
class ShownRelease:
    """A version of a service on its page: where it is set and shown, empty where nobody knows, and how it differs.

    Of several releases in one environment the first is compared; `compared` is None for others, and what is unknown.
    """

    environment: str
    release: Release
    compared: Cell | None
    url: str
    argocd: str
    since: VersionSince | None
    commit_url: str
    changes: Sequence[PullRequest] = ()
    lock: Lock | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a service to elsewhere."""

    title: str
    url: str


def list_services(service: Service) -> Response:
    """List the services: search, filter, sort, page by page."""
    shown = service.overview.current()
    lines, query = lines_of(shown.overview), request.args
    chosen = Filter.of(query)
    key = query.get("sort", "name").removeprefix("-")
    key = key if key in _SORTED_BY else "name"
    found = _in_order(shown.overview, key, is_reversed=query.get("sort", "").startswith("-"))
    if not chosen.is_empty:
        names = line_index(shown.overview).matching(chosen)
        found = [line for line in found if line.name in names]
    part = part_of(found, query.get("page", "1"), _ON_A_PAGE)
    facets = _facets(shown.overview)
    return page(
        "services.html",
        shown=shown,
        wrong=[*unknown_values(chosen, {name: [value for value, _ in found] for name, found in facets.items()})],
        lines=part.items,
        number=len(found),
        total=len(lines),
        chosen=chosen,
        facets=facets,
        sort=query.get("sort", "name"),
        sorted_by=_SORTED_BY,
        at=part.at,
        pages=part.pages,
    )


@lru_cache(maxsize=1)
def _in_order(overview: Overview, key: str, *, is_reversed: bool) -> Sequence[ServiceLine]:
    """All services, sorted by a column."""
    lines = lines_of(overview).values()
    return sorted(lines, key=lambda line: (str(getattr(line, key)).lower(), line.name), reverse=is_reversed)


@lru_cache(maxsize=1)
def _facets(overview: Overview) -> Mapping[str, Sequence[tuple[str, int]]]:
    """The values by which services can be filtered."""
    return {name: values_of(lines_of(overview).values(), name) for name in FACETS}


def show_service(service: Service, name: str) -> Response:
    """Show one service."""
    from scenedock.model.locks import locks_of

    shown = service.overview.current()
    overview = shown.overview
    line, served = _find(overview, name)
    relations = relations_of(overview)
    row = rows_of(overview).get(line.name)
    changes, now = service.open_changes.at_hand(), datetime.now(UTC)
    releases = (
        [
            ShownRelease(
                environment or "",
                release,
                cell if release is cell.release and release.version is not None else None,
                link_to(overview, release.place) if release.path else "",
                argocd_url(service.settings.argocd_url, served.applications.get(environment or "", "")),
                *_since(overview, release),
                tuple(changes.of(release.key, release.elsewhere)),
                next(
                    iter(locks_of(overview.locks.get(release.repository, ()), release.service, environment, now)), None
                ),
            )
            for environment, cell in sorted(row.cells.items(), key=lambda each: _rank(overview, each[0]))
            for release in cell.releases
        ]
        if row
        else []
    )
    return page(
        "service.html",
        shown=shown,
        line=line,
        releases=releases,
        several=len({each.release.repository for each in releases}) > 1,
        may_change=not service.effects.code_hosts.is_empty,
        unasked={each: changes.unknown[each] for each in line.repositories if each in changes.unknown},
        needs=relations.by_source.get(line.ref, ()),
        needed_by=relations.by_target.get(line.ref, ()),
        relations=relations,
        links=[*_links(service, overview, line, served)],
        groups=groups_of(_findings(service, overview, served), overview, _MOST_IN_A_GROUP),
        entities=[(each.ref.short, write_documents([each.document])) for each in served.entities],
    )


def show_evidence(service: Service, name: str) -> Response:
    """Show what proves each fact of a service."""
    shown = service.overview.current()
    line, _ = _find(shown.overview, name)
    explained = _explaining(shown.overview, service.effects.apart.read)(line.name)
    if isinstance(explained, str):
        raise NotFoundError(explained)
    facts = [
        (fact, [(proof, link_to(shown.overview, proof.place)) for proof in fact.proofs]) for fact in explained.facts
    ]
    return page("evidence.html", line=line, facts=facts)


def show_version_history(service: Service, name: str) -> Response:
    """Show which versions a service had in its environments: since when, and by which commit and author."""
    from scenedock.usecases.releases.follow_versions import Extent, Selected, follow_served

    shown = service.overview.current()
    line, _ = _find(shown.overview, name)
    extent = Extent(VERSIONS, between=False)
    apart, helm = service.effects.apart, service.effects.helm
    deployments = apart.read(follow_served, Selected(line.name), extent, helm, apart.versions, apart.stale())
    histories = [
        (each, [(one, _commit_url(shown.overview, each.repository, one)) for one in each.versions])
        for each in deployments.histories_of(line.name)
    ]
    return page(
        "history.html", line=line, histories=histories, several=len({each.repository for each, _ in histories}) > 1
    )


def _since(overview: Overview, release: Release) -> tuple[VersionSince | None, str]:
    """Since when a version is there, and the page of the commit that brought it."""
    history = overview.deployments.histories.get(release.key)
    newest = history.newest if history else None
    return newest, _commit_url(overview, release.repository, newest)


def _commit_url(overview: Overview, repository: str, since: VersionSince | None) -> str:
    facts = overview.repositories.get(repository)
    return commit_url(facts, since.commit.id) if facts and since and since.commit else ""


@lru_cache(maxsize=1)
def _explaining(_overview: Overview, read: Callable[..., Explanation | str]) -> Callable[[str], Explanation | str]:
    """Explains services, the last ones once as long as the overview is the newest: each costs as much as an export."""
    from scenedock.usecases.catalog.explain_service import explain_served

    return lru_cache(maxsize=_MOST_EXPLAINED)(partial(read, explain_served))


def _find(overview: Overview, name: str) -> tuple[ServiceLine, ServedService]:
    lines = lines_of(overview)
    line = lines.get(name) or next(
        (each for each in lines.values() if name.lower() in {each.ref.name, each.ref.short}), None
    )
    if line is None:
        raise NotFoundError(f"there is no service {name!r}{similar(name, lines)}")
    return line, services_of(overview)[line.name]


def _rank(overview: Overview, environment: str | None) -> int:
    return overview.environments.index(environment) if environment else len(overview.environments)


def _findings(service: Service, overview: Overview, served: ServedService) -> Sequence[Finding]:
    """The findings about its folders, and those in its versions."""
    feed = service.feed.at_hand()
    releases = [each for each in overview.deployments.releases if each.service == served.name]
    in_versions = [one for each in releases for one in overview.deployments.findings.get(each.key, ())]
    folders = {(repository, path) for repository, path in served.folders if path}
    of_folders = [
        each
        for each in (feed.feed.findings if feed else ())
        if any((each.place.repository, path) in folders for path in folders_above(f"{each.place.path}/"))
    ]
    return [*of_folders, *each_once(in_versions)]


def _links(service: Service, overview: Overview, line: ServiceLine, served: ServedService) -> list[Link]:
    places = [(repository, link_to(overview, Place(repository, path))) for repository, path in served.folders]
    found = [Link(f"Folder in {repository}" if len(places) > 1 else "Folder", url) for repository, url in places if url]
    if url := backstage_url(service.settings.backstage_app_url, line.ref):
        found.append(Link("Backstage", url))
    return [*found, *_own_links(served.main)]


def _own_links(entity: Entity) -> list[Link]:
    links = [as_object(each) for each in as_list(entity.metadata.get("links"))]
    return [
        Link(as_text(each.get("title")) or as_text(each.get("url")), as_text(each.get("url")))
        for each in links
        if as_text(each.get("url"))
    ]


ROUTES: Final = (
    Route("GET", "/services", "page", list_services, PAGE),
    Route("GET", "/services/{name}", "page", show_service, PAGE),
    Route("GET", "/services/{name}/evidence", "page", show_evidence, PAGE),
    Route("GET", "/services/{name}/history", "page", show_version_history, PAGE),
)
