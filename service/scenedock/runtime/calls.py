"""Calls of actions for remote callers: limited, counted, audited, each in a thread of its own."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Final, TypeAlias

from scenedock.actions.effects import Effects
from scenedock.errors import ScenedockError, TemporaryError
from scenedock.model.action import Action, Caller, Context
from scenedock.model.json import JsonObject
from scenedock.model.redaction import Redactor
from scenedock.runtime.metrics import Metrics
from scenedock.runtime.places import Places, about_to_stop
from scenedock.structs import dataclass
from scenedock.usecases.tasks.submit_task import identity

_audit: Final = logging.getLogger("scenedock.audit")

RunAction: TypeAlias = Callable[[Action[Effects], Context[Effects], JsonObject, Callable[[], object]], JsonObject]
"""Runs an action; it calls the function when the call begins to wait for something, and needs no place meanwhile."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many calls there may be: of actions that change something, of read-only ones, and with all that wait.

    A call waits for its place `seconds` at most.
    """

    writing: int
    reading: int
    all: int
    seconds: float


class Calls:
    """Runs actions with `run`, as many at once as there is room for; `hurry` limits the seconds that tasks still take.

    The action continues if its caller disconnects. Requests wait for calls, so `room.all` is less than the number of
    server threads: the list of actions can always be served. One user, or else one caller, may have half of it.

    Of equal calls without a `requestId`, the second waits for the first and has its output: a client that has lost its
    connection doesn't repeat what is still in the queue.
    """

    def __init__(
        self, room: Room, metrics: Metrics, run: RunAction, hurry: Callable[[float], None] = lambda _seconds: None
    ) -> None:
        self._room = room
        self._metrics = metrics
        self._run = run
        self._hurry = hurry
        self._writing = Places(room.writing, room.seconds)
        self._reading = Places(room.reading, room.seconds)
        self._present: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._equal: dict[str, Future[JsonObject]] = {}
        self._beginning = threading.RLock()  # a call may have ended before anybody can be told of its end
        self._threads = ThreadPoolExecutor(room.all, thread_name_prefix="call")

    def start(self, action: Action[Effects], context: Context[Effects], values: JsonObject) -> Future[JsonObject]:
        """Begin a call, let it wait for its place, or join an equal one.

        Raises
        ------
        TemporaryError   there are too many calls already, of this user or altogether
        """
        owner = identity(context.caller)
        self._admit(owner)
        try:
            call = self._begin(action, context, values)
        except RuntimeError:  # it has stopped
            self._forget(owner)
            raise about_to_stop() from None
        call.add_done_callback(lambda _call: self._forget(owner))
        return call

    def hurry(self, seconds: float) -> None:
        """Let no call wait for a place any more, and running ones only for some seconds."""
        self._writing.close()
        self._reading.close()
        self._hurry(seconds)

    def stop(self) -> None:
        """Accept no more calls; running calls end."""
        self._threads.shutdown(wait=True)

    def _admit(self, owner: str) -> None:
        with self._lock:
            mine = (self._room.all + 1) // 2
            if self._present[owner] >= mine:
                raise TemporaryError(f"{mine} calls of yours are running or waiting; try again", retry_after=5)
            if self._present.total() >= self._room.all:
                raise TemporaryError(f"{self._room.all} calls are running or waiting; try again", retry_after=5)
            self._present[owner] += 1

    def _forget(self, owner: str) -> None:
        with self._lock:
            self._present -= Counter([owner])  # forgets who has none

    def _begin(self, action: Action[Effects], context: Context[Effects], values: JsonObject) -> Future[JsonObject]:
        if action.attributes.read_only or values.get("requestId"):  # which finds its task itself
            return self._threads.submit(self._call, action, context, values)
        key = _digest(action, context.caller, values)
        with self._beginning:
            equal = self._equal.get(key)
            if equal is None or equal.done():
                call = self._equal[key] = self._threads.submit(self._call, action, context, values)
                call.add_done_callback(partial(self._end, key))
                return call
        began = time.perf_counter()
        equal.add_done_callback(lambda call: self._record(action, context, values, began, call.exception()))
        return equal

    def _end(self, key: str, call: Future[JsonObject]) -> None:
        with self._beginning:
            if self._equal.get(key) is call:
                del self._equal[key]

    def _call(self, action: Action[Effects], context: Context[Effects], values: JsonObject) -> JsonObject:
        began = time.perf_counter()
        raised: BaseException | None = None
        try:
            return self._in_place(action, context, values)
        except BaseException as error:
            raised = error
            raise
        finally:
            self._record(action, context, values, began, raised)

    def _record(
        self,
        action: Action[Effects],
        context: Context[Effects],
        values: JsonObject,
        began: float,
        error: BaseException | None,
    ) -> None:
        seconds = time.perf_counter() - began
        outcome, message = ("completed", "") if error is None else ("bug", "")
        if isinstance(error, ScenedockError):
            outcome, message = "refused", str(error)
        self._metrics.invocations.labels(action.name, outcome).inc()
        self._metrics.invocation_seconds.labels(action.name).observe(seconds)
        audit(action, context, values, outcome, message, seconds)

    def _in_place(self, action: Action[Effects], context: Context[Effects], values: JsonObject) -> JsonObject:
        places = self._reading if action.attributes.read_only else self._writing
        with ExitStack() as stack:
            with self._metrics.waiting.track_inprogress():
                leave = stack.enter_context(places.place(identity(context.caller)))
            with self._metrics.running.track_inprogress():
                return self._run(action, context, values, leave)


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


def _digest(action: Action[Effects], caller: Caller, values: JsonObject) -> str:
    """What equal calls of one caller have in common."""
    call = [action.id, caller.subject, identity(caller), values]
    return hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()
