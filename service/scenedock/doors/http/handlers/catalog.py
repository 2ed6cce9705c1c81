"""The catalog over HTTP: the feed for Backstage, and the findings of the export."""

from __future__ import annotations

from flask import Response, request

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.bodies import json_body
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service

_YAML = "application/yaml"
_SECONDS_TO_CACHE = 10


def read_feed_file(service: Service, name: str) -> Response:
    """Read a file of the catalog feed; start with `catalog-info.yaml`."""
    file = service.feed.served_file(name)
    if request.if_none_match.contains_weak(file.etag):
        answer = Response(status=304)
    elif request.accept_encodings.quality("gzip") > 0:
        answer = Response(file.gzipped, mimetype=_YAML)
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer = Response(file.data, mimetype=_YAML)
    answer.set_etag(file.etag, weak=True)
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = f"private, max-age={_SECONDS_TO_CACHE}"
    return answer


def read_findings(service: Service) -> Response:
    """Read the findings of the catalog: what to fix, and where."""
    from scenedock.actions.catalog.findings import CoverageOutput, FindingOutput
    from scenedock.doors.http.documents import EntityCounts, FindingsReport
    from scenedock.model.json_documents import timestamp

    served = service.feed.current()
    report = FindingsReport(
        checked_at=timestamp(round(served.checked * 1_000)),
        entities=EntityCounts(total=served.feed.entities, by_kind=served.feed.by_kind),
        coverage=tuple(map(CoverageOutput.of, served.feed.coverage)),
        findings=tuple(map(FindingOutput.of, served.feed.findings)),
    )
    return json_answer(report)


def explain_service(service: Service, name: str) -> Response:
    """Explain what the catalog says of a service, as its repositories are now: the line that proves each fact."""
    from scenedock.actions.catalog.explanations import ExplanationOutput
    from scenedock.usecases.catalog.explain_service import explain_served

    explained = service.effects.apart.read(explain_served, name)
    if isinstance(explained, str):
        raise NotFoundError(explained)
    return json_answer(ExplanationOutput.of(explained))


def refresh_catalog(service: Service) -> Response:
    """Check the repositories for changes now; the response doesn't wait for the result."""
    from scenedock.doors.http.documents import Refreshing

    service.feed.want()
    return json_answer(Refreshing(refreshing=True), 202)


def accept_catalog(service: Service) -> Response:
    """Accept once what is refused: entities that would vanish, of one `repository` or, without a name, of all."""
    from scenedock.doors.http.documents import Accepted
    from scenedock.usecases.catalog.accept_catalog import accept_catalog as accept_in

    repository = json_body().get("repository", "")
    if not isinstance(repository, str):
        raise InputError("`repository` must be the name of a repository, or be left out")
    accepted = accept_in(service.feed.kept.store, repository)
    service.feed.want()
    return json_answer(Accepted(accepted=accepted))


ROUTES = (
    Route(
        "GET",
        f"{BASE_PATH}/findings",
        "read",
        read_findings,
        {200: Answer("The report", "FindingsReport")},
        tag="catalog",
    ),
    Route(
        "GET",
        f"{BASE_PATH}/services/{{name}}/explanation",
        "read",
        explain_service,
        {200: Answer("The explanation", "ExplanationOutput"), 404: Answer("There is no such service", "ErrorBody")},
        parameters={"name": "Name of the service, or of its Component"},
        tag="catalog",
    ),
    Route(
        "POST",
        f"{BASE_PATH}/catalog/refresh",
        "run",
        refresh_catalog,
        {202: Answer("The repositories will be checked", "Refreshing")},
        tag="catalog",
    ),
    Route(
        "POST",
        f"{BASE_PATH}/catalog/accept",
        "admin",
        accept_catalog,
        {200: Answer("What was accepted", "Accepted"), 404: Answer("There is no such repository", "ErrorBody")},
        {"type": "object", "properties": {"repository": {"type": "string"}}},
        tag="catalog",
    ),
    Route(
        "GET",
        f"{BASE_PATH}/catalog/{{name}}",
        "feed",
        read_feed_file,
        {200: Answer("Entities", None, _YAML), 304: Answer("The caller's file is up to date")},
        parameters={"name": "Name of the file, `catalog-info.yaml` or one that it lists"},
        headers={"If-None-Match": {"type": "string", "description": "The `ETag` of the file that the caller has"}},
        tag="catalog",
    ),
)
