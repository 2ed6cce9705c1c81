"""Connections over https that can be ended while they wait, however slowly the other side says something."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

import urllib3
from urllib3.connection import HTTPSConnection

from scenedock.effects.network.connections import Connections


class EndingPool:
    """Connections of one thread. A timeout of a socket begins again with each byte; these end for good."""

    def __init__(self) -> None:
        connections: WeakSet[HTTPSConnection] = WeakSet()

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                connections.add(self)  # before it connects: its handshake may be slow, too
                super().connect()

        class Pool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Connection

        self._connections = connections
        self.manager = Connections(retries=False)
        self.manager.pool_classes_by_scheme = {"https": Pool}

    @contextmanager
    def ending_after(self, seconds: float) -> Iterator[None]:
        """End all connections that are still in use after so many seconds: who waits for one gets an error."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _end(self) -> None:
        for connection in list(self._connections):
            if connection.sock is not None:
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    # Not TLS's own end: that would be another thread's conversation.
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
