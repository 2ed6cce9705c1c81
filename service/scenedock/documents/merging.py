"""How Helm merges values files."""

from __future__ import annotations

from scenedock.model.json import JsonObject


def merge_values(base: JsonObject, overlay: JsonObject) -> JsonObject:
    """Helm's merge of one values file over another: maps merge, `null` removes a key, anything else replaces."""
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(below, dict):
            merged[key] = merge_values(below, value)
        else:
            merged[key] = value
    return merged
