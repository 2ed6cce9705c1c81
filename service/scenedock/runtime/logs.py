"""Log lines: JSON for machines, text for people at a terminal; credentials are removed from addresses."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TextIO

from scenedock.model.addresses import without_credentials

# Input from callers can neither forge a log line nor control the terminal.
_SHOWN: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {ord("\n"): "\n  "}
_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=str)
_DURATION: Final = re.compile(r"\b[0-9]{1,9} ?m?s\b", re.ASCII)
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


def without_durations(why: str) -> str:
    """A reason without how long something took, which is another each time."""
    return _DURATION.sub("", why)


class Troubles:
    """What is found wrong at each of many looks: logged when it begins, when it changes, and when it is over."""

    def __init__(self, log: logging.Logger, level: int = logging.ERROR) -> None:
        self._log = log
        self._level = level
        self._said: dict[str, str] = {}

    def note(self, found: Mapping[str, str]) -> None:
        """Log what is new in all that is wrong now, with the reason of each, which may be empty."""
        for what, why in found.items():
            if without_durations(why) != self._said.get(what):
                self._log.log(self._level, "%s", f"{what}: {why}" if why else what)
        for what in sorted(self._said.keys() - found.keys()):
            self._log.info("over: %s", what)
        self._said = {what: without_durations(why) for what, why in found.items()}


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
