"""Changes that only follow from others, which a reviewer needn't read: they are counted, not shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from scenedock.manifests.difference import Change, Path

CHECKSUMS: Final = "checksums"
CHART_LABELS: Final = "chart labels"
VERSION_LABELS: Final = "version labels"
HASHES: Final = "hashed names"

_CHART = frozenset({"helm.sh/chart", "chart", "heritage", "app.kubernetes.io/managed-by"})
_CHECKSUMS = frozenset({"rollme", "kubectl.kubernetes.io/last-applied-configuration"})
_VERSION: Final = "app.kubernetes.io/version"


def reason_to_hide(change: Change, tags: Collection[tuple[str, str]], renamed: Collection[tuple[str, str]]) -> str:
    """What a change is if it only follows from others, else empty.

    `tags` are the images before and after that changed in the same pair, `renamed` the names whose hash changed.
    """
    if isinstance(change.before, str) and isinstance(change.after, str) and (change.before, change.after) in renamed:
        return HASHES
    word = _word(change.path)
    if word in _CHART:
        return CHART_LABELS
    if word in _CHECKSUMS or word.startswith(("checksum/", "checksum.")) or word.endswith(("/checksum", "-checksum")):
        return CHECKSUMS
    if word == _VERSION and change.kind == "changed":
        before, after = str(change.before), str(change.after)
        return VERSION_LABELS if any(before in old and after in new for old, new in tags) else ""
    return ""


def image_changes(changes: Iterable[Change]) -> set[tuple[str, str]]:
    """The images that changed: before and after."""
    return {
        (change.before, change.after)
        for change in changes
        if change.path[-1:] == ("image",) and isinstance(change.before, str) and isinstance(change.after, str)
    }


def _word(path: Path) -> str:
    """The label or annotation that a path leads to; empty if it leads elsewhere."""
    if len(path) < 3 or path[-3] != "metadata" or path[-2] not in {"annotations", "labels"}:
        return ""
    return str(path[-1])
