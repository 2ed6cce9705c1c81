"""The application and its routes."""

from collections.abc import Mapping

from flask import Flask, Response, json
from werkzeug.exceptions import HTTPException

from service import NAME, version
{% if cookiecutter.database == 'postgresql' %}
from service.database import connect
from service.migrate import is_migrated
{% endif %}
from service.observed import Metrics, observe
from service.probes import Check, probes
from service.tracing import trace


def create_app(checks: Mapping[str, Check] | None = None) -> Flask:
    """Build the application.

    `checks` tell by name whether what it depends on works, e.g. a database. /readyz runs them all.
    """
    app = Flask(NAME)
    trace(app)
    observe(app, Metrics())
{% if cookiecutter.database == 'postgresql' %}
    database = connect()
    app.extensions["database"] = database
    checks = {"database": lambda: is_migrated(database), **(checks or {})}
{% endif %}
    app.register_blueprint(probes(checks or {}))
    app.register_error_handler(HTTPException, problem)

    @app.get("/")
    def index() -> dict[str, str]:
        return {"service": NAME, "version": version()}

    return app


def problem(error: HTTPException) -> Response:
    """Report an error as `application/problem+json` (RFC 9457)."""
    response = Response(headers=error.get_headers())
    response.status_code = error.code or 500
    response.data = json.dumps({"status": response.status_code, "title": error.name, "detail": error.description})
    response.content_type = "application/problem+json"
    return response
