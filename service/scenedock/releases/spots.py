"""Where a version is written, so that it can be changed there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

from scenedock.releases.images import Keys
from scenedock.structs import dataclass

_Answer = TypeVar("_Answer")

Form: TypeAlias = Literal["yaml", "env", "text"]
"""A document of YAML; variables for a shell, of which the only key names one; a file with the version alone."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The value at `keys` in a document of a file, numbered from 1; where that is a text of YAML, at `inner` in it."""

    keys: Keys
    document: int = 1
    inner: Keys | None = None
    form: Form = "yaml"

    def below(self, keys: Keys) -> Spot:
        """What is at some keys of the value here."""
        if self.inner is None:
            return Spot((*self.keys, *keys), self.document)
        return Spot(self.keys, self.document, (*self.inner, *keys))


SpotOf: TypeAlias = Callable[[Keys], Spot | None]
"""Where a path of values is written; None where that is nowhere alone."""


def always(answer: _Answer, _keys: Keys) -> _Answer:
    """The same answer for all keys: a line, or a spot, of what is written in one place."""
    return answer


def nowhere(_keys: Keys) -> Spot | None:
    """What several files make together is written nowhere."""
    return None
