"""Log lines: JSON for machines, text for people at a terminal; credentials are removed from addresses."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

from scenedock.model.addresses import without_credentials

# Input from callers can neither forge a log line nor control the terminal.
_SHOWN: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {ord("\n"): "\n  "}
_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=str)
_LEVELS: Final = {"WARNING": "warning: ", "ERROR": "error: ", "CRITICAL": "error: "}


class JsonLines(logging.Formatter):
    """A line of JSON for each record: time, level, logger, message, and its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return without_credentials(_JSON.encode(line))


class Readable(logging.Formatter):
    """The time and the message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, followed by the traceback if there is one."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        line = f"{at} {_LEVELS.get(record.levelname, '')}{record.getMessage().translate(_SHOWN)}"
        return without_credentials(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


def set_up_logs(layout: str, stream: TextIO = sys.stderr) -> None:
    """Write all log lines to a stream: as `json`, as `text`, or `auto`, which chooses."""
    if layout == "auto":
        layout = "text" if stream.isatty() else "json"
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line has them
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Readable() if layout == "text" else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("rust-sugiyama").setLevel(logging.WARNING)  # says a dozen things of each graph that it lays out
