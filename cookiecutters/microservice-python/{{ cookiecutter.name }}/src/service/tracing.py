"""Traces by OpenTelemetry: sent where the standard variables of OpenTelemetry say, or not made at all."""

import os

from flask import Flask
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import get_current_span

from service import NAME, version

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
ASKED_BY_MACHINES = "healthz,readyz,metrics"


def trace(app: Flask, exporter: SpanExporter | None = None) -> TracerProvider | None:
    """Trace each request of an application, if there is somewhere to send traces to."""
    if exporter is None:
        if not any(os.environ.get(name) for name in ENDPOINTS):
            return None
        exporter = OTLPSpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": NAME, "service.version": version()}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    FlaskInstrumentor().instrument_app(app, excluded_urls=ASKED_BY_MACHINES, tracer_provider=provider)  # type: ignore[no-untyped-call]
    return provider


def trace_id() -> str:
    """Tell the id of the trace to which the current work belongs; empty without one."""
    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""
