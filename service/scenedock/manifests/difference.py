"""The nouns of a comparison: changes of values, of objects, and blocks of those that several services share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from scenedock.manifests.rendered import Pair
from scenedock.model.json import Json, JsonObject
from scenedock.structs import dataclass, field

Kind: TypeAlias = Literal["added", "removed", "changed"]


class Item(NamedTuple):
    """A step to an item of a list: the one whose `key` has this value, or, without a key, the one at this position."""

    key: str
    value: str

    def __str__(self) -> str:
        """`[name=web]`, `[0]`."""
        return f"[{self.key}={self.value}]" if self.key else f"[{self.value}]"


Path: TypeAlias = tuple[str | Item, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. What is added or removed may be a whole mapping or list.

    `reordered` are items of a list that are the same but in another order: `before` and `after` name them. The values
    of a secret aren't kept: they are None.
    """

    path: Path
    kind: Literal["added", "removed", "changed", "reordered"]
    before: Json = None
    after: Json = None
    is_secret: bool = False


class ObjectId(NamedTuple):
    """What makes an object of Kubernetes the same one; its version isn't part of it."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`Deployment shop/billing`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """An object that was added, removed or changed.

    `manifest` is what was added or removed, without the values of secrets. `was` is the name it had before.
    """

    id: ObjectId
    kind: Kind
    changes: tuple[Change, ...] = ()
    manifest: JsonObject | None = None
    was: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Changes that are the same for all of `pairs`.

    Where they differ only in the names of service and environment, `{service}` and `{environment}` stand for these.
    """

    pairs: tuple[Pair, ...]
    objects: tuple[ObjectChange, ...]


@dataclass(frozen=True, slots=True)
class Unrendered:
    """Pairs that couldn't be compared, for one reason."""

    pairs: tuple[Pair, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """What is wrong at a path of an object of one pair; no message repeats a value."""

    pair: Pair
    id: ObjectId
    path: str
    message: str

    def __str__(self) -> str:
        """`billing in qa: Service billing: spec.ports[0].prot: there is no such key here`."""
        return f"{self.pair}: {self.id}: {self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class NewProblems:
    """What a change breaks, by the schemas of a version of Kubernetes.

    `problems` weren't there before, and `broken` are pairs that can't be rendered any more. `known` counts problems
    that were there before, `checked` objects afterwards, `unchecked` those of kinds for which there is no schema.
    """

    problems: tuple[ManifestProblem, ...]
    broken: tuple[Pair, ...]
    known: int
    checked: int
    unchecked: Mapping[str, int]
    version: str

    def __bool__(self) -> bool:
        return bool(self.problems or self.broken)


@dataclass(frozen=True, slots=True)
class ManifestDiff:
    """All that differs between what was rendered before and after.

    `compared` counts pairs; `manifests` those that were added, removed or changed; `hidden`, by what they are, changes
    that only follow from others. `validation` is what the change breaks, where that was asked for.
    """

    blocks: tuple[Block, ...] = ()
    unrendered: tuple[Unrendered, ...] = ()
    compared: int = 0
    manifests: Mapping[Kind, int] = field(default_factory=dict)
    hidden: Mapping[str, int] = field(default_factory=dict)
    validation: NewProblems | None = None

    def __bool__(self) -> bool:
        return bool(self.blocks)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of which anything differs."""
        return tuple(sorted({pair for block in self.blocks for pair in block.pairs}, key=lambda pair: pair.sort_key))
