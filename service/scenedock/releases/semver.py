"""Semantic versions, read strictly. Source: "Semantic Versioning 2.0.0"; its pattern, and its precedence."""

from __future__ import annotations

import re

from scenedock.structs import dataclass

_PATTERN = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_LONGEST = 256


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
        match = _PATTERN.fullmatch(text.removeprefix("v")) if len(text) <= _LONGEST else None
        if match is None:
            return None
        major, minor, patch, prerelease, _build = match.groups()
        parts = prerelease.split(".") if prerelease else ()
        ranks = tuple((not each.isdigit(), int(each) if each.isdigit() else 0, each) for each in parts)
        return cls((int(major), int(minor), int(patch)), not ranks, ranks)
