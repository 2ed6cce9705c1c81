"""Call an action for a request, and keep the connection alive until there is an output."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final

from flask import Response, g, request

from scenedock.actions.effects import Effects
from scenedock.doors.http.requests.answers import JSON, json_answer
from scenedock.errors import BUG, ScenedockError
from scenedock.model.action import Action, Context
from scenedock.model.addresses import without_credentials
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service
from scenedock.usecases.run_action import find_action

_log: Final = logging.getLogger("scenedock.http")

SECONDS_BETWEEN_BYTES: Final = 1.0
_FORWARDED: Final = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip")


def invoke(service: Service, name: str, values: JsonObject, secrets: Mapping[str, str]) -> Response:
    """Run an action by name and answer `{"output": …}`, however long it takes (decision 20).

    Raises
    ------
    NotFoundError, NotAllowedError   there is no such action, or the caller may not run it
    TemporaryError                   too many calls are running
    ScenedockError                   any error of the action; after a while, only if the client reads interim responses
    """
    from scenedock.doors.http.documents import ActionOutput

    action = find_action(service.actions, name, partial(listed_actions, service))
    service.permissions.check(g.caller, g.request_id, action, values)
    action.check(values)
    context = Context(g.caller, service.effects, request_id=g.request_id, secrets=secrets)
    call = service.calls.start(action, context, values)
    g.audited = True
    while True:
        try:
            return json_answer(ActionOutput(output=call.result(timeout=service.settings.quiet_seconds)))
        except TimeoutError:
            if call.done():  # the action itself ended with it
                raise
            if not _said_to_wait():
                return Response(kept_alive(call), mimetype=JSON)


def listed_actions(service: Service) -> Sequence[Action[Effects]]:
    """The actions that the caller may run, by name.

    Raises
    ------
    TemporaryError   Backstage must be asked who the caller's user is, and can't
    """
    return service.permissions.listed(service.actions.values(), g.caller)


def _said_to_wait() -> bool:
    """Send an interim response (103), which restarts the client's timeout; false if the client may not support it.

    node's fetch supports it, and so does Backstage; many proxies, and Python's own client, take it for the response. A
    client without a proxy in between sends `Connection: keep-alive`, a header for the next hop only, and no header of a
    forwarding proxy.
    """
    direct = request.headers.get("Connection", "").lower() == "keep-alive"
    say = request.environ.get("wsgi.early_hints")
    passed_on = request.environ["SERVER_PROTOCOL"] != "HTTP/1.1" or any(map(request.headers.get, _FORWARDED))
    if not say or not direct or passed_on or g.caller.kind != "backstage":
        return False
    try:
        say([("X-Request-Id", g.request_id)])
    except OSError:  # it has disconnected
        return False
    return True


def kept_alive(call: Future[JsonObject], seconds: float = SECONDS_BETWEEN_BYTES) -> Iterator[str]:
    """White space until there is an output, then the whole response.

    The status has already been sent, so an error can only be reported in the body. It is not JSON, because Backstage
    would take JSON without an output for a success.
    """
    from scenedock.doors.http.documents import ActionOutput

    while True:
        try:
            output = call.result(timeout=seconds)
        except TimeoutError:
            if not call.done():
                yield " "
                continue
            yield f"{BUG}: the call ended with an unexpected error"
        except ScenedockError as error:
            yield f"{error.wire_name}: {without_credentials(str(error))}"
        except Exception as error:  # noqa: BLE001 - the caller must be told of a bug, too
            _log.error("a bug", exc_info=error)
            yield f"{BUG}: the call ended with an unexpected error"
        else:
            yield ActionOutput(output=output).model_dump_json()
        return
