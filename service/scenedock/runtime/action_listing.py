"""Actions by name, and their description for every door, in the format of Backstage's actions registry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Final, TypeVar

from pydantic import Field

from scenedock.model.action import PLUGIN_ID, Action
from scenedock.model.json_documents import JsonDocument

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


class ListedAttributes(JsonDocument):
    """The side effects of the action."""

    read_only: bool
    destructive: bool
    idempotent: Annotated[bool, "Whether calling it again with the same input changes nothing more"]


class ListedExample(JsonDocument):
    """A documented input."""

    title: str
    input: Mapping[str, Any]


class ListedSchemas(JsonDocument):
    """JSON Schemas (2020-12) of the action's input and output."""

    input: Mapping[str, Any]
    output: Mapping[str, Any]


class ListedAction(JsonDocument):
    """An action with everything that a caller needs to know."""

    id: str
    name: str
    title: str
    description: str
    plugin_id: str
    attributes: ListedAttributes
    examples: tuple[ListedExample, ...]
    schemas: Annotated[ListedSchemas, Field(alias="schema")]

    @classmethod
    def for_backstage(cls, action: Action[E]) -> ListedAction:
        """The action as Backstage lists it: one that its dry runs shall call is read-only there."""
        listed = cls.of(action)
        if not action.attributes.dry_run:
            return listed
        return listed.model_copy(update={"attributes": listed.attributes.model_copy(update={"read_only": True})})

    @classmethod
    def of(cls, action: Action[E]) -> ListedAction:
        """The action as it is listed."""
        attributes = action.attributes
        return cls(
            id=action.id,
            name=action.name,
            title=action.title,
            description=action.description,
            plugin_id=PLUGIN_ID,
            attributes=ListedAttributes(
                read_only=attributes.read_only, destructive=attributes.destructive, idempotent=attributes.idempotent
            ),
            examples=tuple(ListedExample(title=each.description, input=each.input) for each in action.examples),
            schemas=ListedSchemas(input=action.input_schema(), output=action.output_schema()),
        )


class ActionList(JsonDocument):
    """The actions that a caller may run, in the format of Backstage's actions registry."""

    actions: tuple[ListedAction, ...]


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
        made = ActionList(actions=tuple(map(ListedAction.for_backstage, actions))).model_dump_json().encode()
        if len(self._by_names) >= _MOST_LISTS:  # rules that give everybody something else
            self._by_names.clear()
        self._by_names[names] = made
        return made
