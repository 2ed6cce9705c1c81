"""Actions: one file, one action. `ACTIONS`, the table of contents, is loaded when somebody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenedock.actions.table import ACTIONS

__all__ = ["ACTIONS"]


def __getattr__(name: str) -> object:
    if name != "ACTIONS":
        raise AttributeError(name)
    from scenedock.actions.table import ACTIONS

    return ACTIONS
