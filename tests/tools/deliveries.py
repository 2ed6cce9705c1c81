"""Word from outside, as a webhook brings it."""

from __future__ import annotations

import uuid

from scenedock.effects.tasks.deliveries import receive
from scenedock.effects.tasks.effects import TaskEffects


def deliver(effects: TaskEffects, key: str) -> int:
    """Let a new delivery tell what tasks wait for; how many were woken."""
    woken = receive(effects.database, [str(uuid.uuid4())], [key], effects.clock())
    assert woken is not None
    return woken
