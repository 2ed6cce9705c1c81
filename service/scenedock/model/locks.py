"""Locks of environments: until when, and why, no version may change there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from scenedock.model.finding import Place
from scenedock.structs import dataclass, field


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock of an environment, for one service or for all.

    `until` is the time of its end in ISO 8601, or the day on whose begin it ends. `by` is who set it, `place` its line
    in scenedock.yaml.
    """

    environment: str
    reason: str
    until: str
    service: str = ""
    by: str = ""
    place: Place = field(default_factory=Place)

    @property
    def end(self) -> datetime:
        """When it ends; a time without a zone, and the begin of a day, are in UTC."""
        found = datetime.fromisoformat(self.until)
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def is_active(self, now: datetime) -> bool:
        """Whether it still locks."""
        return now < self.end

    def covers(self, service: str, environment: str | None) -> bool:
        """Whether it is about a service in an environment."""
        return environment == self.environment and self.service in {"", service}

    def __str__(self) -> str:
        """`production is locked until 2026-12-01: release freeze (ada)`."""
        what = f"{self.service} in {self.environment}" if self.service else self.environment
        by = f" ({self.by})" if self.by else ""
        return f"{what} is locked until {self.until}: {self.reason}{by}"


def is_end(text: str) -> bool:
    """Whether a text is a day or a time, as `Lock.until` has it."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) >= len("2026-12-01")


def is_day(text: str) -> bool:
    """Whether a text is a day, as environments end on.

    >>> is_day("2027-01-15"), is_day("2027-02-30"), is_day("20270115")
    (True, False, False)
    """
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def locks_of(locks: Iterable[Lock], service: str, environment: str | None, now: datetime) -> list[Lock]:
    """The locks that a service has in an environment now, the one that ends last in front."""
    active = [each for each in locks if each.covers(service, environment) and each.is_active(now)]
    return sorted(active, key=lambda each: each.end, reverse=True)
