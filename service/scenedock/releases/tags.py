"""What the text of a tag tells: whether it moves, and what is left of it without the digest that it is pinned to."""

from __future__ import annotations

import re
from functools import lru_cache

# What moves: branches, the tags that registries' users move, and ranges of versions. Source: Docker, "Tag"; names that
# git hosts give; Helm, "Chart Dependencies".
_MUTABLE = re.compile(
    r"(?:(?:.+-)?latest|stable|edge|nightly|canary|dev|develop|development|main|master|trunk|head|release|staging|production)"
    r"|.*[*^~<>|].*|v?\d+(?:\.\d+)?\.x",
    re.IGNORECASE,
)

_RANGE = re.compile(r"[vV=]?(?:\d+(?:\.\d+)?|(?:\d+\.){0,2}[xX](?:\.[xX]){0,2})|.*\s.*")


@lru_cache(maxsize=16_384)  # the services of a repository have the same few versions in their environments
def is_mutable(tag: str) -> bool:
    """Whether it says a place that others fill again and again, and no version."""
    return _MUTABLE.fullmatch(tag) is not None


def is_range(version: str) -> bool:
    """Whether the version of a chart is one of several: Helm takes the newest that fits.

    >>> [is_range(each) for each in ("1", "v1.2", "1.x.x", "1.0.0 - 2.0.0", ">=1, <2", "1.2.3", "1.2.3-rc.x")]
    [True, True, True, True, True, False, False]
    """
    return is_mutable(version) or _RANGE.fullmatch(version) is not None


def without_pin(version: str) -> str:
    """The tag without the digest that it is pinned to; where the tag moves, the digest is what tells the version.

    >>> without_pin("1.4.0@sha256:0f3a"), without_pin("latest@sha256:0f3a"), without_pin("sha256:0f3a")
    ('1.4.0', 'latest@sha256:0f3a', 'sha256:0f3a')
    """
    tag, at, _ = version.partition("@")
    return version if not at or is_mutable(tag) else tag
