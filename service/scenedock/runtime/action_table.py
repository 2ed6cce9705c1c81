"""Actions by name, for those who don't need them yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

from scenedock.model.action import Action

E = TypeVar("E")


class ActionTable(Mapping[str, Action[E]]):
    """Actions by name; they are loaded when somebody looks for one, because each makes models."""

    def __init__(self, load: Callable[[], Iterable[Action[E]]]) -> None:
        self._load = load

    @cached_property
    def _by_name(self) -> Mapping[str, Action[E]]:
        return {each.name: each for each in self._load()}

    def __getitem__(self, name: str) -> Action[E]:
        """The action of a name."""
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of the table of contents."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_name)
