"""What differs between two descriptions of one entity, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scenedock.model.json import Json, JsonObject
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; `before` or `after` is None where the field isn't there. Lists are compared whole."""

    path: tuple[str, ...]
    before: Json
    after: Json

    def __str__(self) -> str:
        """`spec.owner: payments → storefront`; of lists only what was added and removed."""
        name = ".".join(self.path)
        before, after = _words(self.before), _words(self.after)
        if before is None or after is None:
            return f"{name}: {_short(self.before)} → {_short(self.after)}"
        gone = [f"-{word}" for word in before if word not in after]
        come = [f"+{word}" for word in after if word not in before]
        return f"{name}: {' '.join(gone + come) or 'order changed'}"


def differences(before: JsonObject, after: JsonObject) -> list[FieldChange]:
    """The fields that differ, in the order of `after`, then those that only `before` has."""
    return list(_differences((), before, after))


def _differences(path: tuple[str, ...], before: JsonObject, after: JsonObject) -> Iterator[FieldChange]:
    for key in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences((*path, key), old, new)
        elif old != new:
            yield FieldChange((*path, key), old, new)


def _words(value: Json) -> list[str] | None:
    """A list of mere words, empty for nothing; None for anything else."""
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, Sequence):
        return None
    words = [item for item in value if isinstance(item, str)]
    return words if len(words) == len(value) else None


def _short(value: Json) -> str:
    """A value on one line: a whole API definition is not repeated."""
    match value:
        case None:
            return "nothing"
        case str() if len(value) > 120 or "\n" in value:
            return f"a text of {len(value):,} characters"
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case Mapping():
            return f"{len(value)} fields" if value else "{}"
        case _:
            return f"a list of {len(value)}"
