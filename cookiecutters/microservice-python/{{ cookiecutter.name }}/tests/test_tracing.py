"""Test the traces of the service."""

import json
import logging

import pytest
from flask import Flask
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service import NAME
from service.app import create_app
from service.logs import JsonLines
from service.tracing import ENDPOINTS, trace

RECORD = logging.LogRecord("test", logging.INFO, __file__, 1, "inside", None, None)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    return create_app()


def test_a_request_is_a_span_and_its_log_lines_have_its_id(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_VERSION", "1.2.3")
    spans, lines = InMemorySpanExporter(), []

    @app.get("/traced/<name>")
    def traced(name: str) -> str:
        lines.append(json.loads(JsonLines().format(RECORD)))
        return name

    provider = trace(app, spans)
    assert provider
    caller = "0af7651916cd43dd8448eb211c80319c"
    app.test_client().get("/traced/x", headers={"traceparent": f"00-{caller}-b7ad6b7169203331-01"})
    app.test_client().get("/healthz")
    provider.shutdown()

    (span,) = spans.get_finished_spans()
    assert span.name == "GET /traced/<name>"
    assert {key: span.resource.attributes[f"service.{key}"] for key in ("name", "version")} == {
        "name": NAME,
        "version": "1.2.3",
    }
    assert [line["traceId"] for line in lines] == [caller]


def test_nothing_is_traced_without_somewhere_to_send_it(app: Flask) -> None:
    assert trace(app) is None
    assert "traceId" not in json.loads(JsonLines().format(RECORD))


def test_traces_are_sent_where_the_variables_of_opentelemetry_say(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")

    provider = trace(app)

    assert provider
    provider.shutdown()
