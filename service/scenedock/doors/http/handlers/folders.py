"""Result folders, and the board, with the routes of a Gitea repository, so that Backstage can fetch them.

Backstage reads trees only from hosts for which it has an integration. Of all integrations, Gitea's needs the fewest
routes: three. They have a port of their own, because an integration applies to a host with its port, and Backstage
would send other requests there, too. The address of a folder is signed and expires; anyone who has it may read that one
folder. The board has a lasting address, if it is switched on, for TechDocs.
"""

from __future__ import annotations

import base64

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from scenedock.doors.http.requests.answers import bug, http_refusal, plain_answer, refusal
from scenedock.doors.http.requests.hygiene import guard
from scenedock.doors.http.requests.rate_limits import RateLimits
from scenedock.effects.bakes.result_folders import OWNER, archive_of, name_of
from scenedock.errors import NotFoundError, ScenedockError
from scenedock.runtime.service import Service
from scenedock.runtime.settings import BOARD, BOARD_BRANCH
from scenedock.skeletons.rendering.output import BakedTree

_REPOSITORY = "/api/v1/repos/<owner>/<name>"
_GZIP = "application/gzip"


def make_folders_app(service: Service) -> Flask:
    """The app that serves result folders, and nothing else."""
    app = Flask("scenedock-folders", static_folder=None, template_folder=None)
    results = service.effects.results
    limits = RateLimits(service.settings.requests_per_minute)

    def board_or_check(owner: str, name: str, ref: str) -> BakedTree | None:
        """The board, if it is asked for; None where the address is that of a result folder."""
        limits.take(f"address:{request.remote_addr}")
        if service.settings.board_owner and (f"{owner}/{name}", ref) == (BOARD, BOARD_BRANCH):
            from scenedock.doors.http.rendering.board_tree import board_tree

            return board_tree(service.overview.current().overview, service.settings.pages_url)
        if owner != OWNER:
            raise NotFoundError("there is no such folder")
        results.check(name, ref)
        return None

    def read_commit(owner: str, name: str, ref: str) -> Response:
        """Return the commit of a reference: the name of a folder's content, which for a result never changes."""
        board = board_or_check(owner, name, ref)
        return plain_answer({"sha": name_of(board) if board else name})

    def read_archive(owner: str, name: str, ref: str) -> Response:
        """Send the whole folder."""
        board = board_or_check(owner, name, ref)
        return Response(archive_of(board, name) if board else results.archive(name), mimetype=_GZIP)

    def read_contents(owner: str, name: str, path: str) -> Response:
        """Send one file."""
        board = board_or_check(owner, name, request.args.get("ref", ""))
        data = _read(board, path) if board else results.read_below(name, path)
        return plain_answer({"path": path, "encoding": "base64", "content": base64.b64encode(data).decode()})

    app.add_url_rule(f"{_REPOSITORY}/git/commits/<ref>", "read_commit", read_commit)
    app.add_url_rule(f"{_REPOSITORY}/archive/<ref>.tar.gz", "read_archive", read_archive)
    app.add_url_rule(f"{_REPOSITORY}/contents/<path:path>", "read_contents", read_contents)
    guard(app, service)
    app.register_error_handler(ScenedockError, refusal)
    app.register_error_handler(HTTPException, http_refusal)
    app.register_error_handler(Exception, bug)
    return app


def _read(tree: BakedTree, path: str) -> bytes:
    for file in tree.files:
        if file.path == f"{tree.root}/{path}":
            return file.content
    raise NotFoundError(f"the folder has no file {path!r}")
