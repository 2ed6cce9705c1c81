"""The nouns of an assessment: claims with their lines, and the facts that they prove."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from scenedock.structs import dataclass

Weight: TypeAlias = Literal["blocker", "work", "note"]
"""Of a rule: it must be changed first, it is work of the migration, or it is good to know."""
WEIGHTS: Final[tuple[Weight, ...]] = get_args(Weight)

Readiness: TypeAlias = Literal["ready", "work", "blocked", "unknown"]


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer to a question about an application. Of several answers, the strongest counts.

    3 says that it is so in production, 2 that something is configured, 1 that something is at hand, such as a library.
    """

    question: str
    value: str
    strength: int = 2


@dataclass(frozen=True, slots=True)
class Service:
    """A service on which an application depends: what it is, and `host:port` as far as a line says so."""

    kind: str
    address: str = ""

    @property
    def host(self) -> str:
        """The host alone."""
        return self.address.rpartition(":")[0] if self.address.rpartition(":")[2].isdecimal() else self.address

    def __str__(self) -> str:
        return f"{self.kind} {self.address}".rstrip()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a line proves, by a rule. `said` never has a secret in it; `path` is relative to the application."""

    rule: str
    path: str
    line: int
    said: str
    facts: tuple[Fact, ...] = ()
    service: Service | None = None

    @property
    def place(self) -> str:
        """`config/database.yml:8`."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question, and the claims that prove it."""

    value: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its path, and its text without what isn't evidence, line for line."""

    path: str
    text: str

    def line_at(self, position: int) -> int:
        """The line of a position in the text, counted from 1."""
        return self.text.count("\n", 0, position) + 1

    def line_text(self, position: int) -> str:
        """The line at a position, without its end."""
        start = self.text.rfind("\n", 0, position) + 1
        end = self.text.find("\n", position)
        return self.text[start:] if end < 0 else self.text[start:end]
