"""The start page: what to fix, what is degraded, who is behind, and how much there is."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

from flask import Response

from scenedock.doors.http.pages.findings import all_findings, groups_of, why_incomplete
from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.rendering.service_lines import lags_in
from scenedock.doors.http.routes import Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.runtime.settings import Settings, shown_value, variable

_MOST_IN_A_GROUP: Final = 10


def show_page(service: Service) -> Response:
    """Show the start page: what to fix, what is degraded, who is behind, and how much there is."""
    served = service.feed.at_hand()
    shown = service.overview.at_hand() if served else None
    overview = shown.overview if shown else None
    return page(
        "start.html",
        feed=served.feed if served else None,
        problem=service.feed.problem,
        checked=service.feed.repositories.all_seen(),
        incomplete=why_incomplete(service, shown),
        groups=groups_of(all_findings(served.feed.findings, overview), overview, _MOST_IN_A_GROUP) if served else [],
        overview=overview,
        lags=lags_in(overview) if overview else [],
        nobody_signs_in=not service.sign_in.can_be_chosen and not service.sign_in.knows_people,
        try_one=_try_one(service.settings),
        feed_address=f"{service.settings.url}{BASE_PATH}/catalog/catalog-info.yaml",
    )


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
    variables = {
        variable("repositories"): shown_value(settings.repositories),
        variable("data"): str(settings.data.resolve()),
    }
    shown = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items() if value)
    return f"{shown} {'scenedock' if on_path else shlex.quote(str(near))} {command}"


ROUTES: Final = (Route("GET", "/", "page", show_page, PAGE),)
