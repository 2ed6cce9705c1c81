"""Result folders, for callers other than Backstage."""

from __future__ import annotations

from flask import Response

from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service


def read_folder(service: Service, name: str) -> Response:
    """Read the result folder of an action, as a gzipped tar archive."""
    return Response(service.effects.results.archive(name), mimetype="application/gzip")


ROUTES = (
    Route(
        "GET",
        f"{BASE_PATH}/folders/{{name}}",
        "run",
        read_folder,
        {200: Answer("The folder", None, "application/gzip")},
        parameters={"name": "Name of the folder, from the output of the action"},
        tag="actions",
    ),
)
