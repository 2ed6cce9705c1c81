"""Decide what becomes of a key of a service in another one, by what the services beside it have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from scenedock.changes.deployments.words import ServiceWords
from scenedock.changes.environments.deciding import Judge, Told, is_bound, is_measure, listed
from scenedock.changes.environments.decisions import Verdict
from scenedock.changes.environments.entries import Entry
from scenedock.changes.environments.evidence import agreed, marked
from scenedock.changes.environments.words import MARK
from scenedock.documents.scalars import Scalar
from scenedock.structs import dataclass

# What people write of one service alone, by the name of its key or of one above it.
_PERSONAL = re.compile(
    r"description|summary|title|owner|maintainer|email|team|system|domain|sources?\Z|home\Z|icon|keywords|tags\Z|annotations"
    r"|links|lifecycle|provides|depends|consumes|pager|runbook|slack|channel|database|\bdb|queue|topic|command|args|env\Z",
    re.IGNORECASE,
)
_OWNER: Final = re.compile(r"owners?\Z|team\Z|maintainers?\Z|email\Z", re.IGNORECASE)
_IDENTITY: Final = re.compile(rf"{_OWNER.pattern}|description\Z|summary\Z|title\Z", re.IGNORECASE)
"""What nobody can tell of a service from its name or from others."""
IN_ITEM: Final = ("item",)
"""What the entries of an item of a list have in the place of the steps to it, so that they are the same in others."""
_OF_ITEMS: Final = frozenset({"app", "name", "service"})
"""The keys by which an item says what service it is of."""
_MANY: Final = 3
"""How many times as many services must agree as don't."""
_MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class ServiceJudge(Judge):
    """Decides for the keys of a file of a service: the evidence's neighbours are the same files of other services.

    `follows`: what all others have counts for more than what the source has, which is a mere default. `environment` is
    the one that the file is of, if it is one's.
    """

    follows: bool = False
    environment: str = ""

    def of_version(self, entry: Entry) -> Verdict:
        """What becomes of the version of an image: the other image has versions of its own."""
        if entry.identity[-1:] == ("version",):
            return Verdict("copied", f"the version of the chart that {self.old.environment} has")
        return Verdict("asked", f"it is the version of {self.old.environment}, and of no other image")

    def of_key(self, entry: Entry) -> Verdict:
        """What becomes of a key that names the service."""
        new = self.old.replaced(str(entry.value), self.new)
        others = {} if entry.identity[1:] == IN_ITEM else self.evidence.neighbours
        if literal := [name for name, each in others.items() if entry.identity in each.keys]:
            return Verdict("copied", f"{listed(literal[:_MOST_NAMED])} have the same key")
        return Verdict("replaced", f"the key names {self.old.environment}", new)

    def by_evidence(self, entry: Entry) -> Verdict:
        """What becomes of a value."""
        said, text = self.told(entry), str(entry.value)
        if isinstance(entry.value, str) and self.old.are_in(text):
            return self._with_name(entry, text, said)
        if isinstance(self.old, ServiceWords) and isinstance(entry.value, str) and self.old.is_inside(text):
            return Verdict("asked", f"it has {self.old.environment!r} in it, but not as a word of its own")
        if entry.identity == ("text",):
            return Verdict("copied", f"the file doesn't name {self.old.environment}")
        if self.environment and text.lower() == self.environment.lower():
            return Verdict("copied", "it is the name of the environment")
        agreeing, different = list(said.agreeing), list(said.different)
        if different and self._is_outvoted(agreeing, different):
            return self._of_different(entry, different)
        if len(agreeing) > 1 or (agreeing and not is_bound(entry)):
            return Verdict("copied", f"{_named(agreeing)} the same")
        if agreeing:
            return Verdict("asked", f"only {agreeing[0]} has the same, and such keys often differ", entry.value)
        return self._of_unmatched(entry, said)

    def _with_name(self, entry: Entry, text: str, said: Told) -> Verdict:
        if _OWNER.search(entry.name):
            return Verdict("asked", f"it names {self.old.environment}, and nothing tells who has the new service")
        new = self.old.replaced(text, self.new)
        own, equal, different = said.with_own_name, said.equal, said.different
        if equal and not own and len(equal) > len(different):
            return Verdict("copied", f"{_named(equal)} the same, so it means {self.old.environment}")
        if equal and not own:
            return Verdict("asked", f"{_named(equal)} the same, and others have something else", new)
        if entry.identity[1:-1] == IN_ITEM and entry.name in _OF_ITEMS and text == self.old.environment:
            return Verdict("replaced", "the item is of the service of this name", new)
        if different and self._is_outvoted(own, different):
            suggestion = None if _IDENTITY.search(entry.name) else self.suggested(entry) or new
            return Verdict("asked", f"it is different in {_some(different)}", suggestion)
        if own:
            return Verdict("replaced", f"{_named(own)} the same with the own name", new)
        return Verdict("replaced", f"it names {self.old.environment}", new)

    def _is_outvoted(self, agreeing: Sequence[str], different: Sequence[str]) -> bool:
        return len(agreeing) <= _MANY * len(different)

    def _of_different(self, entry: Entry, different: Sequence[str]) -> Verdict:
        """What becomes of a value that others have another one instead of."""
        suggestion = self.suggested(entry)
        is_common = suggestion is not None and len(different) > 1 and self.old.replaced(str(suggestion), "") is None
        if self.follows and is_common and len(set(map(str, self._values(entry)))) == 1:
            return Verdict("replaced", f"{_named(different)} the same", suggestion)
        probably = None if _IDENTITY.search(entry.name) else suggestion
        return Verdict("asked", f"it is different in {_some(different)}", probably)

    def _of_unmatched(self, entry: Entry, said: Told) -> Verdict:
        """What becomes of a value that nobody else has a value instead of."""
        if self.follows:
            return Verdict("asked", "it is a default of the skeleton, and nothing tells whether it fits", entry.value)
        if entry.identity[1:] == ("apiVersion",):
            return Verdict("copied", "it says what kind of document this is")
        probably = None if _IDENTITY.search(entry.name) else entry.value
        if said.absent:
            return Verdict("asked", f"{_named(said.absent)} no such key", probably)
        names = (*entry.names, *entry.identity[-1:])
        is_personal = any(map(_PERSONAL.search, names)) or (isinstance(entry.value, str) and " " in entry.value)
        if is_personal or is_bound(entry) or (is_measure(entry.value) and entry.value is not None):
            return Verdict("asked", "no other service has such a file to compare it with", probably)
        return Verdict("copied", f"there is nothing to compare it with, and it doesn't name {self.old.environment}")

    def _values(self, entry: Entry) -> list[Scalar]:
        """What others have at a key, with a mark in the place of their names."""
        key = tuple(map(self.old.marked, entry.identity))
        return [
            marked(value, each.words)
            for each in self.evidence.neighbours.values()
            for value in each.values.get(key, ())
        ]

    def suggested(self, entry: Entry) -> Scalar:
        """What the value probably is: what all others have, but for their names."""
        value = agreed(self._values(entry))
        return value.replace(MARK, self.new) if isinstance(value, str) else value


def _some(services: Sequence[str]) -> str:
    return listed(services) if len(services) <= _MOST_NAMED else f"{services[0]} and {len(services) - 1} more"


def _named(services: Sequence[str]) -> str:
    return f"{_some(services)} {'has' if len(services) == 1 else 'have'}"
