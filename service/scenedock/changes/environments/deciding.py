"""Decide what becomes of a key in a new environment, by evidence; what the evidence doesn't tell is asked.

Two environments of one service share only a part of their values, so nothing is copied because it is there: a key is
copied where other environments, or other services in the new one, have the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from scenedock.catalog.vocabulary.environments import KNOWN_ENVIRONMENTS, is_production
from scenedock.changes.environments.decisions import Verdict
from scenedock.changes.environments.entries import Entries, Entry, Identity
from scenedock.changes.environments.evidence import Evidence, Status, agreed, marked, same, tells
from scenedock.changes.environments.secrets import (
    GENERATED,
    NAME_ALONE,
    SECRETS,
    item_of,
    nested_secrets,
    secret_in,
    secret_items,
)
from scenedock.changes.environments.words import MARK, SERVICE, Words
from scenedock.documents.scalars import Scalar
from scenedock.structs import dataclass, replace

# What stands for the size or the address of one environment, by the name of its key or of one above it.
_BOUND = re.compile(
    r"replica|autoscal|resources?\Z|limits?\Z|requests?\Z|storage|size|host|domain|url\Z|uri\Z|endpoint|address|bucket|"
    r"account|arn\Z|region|cluster|vpc|subnet|issuer|certificate|schedule|max|min|memory|cpu|enabled?\Z|debug|log\w*level|tag\Z|version",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"://|\barn:|\b\d{12}\b|\b\d+\.\d+\.\d+\.\d+\b|(?<![\w-])[\w-]+\.[\w-]+\.[a-z]{2,}\b|@|\b[a-z]+-[0-9a-f]{8,17}\b",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"\b\d{12}\b|\b\d+\.\d+\.\d+\.\d+\b|\b[a-z]+-[0-9a-f]{8,17}\b", re.IGNORECASE)
"""An account, an address or an id of a cloud, of which each environment may have its own."""
_ENVIRONMENTS: Final = frozenset(KNOWN_ENVIRONMENTS)
_MEASURE = re.compile(r"\d[\d.,]*\s*[A-Za-z%]{0,8}|true|false|on|off|yes|no|enabled|disabled", re.IGNORECASE)
_MANY: Final = 3
"""How many times as many services must agree as don't."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the others have at a key: the environments that have the same (`with_own_name`: but for their names),
    something else or nothing, and the services that have the same in the new environment or don't.
    """

    equal: Sequence[str]
    with_own_name: Sequence[str]
    different: Sequence[str]
    absent: Sequence[str]
    alike: Sequence[str]
    unlike: Sequence[str]

    @property
    def agreeing(self) -> Sequence[str]:
        """The environments that have the same, or but for their names."""
        return [*self.equal, *self.with_own_name]


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides for the keys of one file. `versions` are the lines and names of the keys that set the service's version.

    `has_both_forms`: the repository uses the short and the long form of the new name, so that nobody can tell which.
    """

    old: Words
    new: str
    evidence: Evidence
    versions: Collection[tuple[int, str]] = ()
    has_both_forms: bool = False

    def verdicts(self, entries: Entries) -> Iterator[tuple[Entry, Verdict]]:
        """What becomes of each key of a file, names of keys among them where they name the environment."""
        items, nested = secret_items(entries), nested_secrets(entries)
        for entry in entries:
            kind = entries.kinds[entry.document - 1] if entries.kinds else ""
            if entry.is_key and not self.old.are_in(str(entry.value)):
                continue
            if entries.form == "encrypted":
                yield entry, Verdict("left out", "it is encrypted, or no text")
            elif kind in SECRETS or (kind := next((nested[at] for at in _above(entry) if at in nested), "")):
                yield entry, Verdict("left out", f"a {kind} is bound to its environment")
            elif "secretGenerator" in entry.names[:-1]:
                yield entry, Verdict("left out", GENERATED)
            elif (entry.document, entry.identity[:-1]) in items and not entry.is_key and not secret_in(entry):
                yield entry, Verdict("left out", NAME_ALONE)
            else:
                yield entry, self.verdict(entry)

    def verdict(self, entry: Entry) -> Verdict:
        """What becomes of an entry; no secret of another environment or service comes into it."""
        found = self._of_entry(entry)
        if found.value is not None and secret_in(replace(entry, value=found.value)):
            return Verdict("asked", "what others have instead of it is a secret")
        return found

    def _of_entry(self, entry: Entry) -> Verdict:
        if entry.is_reference:
            return Verdict("copied", "it follows an anchor of the file")
        if why := secret_in(entry):
            return Verdict("left out", why)
        if entry.is_key:
            return self.of_key(entry)
        if (entry.line, entry.name) in self.versions:
            return self.of_version(entry)
        return self.by_evidence(entry)

    def by_evidence(self, entry: Entry) -> Verdict:
        """What becomes of a value that is neither a secret nor a version."""
        return self._by_peers(entry) or self._by_environments(entry)

    def of_version(self, entry: Entry) -> Verdict:
        """What becomes of the version of the service."""
        if self.old.are_in(str(entry.value)):
            suggestion = self.old.replaced(str(entry.value), self.new)
            return Verdict("asked", f"the version names {self.old.environment}", suggestion)
        return Verdict("copied", f"the version that {self.old.environment} has; promote another one afterwards")

    def of_key(self, entry: Entry) -> Verdict:
        """What becomes of a key that names the environment."""
        new = self.old.replaced(str(entry.value), self.new)
        others = self.evidence.neighbours
        if literal := [name for name, each in others.items() if entry.identity in each.keys]:
            return Verdict("copied", f"{listed(literal)} {_have(literal)} the same key")
        return Verdict("replaced", f"the key names the environment {self.old.environment}", new)

    def _by_peers(self, entry: Entry) -> Verdict | None:
        """By what other services have in the new environment instead of the same value."""
        become = self.evidence.become(entry, self.old)
        if len(become) == 1:
            (new, services), *_ = become.items()
            if not same(new, entry.value):
                if len(set(services)) == 1 and not self._is_own_name(entry, new):
                    return Verdict("asked", f"{services[0]} alone has something else instead of it", new)
                return Verdict("replaced", f"{_shown(services)} {_have(services)} the same in both", new)
        if any(secret_in(replace(entry, value=value)) for value in become):
            return Verdict("asked", "other services have a secret instead of it")
        if len(become) > 1 and tells(entry.value):
            said = "; ".join(f"{_shown(services)}: {value!r}" for value, services in become.items())
            return Verdict("asked", f"other services have different values instead of it: {said}")
        return None

    def _is_own_name(self, entry: Entry, new: Scalar) -> bool:
        """Whether a value is the same but for the name of the environment."""
        return isinstance(entry.value, str) and same(new, self.old.replaced(entry.value, self.new))

    def _by_environments(self, entry: Entry) -> Verdict:
        said = self.told(entry)
        if isinstance(entry.value, str) and self.old.are_in(entry.value):
            return self._with_name(entry, entry.value, said)
        if said.different:
            return Verdict("asked", f"it is different in {listed(said.different)}", self.suggested(entry))
        if said.unlike and not (said.agreeing and len(said.alike) > _MANY * len(said.unlike)):
            suggestion = agreed(self.evidence.in_new(entry, self.old))
            return Verdict("asked", self._unlike(said), suggestion)
        return self._of_undisputed(entry, said)

    def told(self, entry: Entry) -> Told:
        """What the others have at a key."""
        found: dict[Status, list[str]] = {"equal": [], "alike": [], "different": [], "absent": []}
        for name, status in self.evidence.statuses(entry, self.old).items():
            found[status].append(name)
        alike, unlike = self.evidence.of_peers(entry, self.old)
        return Told(found["equal"], found["alike"], found["different"], found["absent"], alike, unlike)

    def _of_undisputed(self, entry: Entry, said: Told) -> Verdict:
        """What becomes of a value that no other environment has another one instead of."""
        agreeing, absent = said.agreeing, said.absent
        if entry.identity[1:] == ("apiVersion",):
            return Verdict("copied", "it says what kind of document this is")
        if agreeing and self._is_like(entry, said):
            return Verdict("copied", f"it is the same in {listed(agreeing)}")
        if agreeing or absent:
            why = f"but {self.new} is production" if is_production(self.new) else "and such keys often differ"
            same_in = f"it is the same in {listed(agreeing)}, {why}" if agreeing else ""
            return Verdict("asked", same_in or f"{listed(absent)} {_have(absent)} no such key", entry.value)
        if len(set(said.alike)) > 1 and not said.unlike and not is_bound(entry):
            return Verdict("copied", f"{_shown(said.alike)} {_have(said.alike)} the same in {self.new}")
        is_port = "port" in entry.name.lower()
        if is_bound(entry) or (is_measure(entry.value) and entry.value is not None and not is_port):
            return Verdict("asked", "such keys often differ, and there is nothing to compare it with", entry.value)
        return Verdict("copied", "there is no other environment to compare with, and it doesn't name this one")

    def _with_name(self, entry: Entry, text: str, said: Told) -> Verdict:
        """What becomes of a value that names the environment."""
        new = self.old.replaced(text, self.new)
        is_name = text.lower() == self.old.environment.lower()
        # Production often has no environment in its names, so only another one of production tells, or other services.
        is_told = not is_production(self.new) or any(map(is_production, said.agreeing)) or len(set(said.alike)) > 1
        if said.equal and is_told and not (said.with_own_name or said.different or said.unlike):
            return Verdict("copied", f"it is the same in {listed(said.equal)}")
        if doubt := self._doubt(text, said):
            likely = text if said.equal and not said.with_own_name else new
            return Verdict("asked", doubt, (self.suggested(entry) if said.different else None) or likely)
        if not (is_told or is_name):
            return Verdict("asked", "names in production often leave the environment out", new)
        if witnesses := said.agreeing or said.alike:
            return Verdict("replaced", f"{_shown(witnesses)} {_have(witnesses)} the same with the own name", new)
        if _IDENTIFIER.search(text):
            return Verdict("asked", "besides the environment it names an account or the like", new)
        return Verdict("replaced", f"it names the environment {self.old.environment}", new)

    def _doubt(self, text: str, said: Told) -> str:
        """Why a value with another name may be wrong; empty if nothing speaks against it."""
        if self.has_both_forms:
            return f"the repository has {self.new!r} and {Words(self.new).form!r}; nothing tells which it is"
        if self.old.are_by_form(text):
            return f"it has {self.old.form!r}; nothing tells which form {self.new} has there"
        if said.unlike:
            return self._unlike(said)
        is_special = not is_production(self.new) and all(map(is_production, said.different))
        return "" if is_special or not said.different else f"it is different in {listed(said.different)}"

    def _unlike(self, said: Told) -> str:
        return f"{_shown(said.unlike)} {_have(said.unlike)} something else in {self.new}"

    def _is_like(self, entry: Entry, said: Told) -> bool:
        """Whether what agrees tells of the new environment.

        Of a size, an address or a switch, more than one must tell, and for production another one of production.
        """
        alike = set() if said.unlike else set(said.alike)
        if is_production(self.new) and not any(map(is_production, said.agreeing)):
            return not is_bound(entry) and (bool(alike) or not is_measure(entry.value))
        is_switch = isinstance(entry.value, bool)
        return not (is_bound(entry) or is_switch) or len(said.agreeing) + (len(alike) > 1) > 1

    def suggested(self, entry: Entry) -> Scalar:
        """What the value probably is: what the others have but for their names, or those of the same tier have."""
        key = tuple(map(self.old.marked, entry.identity))
        others = {
            name: marked(each.values[key][0], each.words)
            for name, each in self.evidence.neighbours.items()
            if len(each.values.get(key, ())) == 1
        }
        named = [value for value in others.values() if isinstance(value, str) and MARK in value]
        pattern = agreed(named)
        if isinstance(pattern, str):
            return pattern.replace(MARK, self.new).replace(SERVICE, self.old.service)
        tier = is_production(self.new)
        return agreed([value for name, value in others.items() if is_production(name) == tier])


def _above(entry: Entry) -> Iterator[tuple[int, Identity]]:
    """Where all is that an entry is in."""
    return ((entry.document, entry.identity[:depth]) for depth in range(1, len(entry.identity)))


def is_measure(value: Scalar) -> bool:
    """Whether a value is a number, a switch, or a text such as `10s` or `200Mi`."""
    return not isinstance(value, str) or bool(_MEASURE.fullmatch(value))


def _names_environment(text: str) -> bool:
    """Whether a text has the name of any environment as a word."""
    return not _ENVIRONMENTS.isdisjoint(re.split(r"[^a-z]+", text.lower()))


def is_bound(entry: Entry) -> bool:
    """Whether a value is of a kind that is often bound to one environment: a size, an address, a switch.

    What Kubernetes calls a manifest isn't.
    """
    if entry.value in {None, "", "{}", "[]"} or entry.name in {"apiVersion", "kind"}:
        return False
    text = str(entry.value)
    by_name = any(map(_BOUND.search, (*entry.names, *item_of(entry))))
    return by_name or bool(_ADDRESS.search(text)) or (entry.name not in {"name", "key"} and _names_environment(text))


def listed(names: Sequence[str]) -> str:
    """Names as a text: `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _have(names: Sequence[str]) -> str:
    return "has" if len(set(names)) == 1 else "have"


def _shown(services: Sequence[str]) -> str:
    """Some names of services, each once."""
    once = list(dict.fromkeys(services))
    return once[0] if len(once) == 1 else f"{once[0]} and {len(once) - 1} more"
