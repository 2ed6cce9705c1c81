"""The secrets among the values of a deployment, as a library chart takes them: `sealedSecrets`, `externalSecrets`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import Final

from scenedock.changes.secrets.manifests import Kind
from scenedock.changes.targets import own_layers
from scenedock.documents.merging import merge_values
from scenedock.errors import InputError
from scenedock.model.json import JsonObject, as_object, value_at
from scenedock.releases.deployed import Deployed, Layer
from scenedock.releases.images import Keys
from scenedock.releases.release import PairKey
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass
from scenedock.usecases.changes.ground import Ground

WORDS: Final[Mapping[Kind, str]] = {"SealedSecret": "sealedSecrets", "ExternalSecret": "externalSecrets"}
DATA: Final[Mapping[Kind, str]] = {"SealedSecret": "encryptedData", "ExternalSecret": "data"}
_DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class Entries:
    """The place of secrets in values, and the secrets that are there, merged as Helm merges its files."""

    root: Keys
    by_name: Mapping[str, JsonObject]


def entries_of(deployed: Deployed, kind: Kind) -> tuple[Entries, ...]:
    """Where values have secrets of a kind, or the charts that it uses take them; those in use alone, if any are."""
    nothing: JsonObject = {}
    values = reduce(merge_values, (each.values for each in deployed.layers), nothing)
    layers = (*deployed.defaults, *deployed.layers)
    roots = dict.fromkeys(
        root for layer in layers for root in _roots(layer.values, WORDS[kind]) if root[0] not in deployed.foreign
    )
    found = []
    for root in roots:
        by_name = {name: as_object(each) for name, each in as_object(value_at(values, root)).items()}
        if all(_is_entry(each, kind) for each in by_name.values()):
            found.append(Entries(root, by_name))
    used = [each for each in found if each.by_name]
    return tuple(used or found)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a secret is or gets written in values of a deployment alone."""

    repository: str
    path: str
    spot: Spot


def target_of(ground: Ground, key: PairKey, entries: Entries, name: str, keys: Collection[str], kind: Kind) -> Target:
    """Where the values of one deployment alone have a secret, or get it.

    Raises
    ------
    InputError   it has no values of its own, or others count for more
    """
    deployed = ground.deployed[key]
    at = (*entries.root, name)
    own = list(own_layers(deployed, ground.users))
    if not own:
        where = deployed.environment or "this environment"
        raise InputError(
            f"{deployed.service} has no values file that is deployed for {where} alone, where its secrets could be; "
            f"add one, such as values-{deployed.environment or 'secrets'}.yaml, or give `path`"
        )
    number, layer, spot = max(own, key=lambda each: (*_fitness(each[1], at, keys, kind), each[0]))
    for above in deployed.layers[number + 1 :]:
        there = as_object(value_at(above.values, (*at, DATA[kind])))
        if taken := sorted(set(keys) & there.keys()):
            raise InputError(f"{above.path} sets {taken[0]} of the secret {name}, too, and counts for more")
    return Target(layer.elsewhere or deployed.repository, layer.path, spot.below(at))


def _fitness(layer: Layer, at: Keys, keys: Collection[str], kind: Kind) -> tuple[bool, bool, bool, int]:
    there = as_object(value_at(layer.values, (*at, DATA[kind])))
    depth = sum(value_at(layer.values, at[:length]) is not None for length in range(1, len(at) + 1))
    return any(key in there for key in keys), bool(there), layer.is_file, depth


def _roots(value: JsonObject, word: str, above: tuple[str, ...] = ()) -> Iterator[Keys]:
    for key, below in value.items():
        if key == word and (below is None or isinstance(below, dict)):
            yield (*above, key)
        elif len(above) + 1 < _DEEPEST and isinstance(below, dict):
            yield from _roots(below, word, (*above, key))


def _is_entry(entry: JsonObject, kind: Kind) -> bool:
    """Whether a library chart like ours can have it."""
    if kind == "SealedSecret":
        return isinstance(entry.get("encryptedData"), dict)
    return "store" in entry
