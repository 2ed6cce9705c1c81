"""Following the events of a task: by long polls, and as server-sent events.

Each reader holds a thread, so their number is limited, also that of one caller; a place is free again as soon as its
reader disconnects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final

from flask import Response, g, request

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.worker import has_hung_up, request_was_read
from scenedock.model.tasks.task import TaskEvent
from scenedock.runtime.service import Service
from scenedock.usecases.tasks.manage_tasks import follow_events, read_events
from scenedock.usecases.tasks.submit_task import identity

SECONDS_OF_A_POLL: Final = 30.0
_SECONDS_BETWEEN_BEATS: Final = 10.0
_BEAT: Final = ":\n\n"


def poll(service: Service, task_id: str, after: int, patience_seconds: float) -> Response:
    """The events after a number; waits if there are none yet.

    Raises
    ------
    NotFoundError    there is no such task that the caller may see
    TemporaryError   too many clients, or too many of this caller, follow tasks already
    """
    from scenedock.doors.http.documents import EventList
    from scenedock.model.tasks.documents import EventDocument

    with ExitStack() as waiting:
        if patience_seconds:
            waiting.callback(_reader(service))
        events = read_events(service.tasks.effects, g.caller, task_id, after, patience_seconds, _has_left())
    return json_answer(EventList(tuple(map(EventDocument.of, events))))


def stream(service: Service, task_id: str, after: int) -> Response:
    """The events after a number as server-sent events; the last is a completion.

    Raises
    ------
    NotFoundError    there is no such task that the caller may see
    TemporaryError   too many clients, or too many of this caller, follow tasks already
    """
    events = follow_events(service.tasks.effects, g.caller, task_id, after, _SECONDS_BETWEEN_BEATS, _has_left())
    leave = _reader(service)
    answer = Response(_lines(events), mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"  # a proxy that buffers would hold back the events until the end
    answer.call_on_close(leave)
    return answer


def _lines(events: Iterator[TaskEvent | None]) -> Iterator[str]:
    yield _BEAT  # sends the headers: the reader has its place
    for event in events:
        yield _server_sent(event) if event else _BEAT


def _server_sent(event: TaskEvent) -> str:
    from scenedock.model.tasks.documents import EventDocument

    return f"event: {event.type}\ndata: {EventDocument.of(event).model_dump_json()}\n\n"


def _has_left() -> Callable[[], bool]:
    """Tells whether the client of this request has disconnected."""
    connection = request.environ.get("gunicorn.socket")
    return lambda: connection is not None and has_hung_up(connection)


def _reader(service: Service) -> Callable[[], None]:
    """Take a place for the caller of this request; the function returns it."""
    leave = service.tasks.readers.enter(identity(g.caller))
    request_was_read()  # else the server takes the wait for a slow client, and disconnects
    return leave
