"""The gunicorn worker: threads that don't wait for slow clients, and some that answer probes only (decision 32)."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

from scenedock.model.tasks.right_of_way import RIGHT_OF_WAY
from scenedock.structs import dataclass

SECONDS_TO_SEND_A_REQUEST: Final = 15.0
SECONDS_TO_TAKE_A_PART: Final = 60
_SECONDS_OF_A_STOP: Final = 2.0
_SECONDS_FOR_A_THREAD: Final = 5.0
_LARGEST_HEAD: Final = 65_536
_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
_BUSY: Final = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
METRICS: Final = "/metrics"
_PROBES: Final = (b"GET /healthz ", b"GET /readyz ", f"GET {METRICS} ".encode())
_THREADS_FOR_PROBES: Final = 8
_PEER_IS_THERE: Final = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
"""A client whose machine is lost says nothing: its connection breaks after half a minute."""
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


@dataclass(slots=True)
class _Head:
    """What has arrived of a request, up to the end of its headers, and since when it is awaited, or waits itself."""

    data: bytes
    since: float

    @property
    def is_whole(self) -> bool:
        return b"\r\n\r\n" in self.data

    @property
    def is_short(self) -> bool:
        """Whether it goes before tasks: it only reads."""
        return self.data.startswith(b"GET ")

    @property
    def is_of_probe(self) -> bool:
        """Whether it is answered at once: a probe, without a body that we would wait for."""
        fields = self.data.lower()
        has_body = b"\r\ncontent-length:" in fields or b"\r\ntransfer-encoding:" in fields
        return self.data.startswith(_PROBES) and not has_body


class Worker(ThreadWorker):
    """gunicorn's threads, to which a request comes when its headers have arrived; probes have threads of their own.

    A request has a deadline, and so has a client that doesn't read its response. When twice as many requests as threads
    are at work, others wait for some seconds: most requests end soon, such as those of clients that have hung up. If
    there are too many connections, those that say nothing are closed first, so that new ones are accepted.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads: dict[TConn, _Head] = {}  # the oldest first
        self._waiting: dict[TConn, _Head] = {}  # requests for which there is no thread yet, the oldest first
        self._at_work = 0
        self._next_check = 0.0

    def init_process(self) -> None:
        """Start, in the process that answers."""
        self._probes = ThreadPoolExecutor(_THREADS_FOR_PROBES, "probe")
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection; there is always room for one more."""
        if self.nr_conns >= self.worker_connections - 1:
            self._make_room()
        super().accept(listener)

    def enqueue_req(self, conn: TConn) -> None:
        """Read the head of a request, and give the request to a thread when it is whole."""
        if conn not in self._heads:
            self._begin(conn)
        head = self._heads[conn]
        if not head.is_whole:
            try:
                data = conn.sock.recv(_LARGEST_HEAD, socket.MSG_DONTWAIT)
            except BlockingIOError:
                self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more, conn))
                return
            except OSError:
                data = b""
            head.data += data
            if not data:
                self._drop(conn)
                return
        if head.is_whole:
            del self._heads[conn]
            if self._is_full() and not head.is_of_probe:
                head.since = time.monotonic()
                self._waiting[conn] = head
            else:
                self._give_to_thread(conn, head)
        elif len(head.data) >= _LARGEST_HEAD:
            self._drop(conn, _HEAD_TOO_LARGE)
        else:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more, conn))

    def handle(self, conn: TConn, *, graceful: bool = True) -> Any:
        """Handle one request of a connection, in a thread, which also closes it: gracefully if it takes its time."""
        _reading[threading.get_ident()] = conn.sock, time.monotonic() + SECONDS_TO_SEND_A_REQUEST
        try:
            with RIGHT_OF_WAY.taken():
                kept = super().handle(conn)
        finally:
            request_was_read()
            RIGHT_OF_WAY.ends(conn)
        if not kept:
            with suppress(OSError):  # it is closed
                conn.close(graceful=graceful)
        return kept

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Read the next request of a connection that was kept."""
        if conn in self.keepalived_conns:  # else it has just made room for another one
            super().on_client_socket_readable(conn, client)

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Keep the connection for the next request, or forget it; a thread has closed it."""
        self._at_work -= 1
        if fs.cancelled() or fs.exception() or not fs.result():
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)
        if self._waiting and not self._is_full():
            waiting = next(iter(self._waiting))
            self._give_to_thread(waiting, self._waiting.pop(waiting))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Prepare to stop: running requests may end, but nothing waits for calls that may take an hour."""
        super().handle_exit(sig, frame)
        self.app.about_to_stop()  # type: ignore[attr-defined] # our own subclass, which gunicorn's types don't know

    def notify(self) -> None:
        """Tell gunicorn every second that we are alive, and disconnect clients that are past their deadline."""
        now = time.monotonic()
        if now < self._next_check:  # it is called twice for each request, and each time would touch a file
            return
        self._next_check = now + 1
        super().notify()
        for client, deadline in list(_reading.values()):
            if now > deadline:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
        for conn in list(self._late(now)):
            self._drop(conn)
        for conn in [conn for conn, head in self._waiting.items() if now - head.since > _SECONDS_FOR_A_THREAD]:
            self._drop(conn, _BUSY)

    def _begin(self, conn: TConn) -> None:
        """Wait for a request on a new connection, or for the next one."""
        if not conn.initialized:
            conn.init()  # without TLS it doesn't wait for the client
            with suppress(OSError):  # it has gone, which the first read tells
                _limit_waits(conn.sock)
        self._heads[conn] = _Head(_unreader(conn).take_buffered(), time.monotonic())

    def _more(self, conn: TConn, _client: socket.socket) -> None:
        if conn in self._heads:  # else it has just made room for another one
            self.poller.unregister(conn.sock)
            self.enqueue_req(conn)

    def _is_full(self) -> bool:
        return self._at_work >= 2 * int(self.cfg.threads)

    def _give_to_thread(self, conn: TConn, head: _Head) -> None:
        _unreader(conn).unread(head.data)
        is_of_probe = head.is_of_probe
        self._at_work += 1
        if head.is_short:
            RIGHT_OF_WAY.begins(conn)
        pool = self._probes if is_of_probe else self.tpool
        future = pool.submit(self.handle, conn, graceful=not is_of_probe)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _late(self, now: float) -> Iterator[TConn]:
        """The connections whose request is overdue."""
        patience = SECONDS_TO_SEND_A_REQUEST if self.alive else _SECONDS_OF_A_STOP
        for conn, head in self._heads.items():
            if now - head.since <= patience:
                return
            yield conn

    def _make_room(self) -> None:
        """Close the connection that has said nothing for longest."""
        if self._heads:
            self._drop(next(iter(self._heads)))
        elif self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self._drop(conn)

    def _drop(self, conn: TConn, answer: bytes = b"") -> None:
        """Close a connection that no thread has, after an answer if the client takes it at once."""
        self._heads.pop(conn, None)
        self._waiting.pop(conn, None)
        with suppress(KeyError, ValueError):  # it was being read
            self.poller.unregister(conn.sock)
        with suppress(OSError):
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        self.nr_conns -= 1
        conn.close()


def _limit_waits(client: socket.socket) -> None:
    """Limit how long a client may take to accept a part of a response, and how long one that is lost goes unnoticed."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SECONDS_TO_TAKE_A_PART, 0))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PEER_IS_THERE.items():
        if hasattr(socket, name):
            client.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _unreader(conn: TConn) -> Any:
    """What a connection's parser reads from, and where bytes that we have read can be put back."""
    parser: Any = conn.parser  # of HTTP/1, since HTTP/2 is off
    return parser.unreader
