"""What the text of a tag tells: whether it moves, what it is without the digest it is pinned to, and its precedence.

Source of semantic versions, which are read strictly: "Semantic Versioning 2.0.0"; its pattern, and its precedence.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scenedock.structs import dataclass

# What moves: branches, the tags that registries' users move, and ranges of versions. Source: Docker, "Tag"; names that
# git hosts give; Helm, "Chart Dependencies".
_MUTABLE = re.compile(
    r"(?:(?:.+-)?latest|stable|edge|nightly|canary|dev|develop|development|main|master|trunk|head|release|staging|production)"
    r"|.*[*^~<>|].*|v?\d+(?:\.\d+)?\.x",
    re.IGNORECASE,
)

_RANGE = re.compile(r"[vV=]?(?:\d+(?:\.\d+)?|(?:\d+\.){0,2}[xX](?:\.[xX]){0,2})|.*\s.*")

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_LONGEST = 256


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


@dataclass(frozen=True, slots=True, order=True)
class SemVer:
    """A version; two are equal where neither has precedence, so neither build metadata nor a digest counts.

    A prerelease is before its release; of its parts, numbers are before words, and compared as numbers.

    >>> SemVer.parse("1.0.0-rc.2") < SemVer.parse("1.0.0-rc.10") < SemVer.parse("v1.0.0")
    True
    """

    core: tuple[int, int, int]
    is_release: bool = True
    prerelease: tuple[tuple[bool, int, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> SemVer | None:
        """The version in a tag, which may begin with `v` and be pinned to a digest; None where it isn't one."""
        match = _SEMVER.fullmatch(text.removeprefix("v")) if len(text) <= _LONGEST else None
        if match is None:
            return None
        major, minor, patch, prerelease, _build = match.groups()
        parts = prerelease.split(".") if prerelease else ()
        ranks = tuple((not each.isdigit(), int(each) if each.isdigit() else 0, each) for each in parts)
        return cls((int(major), int(minor), int(patch)), not ranks, ranks)
