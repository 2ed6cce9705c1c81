"""Actions: one file, one action. The tuple below is the table of contents."""

from __future__ import annotations

from scenedock.actions.effects import Effects
from scenedock.actions.export_catalog import export_catalog_action
from scenedock.actions.validate_entities import validate_entities_action
from scenedock.model.action import Action

ACTIONS: tuple[Action[Effects], ...] = (
    export_catalog_action,
    validate_entities_action,
)
