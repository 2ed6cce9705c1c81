"""Names of environments in texts: where one stands as a word of its own, and what the text is with another one."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from scenedock.structs import dataclass

_FAMILIES: Final = (("dev", "development"), ("int", "integration"), ("stage", "staging"), ("prod", "production"))
"""Short and long names of one environment: repositories have the one in folders and the other in values."""
MARK: Final = "\ue000"
"""What stands for the environment in a text that is compared between environments."""
SERVICE: Final = "\ue001"
"""What stands for the service in a text that is compared between services."""


@dataclass(frozen=True)
class Words:
    """The words by which texts name an environment, its name and its short or long form, and a service.

    The name of the service isn't taken for that of the environment where it has that in it.

    >>> Words("dev").replaced("billing.dev.acme.example", "qa"), Words("dev").replaced("DEV_MODE", "qa")
    ('billing.qa.acme.example', 'QA_MODE')
    >>> Words("dev").replaced("devices", "qa"), Words("dev", "dev-portal").replaced("dev-portal.dev.example", "qa")
    (None, 'dev-portal.qa.example')
    """

    environment: str
    service: str = ""

    @cached_property
    def form(self) -> str:
        """The short or long form of the environment's name; empty where it has none."""
        name = self.environment
        return next((one for pair in _FAMILIES if name in pair for one in pair if one != name), "")

    def replaced(self, text: str, new: str) -> str | None:
        """A text with the name of another environment; None where it doesn't name this one.

        A short or long form becomes that of the other one, where that has one.
        """
        form = Words(new).form

        def as_written(found: re.Match[str]) -> str:
            if found["service"]:
                return found[0]
            word = form if form and found[0].lower() == self.form else new
            if "_" in found[0]:
                word = word.replace("-", "_")
            return word.upper() if found[0].isupper() else word.capitalize() if found[0].istitle() else word

        return self._pattern.sub(as_written, text) if self.are_in(text) else None

    def marked(self, text: str) -> str:
        """A text with marks in the place of environment and service."""
        return self._pattern.sub(lambda found: SERVICE if found["service"] else MARK, text)

    def with_service_marked(self, text: str) -> str:
        """A text with a mark in the place of the service alone."""
        return self._pattern.sub(lambda found: SERVICE if found["service"] else found[0], text)

    def are_in(self, text: str) -> bool:
        """Whether a text has the name of the environment as a word of its own."""
        return any(not found["service"] for found in self._pattern.finditer(text))

    def are_by_form(self, text: str) -> bool:
        """Whether a text has the short or long form of the environment's name, instead of the name itself."""
        words = (found[0].lower() for found in self._pattern.finditer(text) if not found["service"])
        return any(word == self.form for word in words)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = sorted(filter(None, (self.environment, self.form)), key=len, reverse=True)
        environment = "|".join(map(_either, names))
        service = _either(self.service) if self.service else "(?!)"
        return re.compile(
            rf"(?<![A-Za-z0-9])(?:(?P<service>{service})|(?:{environment}))(?![A-Za-z0-9])", re.IGNORECASE
        )


def _either(name: str) -> str:
    return re.escape(name).replace(r"\-", "[-_]")


def path_for(path: str, old: str, new: str) -> str | None:
    """The path of another environment's file; None where a path doesn't name the environment.

    >>> path_for("billing/values-dev.yaml", "dev", "qa"), path_for("tags/01-dev/billing", "dev", "qa")
    ('billing/values-qa.yaml', 'tags/01-qa/billing')
    >>> path_for("dev-tools/values.yaml", "dev", "qa") is None
    True
    """
    pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(old)}(?=(?:[-_.]values)?\.[A-Za-z]+\Z|\Z)")
    parts, found = [], False
    for part in path.split("/"):
        replaced, count = pattern.subn(new, part)
        parts.append(replaced)
        found = found or bool(count)
    return "/".join(parts) if found else None
