"""What reading a YAML document gives, or what is wrong with it; here, so that who needs no libyaml imports none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from scenedock.errors import InputError
from scenedock.model.json import Json
from scenedock.structs import dataclass

# Line and column, counted from 1.
Position: TypeAlias = tuple[int, int]

# The id of a container → a key or index in it → where that begins.
Positions: TypeAlias = Mapping[int, Mapping[str | int, Position]]


class DocumentError(InputError):
    """A file that can't be read as YAML. `line` and `column` count from 1; the message makes sense without them."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column

    def in_file(self, label: str) -> InputError:
        """The error as the user sees it: `FILE:LINE:COLUMN: …`; `label` names the file."""
        return InputError(f"{label}:{self.line or 1}:{self.column or 1}: {self}")


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """A key that occurs again in its mapping: the line of the repetition, and of the earlier key if known.

    The last one counts, as in Helm. The earlier line is known only if positions were requested.
    """

    key: str
    line: int
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """One document. Aliases of one anchor share one object of `value`; `positions` is empty unless requested."""

    value: Json
    line: int
    repeated_keys: tuple[RepeatedKey, ...]
    positions: Positions
