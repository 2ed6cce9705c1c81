"""A replica that starts on one fresh folder after another, each time at the same moment as the other one."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from ctypes import Array, c_int
from multiprocessing.connection import Connection
from pathlib import Path

from scenedock.effects.backstage.signing_keys import shared_signing_key
from scenedock.errors import ScenedockError
from scenedock.runtime.tasks.wiring import seal_of

TASK = "task"
REFUSED = "refused: "


def start_on_each(
    folders: Sequence[Path], number: int, turns: Array[c_int], results: Connection, *, hard_links: bool
) -> None:
    """Send for each folder a secret as it is sealed there, then for each the id of its signing key, or a refusal.

    `turns` counts how far both replicas are, of which this is `number` 0 or 1.
    """
    os.getpid = lambda: 7  # as in two containers
    if not hard_links:
        os.link = _unsupported
    for use in (_sealed, _kid):
        used = []
        for folder in folders:
            turns[number] += 1
            while turns[1 - number] < turns[number]:  # awake: who must be woken comes too late
                os.sched_yield()
            try:
                used.append(use(folder))
            except ScenedockError as error:
                used.append(f"{REFUSED}{error}")
        results.send(used)


def _sealed(folder: Path) -> str:
    return str(seal_of("", folder).close(TASK, {"token": "secret"}))


def _kid(folder: Path) -> str:
    return shared_signing_key(folder / "signing-key.pem").kid


def _unsupported(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
