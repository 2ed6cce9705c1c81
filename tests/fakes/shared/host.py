"""A fake code host as a server on loopback, in threads of the process that tests run in."""

from __future__ import annotations

import re
import socket
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from werkzeug.wrappers import Request, Response

from tests.fakes.shared.faults import Act, DroppedError, Faults
from tests.fakes.shared.messages import Answer, Event, Noted
from tests.fakes.shared.webhooks import Webhooks, send
from tests.tools.wsgi import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(kw_only=True)
class FakeHost(ABC):
    """What every fake has: it notes each request, lets faults strike, and tells webhooks what happened."""

    webhooks: Webhooks
    url: str = ""
    calls: list[Noted] = field(default_factory=list)
    """Every request, in the order in which they came."""
    violations: list[str] = field(default_factory=list)
    """Requests that the host's description doesn't allow: an error of the client."""
    mistakes: list[str] = field(default_factory=list)
    """Answers and payloads that the host's description doesn't allow: an error of this fake."""
    faults: Faults = field(default_factory=Faults)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def called(self, requests: str = "") -> list[str]:
        """The requests, `METHOD /path`, that a regular expression matches."""
        made = [f"{each.method} {each.path}" for each in list(self.calls)]
        return [each for each in made if re.search(requests, each)]

    @abstractmethod
    def answered(self, request: Request, path: str, noted: Noted, events: list[Event]) -> Response:
        """Do what was asked, and answer; what webhooks shall tell goes into `events`."""

    @abstractmethod
    def sent(self, answer: Answer) -> Response:
        """An answer as the host sends it."""

    def payload_problems(self, event: Event) -> list[str]:  # noqa: ARG002 - not every host says what payloads look like
        """What is wrong with the payload of a webhook."""
        return []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        path = str(environ.get("REQUEST_URI", request.path)).partition("?")[0]
        events: list[Event] = []
        try:
            response = self._respond(request, path, events)
        except DroppedError:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            send(self.webhooks.prepare(events))
            # An exception of this kind is how the server is told that nobody listens any more.
            raise ConnectionAbortedError from None
        except Exception:  # noqa: BLE001 (whatever is wrong with the fake must end in the test's report)
            self.mistakes.append(f"{request.method} {path}:\n{traceback.format_exc()}")
            response = Response("the fake is broken", 500)
        deliveries = self.webhooks.prepare(events)
        response.call_on_close(lambda: send(deliveries))
        return response(environ, start_response)

    def _respond(self, request: Request, path: str, events: list[Event]) -> Response:
        noted = Noted(request.method, path, request.query_string.decode(), None)
        struck = self.faults.strike(f"{request.method} {path}")
        self.calls.append(noted)
        response = self._instead([each.before for each in struck]) or self.answered(request, path, noted, events)
        self.mistakes += [problem for event in events for problem in self.payload_problems(event)]
        response = self._instead([each.after for each in struck]) or response
        noted.status = response.status_code
        return response

    def _instead(self, acts: list[Act | None]) -> Response | None:
        for act in filter(None, acts):
            if (answer := act()) is not None:
                return self.sent(answer)
        return None


Host = TypeVar("Host", bound=FakeHost)


@contextmanager
def running(host: Host) -> Iterator[Host]:
    """A host for as long as the block runs.

    Raises
    ------
    AssertionError   at the end: a request or an answer was not as the host describes its API
    """
    with served(host) as host.url:
        yield host
    if wrong := [*host.violations, *host.mistakes]:
        raise AssertionError("not as its API is described:\n" + "\n".join(wrong))
