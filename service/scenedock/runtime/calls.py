"""Calls of actions for remote callers: limited, counted, audited, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeAlias

from scenedock.actions.effects import Effects
from scenedock.errors import ScenedockError, TemporaryError
from scenedock.model.action import Action, Context
from scenedock.model.json import JsonObject
from scenedock.model.redaction import Redactor
from scenedock.runtime.metrics import Metrics

_audit: Final = logging.getLogger("scenedock.audit")

RunAction: TypeAlias = Callable[[Action[Effects], Context[Effects], JsonObject], JsonObject]


class Calls:
    """Runs actions with `run`, at most `most` of them at once; `hurry` limits the seconds that it may still take.

    The action continues if its caller disconnects. Requests wait for calls, so `most` is less than the number of server
    threads: the list of actions can always be served.
    """

    def __init__(
        self, most: int, metrics: Metrics, run: RunAction, hurry: Callable[[float], None] = lambda _seconds: None
    ) -> None:
        self.hurry = hurry
        self._most = most
        self._metrics = metrics
        self._run = run
        self._free = threading.BoundedSemaphore(most)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="call")

    def start(self, action: Action[Effects], context: Context[Effects], values: JsonObject) -> Future[JsonObject]:
        """Begin a call.

        Raises
        ------
        TemporaryError   too many calls are running
        """
        if not self._free.acquire(blocking=False):
            raise TemporaryError(f"{self._most} calls are running, which is the maximum; try again", retry_after=2)
        try:
            return self._threads.submit(self._call, action, context, values)
        except RuntimeError:  # it has stopped
            self._free.release()
            raise TemporaryError("the service is about to stop; try again", retry_after=5) from None

    def stop(self) -> None:
        """Accept no more calls; running calls end."""
        self._threads.shutdown(wait=True)

    def _call(self, action: Action[Effects], context: Context[Effects], values: JsonObject) -> JsonObject:
        began = time.perf_counter()
        outcome, message = "bug", ""
        self._metrics.running.inc()
        try:
            output = self._run(action, context, values)
            outcome = "completed"
        except ScenedockError as error:
            outcome, message = "refused", str(error)
            raise
        finally:
            seconds = time.perf_counter() - began
            self._free.release()
            self._metrics.running.dec()
            self._metrics.invocations.labels(action.name, outcome).inc()
            self._metrics.invocation_seconds.labels(action.name).observe(seconds)
            audit(action, context, values, outcome, message, seconds)
        return output


def audit(
    action: Action[Effects], context: Context[Effects], values: JsonObject, outcome: str, message: str, seconds: float
) -> None:
    """Log who called which action on whose behalf, the input (without sensitive values), and the outcome."""
    caller = context.caller
    redactor = Redactor(context.secrets.values())
    message = redactor.text(message)
    facts = {
        "caller": caller.subject,
        "user": caller.user,
        "action": action.id,
        "input": redactor.json(action.redacted(values)),
        "outcome": outcome,
        "seconds": round(seconds, 4),
        "request_id": context.request_id,
    }
    if message:
        facts["message"] = message
    _audit.info("%s ran %s: %s", caller.user or caller.subject, action.id, message or outcome, extra={"facts": facts})
