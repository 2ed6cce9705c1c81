"""What a repository says of a key elsewhere: in other environments of the service, and in other services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, Literal, TypeAlias

from scenedock.changes.environments.entries import Entries, Entry, Identity, values_of
from scenedock.changes.environments.words import MARK, SERVICE, Words
from scenedock.documents.scalars import Scalar
from scenedock.structs import dataclass, field

Status: TypeAlias = Literal["equal", "alike", "different", "absent"]
"""What another environment has at a key: the same; the same but for the environment's name; something else; nothing."""
_SHORTEST_TELLING: Final = 8


@dataclass(frozen=True)
class Neighbour:
    """A file as another environment of the service has it, and the values of files that all environments share."""

    words: Words
    entries: Entries
    shared: Sequence[Entries] = ()

    @cached_property
    def values(self) -> Mapping[Identity, tuple[Scalar, ...]]:
        """Its values, those of the shared files below them."""
        found: dict[Identity, tuple[Scalar, ...]] = {}
        for each in (*self.shared, self.entries):
            found |= values_of(each, self.words.marked)
        return found

    @cached_property
    def keys(self) -> frozenset[Identity]:
        """The keys as they are written, with those above them."""
        return frozenset(each.identity[:depth] for each in self.entries for depth in range(1, len(each.identity) + 1))

    def status(self, entry: Entry, own: Words) -> Status:
        """What it has where an environment has an entry."""
        values = self.values.get(tuple(map(own.marked, entry.identity)))
        if values is None:  # what only looks like the environment's name may be called so everywhere
            values = self.values.get(tuple(map(self.words.marked, entry.identity)))
        if values is None:
            return "absent"
        mine = marked(entry.value, own)
        if any(same(mine, marked(value, self.words)) for value in values):
            return "alike" if isinstance(mine, str) and MARK in mine else "equal"
        return "equal" if any(same(entry.value, value) for value in values) else "different"


@dataclass(frozen=True)
class Peer:
    """A file of another service, as the source's environment has it and as the new one's has it."""

    old: Words
    new: Words
    before: Entries
    after: Entries

    @property
    def service(self) -> str:
        """Its name."""
        return self.old.service

    @cached_property
    def pairs(self) -> Mapping[Identity, Sequence[tuple[Scalar, Scalar]]]:
        """What both have at a key, with the service marked."""
        before, after = values_of(self.before, self.old.marked), values_of(self.after, self.new.marked)
        return {
            key: [
                (with_service_marked(one, self.old), with_service_marked(other, self.new))
                for one, other in zip(values, after[key], strict=True)
            ]
            for key, values in before.items()
            if len(after.get(key, ())) == len(values)
        }


@dataclass(frozen=True)
class Evidence:
    """All that tells of the keys of one file; `neighbours` by the names of environments."""

    neighbours: Mapping[str, Neighbour] = field(default_factory=dict)
    peers: Sequence[Peer] = ()

    @cached_property
    def _by_value(self) -> Mapping[Scalar, Mapping[Scalar, Sequence[str]]]:
        """What texts that tell become in other services, whatever their keys, with the names of these."""
        found: dict[Scalar, dict[Scalar, list[str]]] = defaultdict(lambda: defaultdict(list))
        for peer in self.peers:
            for old, new in {pair for pairs in peer.pairs.values() for pair in pairs}:
                if tells(old):
                    found[old][new].append(peer.service)
        return found

    def statuses(self, entry: Entry, own: Words) -> Mapping[str, Status]:
        """What each other environment has where the source has an entry."""
        return {name: each.status(entry, own) for name, each in self.neighbours.items()}

    def become(self, entry: Entry, own: Words) -> Mapping[Scalar, Sequence[str]]:
        """What the value of an entry becomes in other services that have the same one, with their names.

        The same at the same key, or else, of a text that tells, anywhere.
        """
        mine = with_service_marked(entry.value, own)
        found: dict[Scalar, list[str]] = defaultdict(list)
        for peer in self.peers:
            for old, new in peer.pairs.get(tuple(map(own.marked, entry.identity)), ()):
                if same(old, mine):
                    found[new].append(peer.service)
        if not found and tells(mine):
            for new, services in self._by_value.get(mine, {}).items():
                found[new] += services
        return {_unmarked(new, own.service): services for new, services in found.items()}

    def of_peers(self, entry: Entry, own: Words) -> tuple[Sequence[str], Sequence[str]]:
        """The services in which the new environment has the same at a key, or but for its name, and the others."""
        alike, different = list[str](), list[str]()
        for peer in self.peers:
            for old, new in peer.pairs.get(tuple(map(own.marked, entry.identity)), ()):
                is_same = same(marked(old, peer.old), marked(new, peer.new))
                (alike if is_same else different).append(peer.service)
        return alike, different

    def in_new(self, entry: Entry, own: Words) -> Sequence[Scalar]:
        """What other services have at a key in the new environment."""
        key = tuple(map(own.marked, entry.identity))
        return [new for peer in self.peers for _, new in peer.pairs.get(key, ())]


def marked(value: Scalar, words: Words) -> Scalar:
    """A value with marks in the place of environment and service."""
    return words.marked(value) if isinstance(value, str) else value


def with_service_marked(value: Scalar, words: Words) -> Scalar:
    """A value with a mark in the place of the service."""
    return words.with_service_marked(value) if isinstance(value, str) else value


def same(one: Scalar, other: Scalar) -> bool:
    """Whether two values are the same; `1`, `true` and `"1"` are not."""
    return type(one) is type(other) and one == other


def _unmarked(value: Scalar, service: str) -> Scalar:
    return value.replace(SERVICE, service) if isinstance(value, str) else value


def tells(value: Scalar) -> bool:
    """Whether a text is one that doesn't mean different things under different keys."""
    return isinstance(value, str) and len(value) >= _SHORTEST_TELLING and not value.isalpha()


def agreed(values: Iterable[Scalar]) -> Scalar:
    """The value that all have; None where they differ, or there is none."""
    found = list(values)
    return found[0] if found and all(same(found[0], each) for each in found) else None
