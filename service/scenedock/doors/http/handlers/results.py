"""Result folders, for callers other than Backstage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, g, request

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.routes import ANY_TYPE, Answer, Route
from scenedock.effects.bakes.archives import read_archive
from scenedock.errors import NotAllowedError, TemporaryError
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service

_TURNS = threading.BoundedSemaphore(2)
"""A small archive may need more than 100 MiB while it is read, so only two are read at once."""
_SECONDS_TO_WAIT = 1.0


def keep_folder(service: Service) -> Response:
    """Keep the files of an archive, the body (`.tar.gz` or `.zip`), as a result folder; equal files have one name."""
    from scenedock.doors.http.documents import ResultFolder

    if g.caller.actions:
        raise NotAllowedError(f"{g.caller.subject} is limited to some actions, and may not send folders")
    results = service.effects.results
    with _turn():
        tree = read_archive(request.get_data(cache=False, parse_form_data=False))
        name = results.keep(tree)
    files = tuple(file.path.removeprefix(f"{tree.root}/") for file in tree.files)
    return json_answer(ResultFolder(folder=name, files=files, url=results.url(name)), 201)


def read_folder(service: Service, name: str) -> Response:
    """Read the result folder of an action, as a gzipped tar archive."""
    return Response(service.effects.results.archive(name), mimetype="application/gzip")


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until fewer than two archives are being read.

    Raises
    ------
    TemporaryError   that takes too long
    """
    if not _TURNS.acquire(timeout=_SECONDS_TO_WAIT):
        raise TemporaryError("other archives are being read; try again", retry_after=5)
    try:
        yield
    finally:
        _TURNS.release()


ROUTES = (
    Route(
        "POST",
        f"{BASE_PATH}/folders",
        "run",
        keep_folder,
        {201: Answer("The folder", "ResultFolder")},
        body={"type": "string", "format": "binary"},
        body_type=ANY_TYPE,
        tag="actions",
    ),
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
