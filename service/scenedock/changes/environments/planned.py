"""A new environment as it is planned: the decisions, what they make, and what it still lacks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from scenedock.changes.environments.decisions import Decision
from scenedock.changes.planned import Planned
from scenedock.documents.scalars import Scalar
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.structs import dataclass, field

Need: TypeAlias = Literal[
    "deployment",
    "service",
    "file",
    "sealed secret",
    "external secret",
    "secret",
    "value",
    "automation",
    "image",
    "owners",
    "catalog",
]


@dataclass(frozen=True, slots=True)
class Lack:
    """What an environment still needs before it works, and what to do about it, perhaps as a command."""

    need: Need
    what: str
    place: Place = field(default_factory=Place)
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """What all plans have that are lists of decisions: these, what they make, and what that still lacks.

    `planned` has the files; where questions are open, with what is suggested or there in their place.
    """

    repository: str
    service: str
    decisions: tuple[Decision, ...]
    planned: Planned
    lacks: tuple[Lack, ...] = ()

    @property
    def questions(self) -> tuple[Decision, ...]:
        """What a person still has to answer."""
        return tuple(each for each in self.decisions if each.is_open)

    @property
    @abstractmethod
    def names(self) -> tuple[str, str]:
        """What is copied, and what is made of it, for people."""

    def check_answered(self) -> None:
        """Refuse a plan with open questions.

        Raises
        ------
        InputError   some are open; with each key, its line and how to answer it
        """
        if self.questions:
            lines = [f"  {each.key} ({each.place}): {each.reason}; {_answer(each)}" for each in self.questions]
            count, (old, new) = len(lines), self.names
            head = (
                f"{count} key{'' if count == 1 else 's'} of {old} must be answered for {new}, "
                "kept as they are there, or accepted as suggested:"
            )
            raise InputError("\n".join([head, *lines]))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentPlan(CopyPlan):
    """An environment of a service as it would be made from another one.

    `namespace` and `hosts` are what the repository says of it then, if it says so.
    """

    old: str
    new: str
    namespace: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """The environments."""
        return f"{self.service}/{self.old}", self.new


def _answer(decision: Decision) -> str:
    suggested = f" (probably {shown(decision.suggestion)})" if decision.suggestion is not None else ""
    return f"it has {shown(decision.old)}; answer `{decision.key}=VALUE`{suggested}"


def shown(value: Scalar) -> str:
    """A value for people, in one line and not too long."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    line = " ".join(text.split())
    return f"{line[:77]}…" if len(line) > 78 else line or '""'


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What people answer: values by key, and patterns of keys that are asked.

    Those that match `kept` get what the source has, those that match `accepted` what is suggested; those that match
    `dropped` are left out.
    """

    answers: Mapping[str, Scalar] = field(default_factory=dict)
    kept: Sequence[str] = ()
    accepted: Sequence[str] = ()
    dropped: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnvironment(Answers):
    """What somebody wants: an environment of a service, made from another one, with answers."""

    service: str
    environment: str
    source: str
    repository: str | None = None
