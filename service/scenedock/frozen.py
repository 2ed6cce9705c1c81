"""Dataclasses that are frozen for mypy, and cost no more than others when the program runs.

Python guards a frozen dataclass at every assignment, also at those by which it is made: then making one takes three
times as long, and defining it twice. mypy, which checks all our code, sees the ordinary decorator here, and refuses to
assign to what is frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(kind=None, /, *, frozen=False, eq=True, **settings):
        """As `dataclasses.dataclass`: what is frozen has a hash, but isn't guarded."""
        return dataclasses.dataclass(kind, eq=eq, unsafe_hash=frozen and eq, **settings)
