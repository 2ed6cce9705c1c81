"""Call an action for a request, and keep the connection alive until it has an output."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Final

from flask import Response, g

from scenedock.doors.http.answers import JSON, json_answer, json_text, wire_name
from scenedock.doors.service import Service
from scenedock.errors import ScenedockError
from scenedock.model.action import Context
from scenedock.model.json import JsonObject
from scenedock.usecases.run_action import find_action

_log: Final = logging.getLogger("scenedock.http")

SECONDS_WITHOUT_HEADERS: Final = 25.0
"""Until then a refusal still has a status of its own; Backstage hangs up after 300 s, proxies often after 60."""
SECONDS_BETWEEN_BYTES: Final = 1.0


def invoke(service: Service, name: str, given: JsonObject, secrets: Mapping[str, str]) -> Response:
    """Run an action by name and answer `{"output": …}`.

    Raises
    ------
    NotFoundError, NotAllowedError   there is no such action, or the caller may not run it
    TemporaryError                   too many calls run
    ScenedockError                   whatever the action refuses in the first seconds
    """
    found = find_action(service.actions, name, g.caller)
    found.check(given)
    context = Context(g.caller, service.effects, request_id=g.request_id, secrets=secrets)
    call = service.calls.start(found, context, given)
    g.audited = True
    try:
        return json_answer({"output": call.result(timeout=SECONDS_WITHOUT_HEADERS)})
    except TimeoutError:
        if call.done():  # the action itself ended with it
            raise
        return Response(kept_alive(call), mimetype=JSON)


def kept_alive(call: Future[JsonObject], seconds: float = SECONDS_BETWEEN_BYTES) -> Iterator[str]:
    """White space until there is an output, then the whole answer.

    The status is sent by then, so a refusal can only be told in the body: it is no JSON, because JSON without an output
    would be a success to Backstage.
    """
    while True:
        try:
            made = call.result(timeout=seconds)
        except TimeoutError:
            if not call.done():
                yield " "
                continue
            yield "Error: the call ended with an unexpected error"
        except ScenedockError as error:
            yield f"{wire_name(error)}: {error}"
        except Exception as error:  # noqa: BLE001 - of a bug, too, the caller must learn
            _log.error("a bug", exc_info=error)
            yield "Error: the call ended with an unexpected error"
        else:
            yield json_text({"output": made})
        return
