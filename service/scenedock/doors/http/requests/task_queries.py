"""Query parameters for tasks and their events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from werkzeug.datastructures import MultiDict

from scenedock.errors import InputError
from scenedock.model.json import JsonObject
from scenedock.model.schemas import TEXT
from scenedock.model.tasks.task import MOST_TASKS, SORT_KEYS, STATUSES, SortKey, TaskQuery

_NAMES: Final[Mapping[str, SortKey]] = {
    **{key: key for key in SORT_KEYS},
    **{re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key): key for key in SORT_KEYS},
}
_LARGEST: Final = 2**53 - 1
_USUAL_TASKS: Final = 50

TASKS_QUERY: Final[Mapping[str, JsonObject]] = {
    "createdBy": {
        "type": "array",
        "items": TEXT,
        "description": "Only tasks of these users or services, by their references",
    },
    "status": {
        "type": "array",
        "items": {"enum": list(STATUSES)},
        "description": "Only tasks with these statuses",
    },
    "order": {
        "type": "array",
        "items": {"enum": [f"{way}:{name}" for name in _NAMES for way in ("asc", "desc")]},
        "description": "Sort keys, the most important first",
        "default": ["desc:createdAt"],
    },
    "limit": {
        "type": "integer",
        "minimum": 0,
        "maximum": MOST_TASKS,
        "default": _USUAL_TASKS,
        "description": "Maximum number of tasks to list",
    },
    "offset": {
        "type": "integer",
        "minimum": 0,
        "maximum": _LARGEST,
        "default": 0,
        "description": "Number of tasks to skip",
    },
}
"""The query parameters that `task_query` reads."""
AFTER: Final[Mapping[str, JsonObject]] = {
    "after": {
        "type": "integer",
        "minimum": 0,
        "maximum": _LARGEST,
        "default": 0,
        "description": "Only events with a greater id",
    }
}


def task_query(query: MultiDict[str, str]) -> TaskQuery:
    """The page of tasks that a query asks for: `createdBy`, `status`, `order` (each may be repeated), limit, offset.

    Raises
    ------
    InputError   a value is invalid
    """
    statuses = tuple(status for status in STATUSES if status in query.getlist("status"))
    if len(statuses) != len(set(query.getlist("status"))):
        raise InputError(f"`status` must be among {', '.join(STATUSES)}")
    orders = []
    for order in query.getlist("order"):
        way, _, name = order.partition(":")
        if way not in {"asc", "desc"} or name not in _NAMES:
            raise InputError(f"`order` must be asc: or desc: and one of {', '.join(SORT_KEYS)}; not {order!r}")
        orders.append((_NAMES[name], "asc" if way == "asc" else "desc"))
    return TaskQuery(
        created_by=tuple(query.getlist("createdBy")) or None,
        status=statuses,
        order=tuple(orders) or (("createdAt", "desc"),),  # type: ignore[arg-type] # the ways are the two literals
        limit=number(query, "limit", _USUAL_TASKS, MOST_TASKS),
        offset=number(query, "offset", 0),
    )


def number(query: MultiDict[str, str], name: str, default: int, most: int = _LARGEST) -> int:
    """A whole number in a query.

    Raises
    ------
    InputError   it is not a whole number, or too large
    """
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > most:
        raise InputError(f"`{name}` must be a whole number from 0 to {most:,}")
    return int(text)
