"""The Flask app: the table of routes, and the rules for every request."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from scenedock.doors.http import openapi
from scenedock.doors.http.handlers import (
    actions,
    approvals,
    backstage_actions,
    catalog,
    deployments,
    operations,
    results,
    scaffolder,
    tasks,
    webhooks,
)
from scenedock.doors.http.pages import actions as action_pages
from scenedock.doors.http.pages import approvals as approval_pages
from scenedock.doors.http.pages import board, delivery, findings, graph, repositories, services, sign_in, start
from scenedock.doors.http.pages import tasks as task_pages
from scenedock.doors.http.pages.errors import shown_to_people
from scenedock.doors.http.rendering import page
from scenedock.doors.http.requests.access import admit
from scenedock.doors.http.requests.answers import bug, http_refusal, refusal
from scenedock.doors.http.requests.hygiene import guard
from scenedock.doors.http.requests.rate_limits import RateLimits
from scenedock.doors.http.requests.worker import request_was_read
from scenedock.doors.http.routes import Route
from scenedock.errors import ScenedockError
from scenedock.runtime.service import Service

ROUTES: tuple[Route, ...] = (
    *start.ROUTES,
    *board.ROUTES,
    *findings.ROUTES,
    *services.ROUTES,
    *repositories.ROUTES,
    *delivery.ROUTES,
    *graph.ROUTES,
    *task_pages.ROUTES,
    *approval_pages.ROUTES,
    *action_pages.ROUTES,
    *page.ROUTES,
    *sign_in.ROUTES,
    *operations.ROUTES,
    *backstage_actions.ROUTES,
    *actions.ROUTES,
    *tasks.ROUTES,
    *approvals.ROUTES,
    *scaffolder.ROUTES,
    *catalog.ROUTES,
    *deployments.ROUTES,
    *results.ROUTES,
    *webhooks.ROUTES,
    *openapi.ROUTES,
)
_TRIES_PER_MINUTE: Final = 10
"""How often somebody at one address may try a token in the form."""


class _Rule(Rule):
    """A rule that only matches. Nobody asks for its address, so the functions that would write it aren't compiled."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: ARG002, FBT001, FBT002 - as werkzeug has it
        return _no_address


def _no_address(*_: object, **__: object) -> tuple[str, str]:
    raise NotImplementedError("our pages write addresses themselves")


def make_app(service: Service) -> Flask:
    """The app for a service. It has only the routes in the table."""
    app = Flask("scenedock", static_folder=None, template_folder=None)
    app.url_rule_class = _Rule
    # Generated once, on the first request, because it takes a while.
    app.config["OPENAPI"] = cache(lambda: openapi.openapi_document(ROUTES, list(service.actions.values())))
    app.config["MAX_CONTENT_LENGTH"] = service.settings.max_body_bytes
    limits, tries = RateLimits(service.settings.requests_per_minute), RateLimits(_TRIES_PER_MINUTE)
    for route in ROUTES:
        app.add_url_rule(
            re.sub(r"\{(\w+)\}", r"<\1>", route.path),
            route.name,
            _bound(service, limits, tries, route),
            methods=[route.method],
            provide_automatic_options=False,
        )
    guard(app, service)
    app.register_error_handler(ScenedockError, shown_to_people(service, refusal))
    app.register_error_handler(HTTPException, shown_to_people(service, http_refusal))
    app.register_error_handler(Exception, shown_to_people(service, bug))
    return app


def _bound(service: Service, limits: RateLimits, tries: RateLimits, route: Route) -> Callable[..., Response]:
    """The route's handler behind its access rule."""

    def view(**parts: Any) -> Response:
        g.caller = admit(service, limits, tries, route)
        if route.method == "POST":
            request.get_data()
        request_was_read()
        return route.handler(service, **parts)

    return view
