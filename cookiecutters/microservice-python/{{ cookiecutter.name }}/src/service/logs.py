"""Logs on standard output, with one JSON object on each line."""

import json
import logging
import os
from datetime import UTC, datetime
from typing import Any

from flask import g, has_request_context

from service.tracing import trace_id


class JsonLines(logging.Formatter):
    """A record as one line of JSON; `extra={"fields": {…}}` adds keys to it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record, with the ids of its request and its trace, and its traceback, if it has them."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if has_request_context() and "request_id" in g:
            line["requestId"] = g.request_id
        if trace := trace_id():
            line["traceId"] = trace
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


CONFIGURATION: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"},
    },
    "root": {"level": os.environ.get("LOG_LEVEL", "INFO"), "handlers": ["stdout"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "propagate": True},
{% if cookiecutter.database == 'postgresql' %}
        "alembic": {"level": "WARNING"},  # or each probe has two lines
{% endif %}
    },
}
