"""Test the traces of the service."""

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

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
    arrived: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        provider = trace(app)
        assert provider
        app.test_client().get("/")
        provider.shutdown()
        server.shutdown()

    ((path, body),) = arrived
    assert path == "/v1/traces"
    assert b"GET /" in body
    assert NAME.encode() in body
