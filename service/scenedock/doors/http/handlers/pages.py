"""The page for people: the services of the catalog, the findings to fix, and the actions."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from flask import Response
from jinja2 import Environment, StrictUndefined, Template

from scenedock.catalog.emitting.summary import group_findings
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service

_MOST_LINES = 500


def show_page(service: Service) -> Response:
    """Show the catalog, its findings and the actions as a page."""
    served = service.feed.at_hand()
    template, style = _page()
    text = template.render(
        style=style,
        base=BASE_PATH,
        feed=served.feed if served else None,
        findings=group_findings(served.feed.findings) if served else [],
        most=_MOST_LINES,
        actions=[service.actions[name] for name in sorted(service.actions)],
        feed_address=f"{service.settings.url}{BASE_PATH}/catalog/catalog-info.yaml",
    )
    answer = Response(text, mimetype="text/html")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
    )
    return answer


@cache
def _page() -> tuple[Template, str]:
    """The page's template and its style sheet."""
    folder = resources.files("scenedock.doors.http") / "page"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((folder / "index.html").read_text("utf-8"))
    return template, (folder / "style.css").read_text("utf-8")


ROUTES = (Route("GET", "/", "feed", show_page, {200: Answer("The page", None, "text/html")}, browser=True),)
