"""A way to a server that can fall silent, as when a machine has lost its power: nothing arrives, nothing is closed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MOST_BYTES = 65_536


class SilentProxy:
    """Passes connections on to a server at a socket of this machine, as long as it isn't silent."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._speaks = threading.Event()
        self._speaks.set()
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 at which it listens."""
        return int(self._listening.getsockname()[1])

    def fall_silent(self) -> None:
        """Pass nothing on, from now on; who sends is not told, and neither is who waits."""
        self._speaks.clear()

    def speak(self) -> None:
        """Pass on what was held back, and all that follows."""
        self._speaks.set()

    def close(self) -> None:
        """Break all connections."""
        self._speaks.set()
        for each in (self._listening, *self._ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client = self._listening.accept()[0]
                self._ends.append(client)
                self._speaks.wait()
                server = socket.socket(socket.AF_UNIX)
                self._ends.append(server)
                server.connect(str(self._server))
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_MOST_BYTES):
                self._speaks.wait()
                target.sendall(data)
            self._speaks.wait()
            target.shutdown(socket.SHUT_WR)


@contextmanager
def silent_proxy(server: Path) -> Iterator[SilentProxy]:
    """A proxy, closed at the end."""
    proxy = SilentProxy(server)
    try:
        yield proxy
    finally:
        proxy.close()
