"""Result folders with the routes of a Gitea repository, so that `fetch:plain` can fetch them.

Backstage reads trees only from hosts for which it has an integration. Of all integrations, Gitea's needs the fewest
routes: three. They have a port of their own, because an integration applies to a host with its port, and Backstage
would send other requests there, too. The address is signed and expires; anyone who has it may read that one folder.
"""

from __future__ import annotations

import base64

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from scenedock.doors.http.requests.answers import bug, http_refusal, json_answer, refusal
from scenedock.doors.http.requests.hygiene import guard
from scenedock.doors.http.requests.rate_limits import RateLimits
from scenedock.effects.bakes.result_folders import OWNER
from scenedock.errors import NotFoundError, ScenedockError
from scenedock.runtime.service import Service

_REPOSITORY = "/api/v1/repos/<owner>/<name>"
_GZIP = "application/gzip"


def make_folders_app(service: Service) -> Flask:
    """The app that serves result folders, and nothing else."""
    app = Flask("scenedock-folders", static_folder=None, template_folder=None)
    results = service.effects.results
    limits = RateLimits(service.settings.requests_per_minute)

    def check(owner: str, name: str, ref: str) -> None:
        limits.take(f"address:{request.remote_addr}")
        if owner != OWNER:
            raise NotFoundError("there is no such folder")
        results.check(name, ref)

    def read_commit(owner: str, name: str, ref: str) -> Response:
        """Return the commit of a reference: a folder never changes, so that is its name."""
        check(owner, name, ref)
        return json_answer({"sha": name})

    def read_archive(owner: str, name: str, ref: str) -> Response:
        """Send the whole folder."""
        check(owner, name, ref)
        return Response(results.archive(name), mimetype=_GZIP)

    def read_contents(owner: str, name: str, path: str) -> Response:
        """Send one file."""
        check(owner, name, request.args.get("ref", ""))
        data = results.read_below(name, path)
        return json_answer({"path": path, "encoding": "base64", "content": base64.b64encode(data).decode()})

    app.add_url_rule(f"{_REPOSITORY}/git/commits/<ref>", "read_commit", read_commit)
    app.add_url_rule(f"{_REPOSITORY}/archive/<ref>.tar.gz", "read_archive", read_archive)
    app.add_url_rule(f"{_REPOSITORY}/contents/<path:path>", "read_contents", read_contents)
    guard(app, service)
    app.register_error_handler(ScenedockError, refusal)
    app.register_error_handler(HTTPException, http_refusal)
    app.register_error_handler(Exception, bug)
    return app
