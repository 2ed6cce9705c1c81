"""Results that are folders, for callers that aren't Backstage."""

from __future__ import annotations

from flask import Response

from scenedock.doors.http.routes import BASE, Answer, Route
from scenedock.doors.service import Service
from scenedock.effects.result_folders import archive


def read_folder(service: Service, name: str) -> Response:
    """Read a folder that an action made, as a gzipped tar."""
    return Response(archive(service.effects.results.folder(name)), mimetype="application/gzip")


ROUTES = (
    Route(
        "GET",
        f"{BASE}/folders/{{name}}",
        "run",
        read_folder,
        {200: Answer("The folder", None, "application/gzip")},
        parameters={"name": "Name of the folder, as the action that made it says"},
        tag="actions",
    ),
)
