"""Glob patterns over paths of a repository.

`*` stays within a folder, `**` crosses folders, `{a,b}` and `[a-z]` work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wcmatch.glob import BRACE, DOTGLOB, FORCEUNIX, GLOBSTAR, globmatch

_FLAGS = GLOBSTAR | BRACE | DOTGLOB | FORCEUNIX


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path matches one of the patterns (a trailing slash of a pattern is ignored)."""
    cleaned = [pattern.strip("/") for pattern in patterns]
    return bool(cleaned) and globmatch(path, cleaned, flags=_FLAGS)


def first_match(path: str, table: Mapping[str, str]) -> str:
    """The value of the first pattern in the table's order that a path matches, or an empty string."""
    return next((value for pattern, value in table.items() if matches(path, [pattern])), "")
