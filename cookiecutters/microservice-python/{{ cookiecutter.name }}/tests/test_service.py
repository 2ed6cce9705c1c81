"""Test the responses of the service, its metrics and its logs."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from service import NAME
from service.app import create_app
from service.logs import JsonLines


@pytest.fixture
def client() -> FlaskClient:
    return create_app().test_client()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, object]]]:
    """Collect all log lines from debug level on, as they are written."""
    written: list[dict[str, object]] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(JsonLines().format(record)))

    handler = Collector()
    logging.getLogger().addHandler(handler)
    caplog.set_level(logging.DEBUG)
    yield written
    logging.getLogger().removeHandler(handler)


def measured(client: FlaskClient) -> list[dict[str, str]]:
    """Return the labels of each series of requests."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    durations = next(family for family in families if family.name == "http_server_request_duration_seconds")
    return [sample.labels for sample in durations.samples if sample.name.endswith("_count")]


def test_it_returns_its_name_and_version(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_VERSION", "1.2.3")

    assert client.get("/").json == {"service": NAME, "version": "1.2.3"}


def test_openapi_describes_all_its_routes() -> None:
    paths = json.loads(Path(__file__).parents[1].joinpath("openapi.json").read_bytes())["paths"]
    machines = {"/healthz", "/readyz", "/metrics"}

    answered = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in create_app().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static" and rule.rule not in machines
    }

    assert {(path, method) for path, methods in paths.items() for method in methods} == answered


def test_it_is_alive_even_if_it_is_not_ready() -> None:
    client = create_app({"database": lambda: False}).test_client()

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_it_is_ready_when_every_check_passes() -> None:
    client = create_app({"database": lambda: True, "queue": lambda: True}).test_client()

    assert client.get("/readyz").status_code == 200


def test_it_names_the_checks_that_fail_or_raise() -> None:
    def unreachable() -> bool:
        raise ConnectionError

    client = create_app({"queue": lambda: False, "database": unreachable, "cache": lambda: True}).test_client()

    assert client.get("/readyz").json == {"status": "not ready", "failed": ["database", "queue"]}


def test_an_error_is_a_problem_document(client: FlaskClient) -> None:
    answer = client.post("/")

    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert json.loads(answer.text)["title"] == "Method Not Allowed"


def test_a_bug_is_logged_with_its_traceback_and_hidden_from_the_caller(lines: list[dict[str, object]]) -> None:
    app = create_app()

    @app.get("/bug")
    def bug() -> str:
        raise ZeroDivisionError("a secret detail")

    answer = app.test_client().get("/bug", headers={"X-Request-ID": "abc"})

    assert answer.status_code == 500
    assert "secret" not in answer.text
    logged = next(line for line in lines if line["level"] == "error")
    assert "ZeroDivisionError" in str(logged["exception"])
    assert logged["requestId"] == "abc"


def test_requests_are_measured_by_route(client: FlaskClient) -> None:
    client.get("/")
    client.get("/made-up/1")
    client.open("/", method="MADEUP")

    assert measured(client) == [
        {"method": "GET", "route": "/", "status": "200"},
        {"method": "GET", "route": "none", "status": "404"},
        {"method": "other", "route": "none", "status": "405"},
    ]


def test_each_request_is_one_log_line_at_debug_level_for_probes(
    client: FlaskClient, lines: list[dict[str, object]]
) -> None:
    client.get("/", headers={"X-Request-ID": "abc-1"})
    client.get("/healthz")

    ordinary, probe = lines
    assert ordinary["level"] == "info"
    assert {key: ordinary[key] for key in ("message", "method", "path", "status", "requestId")} == {
        "message": "request",
        "method": "GET",
        "path": "/",
        "status": 200,
        "requestId": "abc-1",
    }
    assert probe["level"] == "debug"


@pytest.mark.parametrize("request_id", ["", "two words", "x" * 65, "ü"])
def test_an_invalid_request_id_is_replaced(client: FlaskClient, request_id: str) -> None:
    assert len(client.get("/", headers={"X-Request-ID": request_id}).headers["X-Request-ID"]) == 32
