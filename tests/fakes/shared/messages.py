"""What passes between a client and a fake code host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a body of None is none at all, one of bytes is a file as it is, others are JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Noted:
    """A request that came; `status` is 0 until it is answered, and stays so if the connection was dropped."""

    method: str
    path: str
    query: str
    body: Any
    caller: str = ""
    status: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status} {self.caller}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that webhooks tell of; `action` as in the payload, empty where the event has none."""

    name: str
    action: str
    payload: Mapping[str, Any]
