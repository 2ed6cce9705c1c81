"""The effects of actions without a service: what they keep is in the database of their data folder."""

from __future__ import annotations

from functools import cache

from scenedock.actions.effects import Effects
from scenedock.effects.tasks.effects import TaskEffects
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.settings import task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.wiring import open_effects


def effects_with(settings: Settings) -> Effects:
    """The effects that these settings describe; the database is opened when it is needed."""

    @cache
    def opened() -> TaskEffects:
        return open_tasks(task_settings(settings), [], None, "web").effects

    return open_effects(settings, opened)
