"""Which exact versions of charts from elsewhere a chart takes: those of its Chart.lock, if that fits.

Source: Helm, `HashReq` (the digest of a lock is that of what it was made for, and of what it says).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text

_EXACT: Final = re.compile(r"v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?")
_FIELDS: Final = ("name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias")
"""Of a dependency, in the order in which Helm writes them."""
_ALWAYS: Final = frozenset({"name", "repository"})
_ESCAPED: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class ListedChart(NamedTuple):
    """A chart that another depends on; `version` is exact, a range, or empty."""

    name: str
    repository: str
    version: str

    @property
    def is_exact(self) -> bool:
        """Whether the version is exact."""
        return _EXACT.fullmatch(self.version) is not None


def listed_in(document: JsonObject) -> list[ListedChart]:
    """The dependencies of a Chart.yaml, requirements.yaml or lock."""
    return [
        ListedChart(*(as_text(each.get(key)) for key in ("name", "repository", "version")))
        for each in map(as_object, as_list(document.get("dependencies")))
    ]


def locked_versions(document: JsonObject, lock: JsonObject, path: str) -> Mapping[tuple[str, str], str]:
    """The versions in the lock at a path, by name and repository of the chart.

    Raises
    ------
    InputError   the lock was made for other dependencies
    """
    if as_text(lock.get("digest")) != _digest(document, lock):
        raise InputError(f"{path}: it doesn't fit the dependencies any more; run `helm dependency update`")
    return {(each.name, each.repository): each.version for each in listed_in(lock)}


def _digest(document: JsonObject, lock: JsonObject) -> str:
    both = [[_described(each) for each in _dependencies(one)] for one in (document, lock)]
    text = json.dumps(both, separators=(",", ":"), ensure_ascii=False)
    text = re.sub("[<>&\u2028\u2029]", lambda found: _ESCAPED[found[0]], text)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _dependencies(document: JsonObject) -> Sequence[JsonObject]:
    return list(map(as_object, as_list(document.get("dependencies"))))


def _described(dependency: JsonObject) -> dict[str, Json]:
    return {key: _sorted(dependency.get(key, "")) for key in _FIELDS if key in _ALWAYS or dependency.get(key)}


def _sorted(value: Json) -> Json:
    """A value with the keys of mappings in order, as Go writes them."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value
