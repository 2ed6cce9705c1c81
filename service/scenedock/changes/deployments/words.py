"""The name of a service in texts and paths: where it stands as a word of its own, and what they are with another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from scenedock.changes.environments.words import Words
from scenedock.structs import dataclass

_SHORTEST_INSIDE = 4


@dataclass(frozen=True)
class ServiceWords(Words):
    """The words by which texts name a service; `others` are services with its name in theirs, which aren't it.

    >>> ServiceWords("billing").replaced("BILLING_URL of billing.acme.example", "orders")
    'ORDERS_URL of orders.acme.example'
    >>> ServiceWords("billing", others=("billing-worker",)).replaced("billing-worker of billing", "orders")
    'billing-worker of orders'
    """

    others: tuple[str, ...] = ()

    @classmethod
    def among(cls, service: str, services: Iterable[str]) -> ServiceWords:
        """The words of a service, beside all services that there are."""
        own = cls(service)
        return cls(service, others=tuple(sorted(each for each in services if each != service and own.are_in(each))))

    @cached_property
    def form(self) -> str:
        """A service has no short form."""
        return ""

    def is_inside(self, text: str) -> bool:
        """Whether a text has the name, but not as a word of its own: `mybilling`, `billingService`."""
        name = self.environment
        return len(name) >= _SHORTEST_INSIDE and name.lower() in self._pattern.sub("", text).lower()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        others = "|".join(map(_either, sorted(self.others, key=len, reverse=True))) or "(?!)"
        return re.compile(
            rf"(?<![A-Za-z0-9])(?:(?P<service>{others})|{_either(self.environment)})(?![A-Za-z0-9])", re.IGNORECASE
        )


def _either(name: str) -> str:
    """The pattern of a name, in which a hyphen may be an underscore."""
    return re.escape(name).replace(r"\-", "[-_]")


def home_of(folder: str, words: Words) -> str | None:
    """The folder that is named after a service, at or above one of its folders; None where none is.

    >>> home_of("apps/billing/overlays/qa", Words("billing")), home_of("dev/billing", Words("billing"))
    ('apps/billing', 'dev/billing')
    """
    parts = folder.split("/")
    named = [depth for depth, part in enumerate(parts, 1) if words.are_in(part)]
    return "/".join(parts[: named[-1]]) if named else None


def path_of(path: str, homes: Iterable[str], words: Words, new: str) -> str | None:
    """The path that another service's file has; None where nothing in it names this one.

    In a home of the service all names are replaced, elsewhere the last.

    >>> path_of("billing/api/billing/billing.tpl", ["billing/api/billing"], Words("billing"), "orders")
    'billing/api/orders/orders.tpl'
    """
    for home in sorted(homes, key=len, reverse=True):
        if path == home or path.startswith(f"{home}/"):
            above, _, name = home.rpartition("/")
            inside = path.removeprefix(home)
            moved = f"{words.replaced(name, new) or name}{words.replaced(inside, new) or inside}"
            return f"{above}/{moved}" if above else moved
    parts = path.split("/")
    named = [at for at, part in enumerate(parts) if words.are_in(part)]
    if not named:
        return None
    parts[named[-1]] = words.replaced(parts[named[-1]], new) or parts[named[-1]]
    return "/".join(parts)
