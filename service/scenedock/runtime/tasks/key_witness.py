"""Tells the database which keys this process has, so that `scenedock doctor` finds replicas that have others."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from scenedock.effects.tasks.storage.key_table import ALIVE_SECONDS, KeyTable, ProcessKey
from scenedock.errors import ScenedockError
from scenedock.runtime.logs import Troubles

_log: Final = logging.getLogger("scenedock.keys")


class KeyWitness:
    """Records `keys` under a name for this process, now and again; without a `table`, there are no replicas."""

    def __init__(self, table: KeyTable | None, keys: Sequence[ProcessKey], role: str) -> None:
        self._table = table
        self._keys = keys
        self._role = role
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key-witness", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        if self._table:
            self._thread.start()

    def stop(self) -> None:
        """Record no more, and have the database forget this process."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(1)

    def _run(self) -> None:
        if self._table is None:
            return
        process = f"{self._role} {socket.gethostname()}-{os.getpid()}"  # here, as the server forks before it starts
        troubles = Troubles(_log, logging.WARNING)
        while not self._stopped.is_set():
            failure: dict[str, str] = {}
            try:
                self._table.record([each.named(process) for each in self._keys])
            except ScenedockError as error:
                failure = {"which keys this process has can't be recorded": str(error)}
            troubles.note(failure)
            self._stopped.wait(ALIVE_SECONDS / 3)
        with suppress(ScenedockError):
            self._table.forget(process)
        self._table.close()
