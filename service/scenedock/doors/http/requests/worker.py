"""The gunicorn worker: threads that don't wait forever for a client that sends its request slowly."""

from __future__ import annotations

import socket
import struct
import threading
import time
from types import FrameType
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

SECONDS_TO_SEND_A_REQUEST: Final = 15.0
SECONDS_TO_TAKE_A_PART: Final = 60
_reading: dict[int, tuple[socket.socket, float]] = {}
"""The connections whose request is still being read, by thread, with the deadline for each."""


def request_was_read() -> None:
    """Note that the request of this thread was read completely: from now on the time is ours."""
    _reading.pop(threading.get_ident(), None)


def has_hung_up(connection: socket.socket) -> bool:
    """Whether the client of a request that was read has closed the connection; consumes nothing of what it sent."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class Worker(ThreadWorker):
    """gunicorn's threads, with a deadline for requests and one for clients that don't read their responses."""

    def handle(self, conn: TConn) -> Any:
        """Handle one request of a connection, in a thread of the pool."""
        _reading[threading.get_ident()] = conn.sock, time.monotonic() + SECONDS_TO_SEND_A_REQUEST
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SECONDS_TO_TAKE_A_PART, 0))
        try:
            return super().handle(conn)
        finally:
            request_was_read()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Prepare to stop: running requests may end, but nothing waits for calls that may take an hour."""
        super().handle_exit(sig, frame)
        self.app.about_to_stop()  # type: ignore[attr-defined] # our own subclass, which gunicorn's types don't know

    def notify(self) -> None:
        """Tell gunicorn every second that we are alive, and disconnect clients that are past their deadline."""
        super().notify()
        now = time.monotonic()
        for client, deadline in list(_reading.values()):
            if now > deadline:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
