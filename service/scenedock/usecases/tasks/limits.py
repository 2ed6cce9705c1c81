"""What running tasks is bounded by: how long a step may take, and what may not happen at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenedock.model.action import Action
from scenedock.model.json import JsonObject


def repository_branch(action: Action[Any], values: JsonObject) -> Iterator[str]:
    """One key for the branch of a repository that an action edits: two tasks never edit it at once."""
    repository = values.get("repository") or (values.get("repoUrl") if values.get("branch") else None)
    if isinstance(repository, str) and not action.attributes.read_only:
        yield f"branch {repository}#{values.get('branch') or ''}"


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """How long and how often actions may run.

    `step_seconds` is the deadline of each step, with all its retries. `at_once` says for an action's id how many of it
    run at the same time, anywhere. `keys` names what a step must have for itself alone.
    """

    step_seconds: int = 3_600
    at_once: Mapping[str, int] = field(default_factory=dict)
    keys: Callable[[Action[Any], JsonObject], Iterable[str]] = repository_branch

    def seats(self, action: Action[Any], values: JsonObject) -> dict[str, int]:
        """The seats that a step needs, and how many there are of each."""
        seats = {f"action {action.id}": self.at_once[action.id]} if action.id in self.at_once else {}
        return seats | dict.fromkeys(self.keys(action, values), 1)
