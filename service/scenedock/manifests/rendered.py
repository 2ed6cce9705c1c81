"""What is rendered for one service in one environment."""

from __future__ import annotations

from typing import NamedTuple

from scenedock.model.json import JsonObject
from scenedock.structs import dataclass


class Pair(NamedTuple):
    """A service in an environment; `environment` is None where a service has only one."""

    repository: str
    service: str
    environment: str | None

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """By service, then by environment."""
        return self.service, self.environment or "", self.repository

    def __str__(self) -> str:
        """`billing in production`."""
        return f"{self.service} in {self.environment}" if self.environment else self.service


@dataclass(frozen=True, slots=True)
class Rendered:
    """The manifests of a service in an environment; `reason` says why they couldn't be rendered, and there are none."""

    repository: str
    service: str
    environment: str | None
    manifests: tuple[JsonObject, ...]
    reason: str = ""

    @property
    def pair(self) -> Pair:
        """What was rendered."""
        return Pair(self.repository, self.service, self.environment)
