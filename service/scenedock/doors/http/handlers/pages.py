"""The page for people: the services of the catalog, the findings to fix, and the actions."""

from __future__ import annotations

import base64
import hashlib
import shlex
import shutil
import sys
from functools import cache
from importlib import resources
from pathlib import Path

from flask import Response
from jinja2 import Environment, StrictUndefined, Template

from scenedock.catalog.emitting.summary import group_findings
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.runtime.settings import Settings, shown_value, variable

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
        try_one=_try_one(service.settings),
        feed_address=f"{service.settings.url}{BASE_PATH}/catalog/catalog-info.yaml",
    )
    answer = Response(text, mimetype="text/html")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
    )
    return answer


def _try_one(settings: Settings) -> str:
    """A command that runs an action.

    On a service for this machine alone it has what a person needs to paste it, beside the service: the program's path
    and the settings. On others these are nobody's business.
    """
    command = "actions run export-catalog"
    if settings.public_url or settings.listen.host not in {"127.0.0.1", "::1", "localhost"}:
        return f"scenedock {command}"
    program = Path(sys.executable).with_name("scenedock")
    on_path = shutil.which("scenedock") == str(program)
    near = program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program
    variables = {variable(name): shown_value(getattr(settings, name)) for name in ("repositories", "data")}
    shown = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items() if value)
    return f"{shown} {'scenedock' if on_path else shlex.quote(str(near))} {command}"


@cache
def _page() -> tuple[Template, str]:
    """The page's template and its style sheet."""
    folder = resources.files("scenedock.doors.http") / "page"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((folder / "index.html").read_text("utf-8"))
    return template, (folder / "style.css").read_text("utf-8")


ROUTES = (Route("GET", "/", "page", show_page, {200: Answer("The page", None, "text/html")}),)
