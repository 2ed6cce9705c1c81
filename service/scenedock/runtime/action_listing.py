"""Actions by name, and the lists of them for Backstage."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeVar

from scenedock.model.action import Action

_MOST_LISTS: Final = 100

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


class BackstageLists:
    """The lists for Backstage, as JSON.

    Every step of every Template in Backstage waits for its list, so each is generated only once; callers with the same
    actions share it.
    """

    def __init__(self) -> None:
        self._by_names: dict[tuple[str, ...], bytes] = {}
        self._lock = threading.Lock()

    def of(self, actions: Sequence[Action[E]]) -> bytes:
        """The list of these actions."""
        names = tuple(each.name for each in actions)
        held = self._by_names.get(names)
        if held is None:
            with self._lock:  # the first list makes the schemas of all actions, a quarter of a second of CPU
                held = self._by_names.get(names) or self._made(names, actions)
        return held

    def _made(self, names: tuple[str, ...], actions: Sequence[Action[E]]) -> bytes:
        from scenedock.actions.listed import ActionList, ListedAction

        made = ActionList(actions=tuple(map(ListedAction.for_backstage, actions))).model_dump_json().encode()
        if len(self._by_names) >= _MOST_LISTS:  # rules that give everybody something else
            self._by_names.clear()
        self._by_names[names] = made
        return made
