"""The effects that use cases of tasks need."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.effects.tasks.engine import Engine, RemoteEngine
    from scenedock.effects.tasks.sealing import Seal
    from scenedock.effects.tasks.storage.database import Database
    from scenedock.effects.tasks.store import TaskStore
    from scenedock.effects.tasks.watch import TaskWatch


def milliseconds_now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class TaskEffects:
    """`clock` returns milliseconds since 1970; `engine` runs tasks here, or queues them for workers.

    `watch` tells callers in this process when their tasks end or rest. `rules` tells the rules about approvals of this
    process from others; empty if it has none.
    """

    database: Database
    store: TaskStore
    seal: Seal
    engine: Engine | RemoteEngine
    watch: TaskWatch
    clock: Callable[[], int] = milliseconds_now
    rules: str = ""
