"""The limits of running tasks: how long a step may take, and what must not run at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from scenedock.model.action import Action
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field


def repository_branch(action: Action[Any], values: JsonObject) -> Iterator[str]:
    """The key of the branch of a repository that an action edits, so that two tasks never edit it at once."""
    repository = values.get("repository") or (values.get("repoUrl") if values.get("branch") else None)
    if isinstance(repository, str) and not action.attributes.read_only:
        yield f"branch {repository}#{values.get('branch') or ''}"


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """How long and how often actions may run.

    `step_seconds` is the deadline of each step, including its retries. `key_days` is for how many days a task waits for
    a worker with the key that sealed its secrets. `at_once` is the maximum number of steps of an
    action that run at the same time, in all processes, by the action's id. `keys` names what a step needs exclusively.
    """

    step_seconds: int = 3_600
    at_once: Mapping[str, int] = field(default_factory=dict)
    keys: Callable[[Action[Any], JsonObject], Iterable[str]] = repository_branch
    key_days: int = 30

    def seats(self, action: Action[Any], values: JsonObject) -> dict[str, int]:
        """The seats that a step needs, and the number of seats of each."""
        seats = {f"action {action.id}": self.at_once[action.id]} if action.id in self.at_once else {}
        return seats | dict.fromkeys(self.keys(action, values), 1)
