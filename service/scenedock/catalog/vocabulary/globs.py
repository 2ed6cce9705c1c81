"""Glob patterns over paths of a repository.

`*` and `?` stay within a folder, `**` crosses folders, `{a,b}` and `[a-z]` work.
Patterns come from repositories, so none may cost more than its length times that of the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import TypeAlias

_Segments: TypeAlias = tuple[re.Pattern[str] | None, ...]
"""A pattern for each folder of a path; None stands for `**`."""

# The innermost braces that hold a comma.
_BRACES = re.compile(r"\{([^{},]*,[^{}]*)\}")
_SIGNS = re.compile(r"[*?\[{]|//")
_MOST_ALTERNATIVES = 1000
_LONGEST = 4096


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path matches one of the patterns (a trailing slash of a pattern is ignored).

    Raises
    ------
    ValueError   a pattern is too long, or expands to too many
    """
    parts = path.split("/") if path else []
    return any(_matches(parts, segments) for pattern in patterns for segments in compiled(pattern))


def first_match(path: str, table: Mapping[str, str]) -> str:
    """The value of the first pattern in the table's order that a path matches, or an empty string."""
    return next((value for pattern, value in table.items() if matches(path, [pattern])), "")


def beginning_of(pattern: str) -> str:
    """The beginning of every path that a pattern matches: cheap to compare, and it avoids most of the matching."""
    return _SIGNS.split(pattern, maxsplit=1)[0].strip("/")


def is_glob(text: str) -> bool:
    """Whether a text is a valid pattern; nearly every text is."""
    try:
        compiled(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> tuple[_Segments, ...]:
    """A pattern, ready to be matched: one for each way to choose among its braces.

    Raises
    ------
    ValueError   it is too long, or expands to too many
    """
    if len(pattern) > _LONGEST:
        raise ValueError(f"a pattern has {len(pattern):,} characters; at most {_LONGEST:,} are supported")
    return tuple(tuple(_segments(each)) for each in _expanded(pattern))


def _expanded(pattern: str) -> list[str]:
    """The pattern with each alternative of its braces in their place."""
    done: dict[str, None] = {}
    waiting = [pattern]
    while waiting:
        each = waiting.pop()
        if braces := _BRACES.search(each):
            before, after = each[: braces.start()], each[braces.end() :]
            waiting.extend(before + choice + after for choice in braces[1].split(","))
        else:
            done[each] = None
        if len(done) + len(waiting) > _MOST_ALTERNATIVES:
            raise ValueError(
                f"the pattern {pattern[:80]!r} expands to more than {_MOST_ALTERNATIVES:,}; use fewer braces"
            )
    return list(done)


def _segments(glob: str) -> Iterator[re.Pattern[str] | None]:
    """The patterns of the folders' names: `fnmatch` makes regular expressions that don't backtrack over stars."""
    names = [name for name in glob.split("/") if name]
    if names[1:] and names[-1] == "**":
        names.insert(-1, "*")  # `apps/**` is what lies in `apps`, not `apps`
    for name in names:
        yield None if name == "**" else re.compile(translate(name.replace("[^", "[!")))


def _matches(parts: list[str], segments: _Segments) -> bool:
    """Whether the names of a path match, by keeping all places in the pattern where the path may be."""
    places = _opened({0}, segments)
    for part in parts:
        reached = {place for place in places if place < len(segments) and segments[place] is None}
        reached |= {
            place + 1
            for place in places
            if place < len(segments) and (segment := segments[place]) and segment.fullmatch(part)
        }
        places = _opened(reached, segments)
    return len(segments) in places


def _opened(places: set[int], segments: _Segments) -> set[int]:
    """The places and those behind a `**` there, which may stand for no folder at all."""
    opened = set(places)
    for place, segment in enumerate(segments):
        if segment is None and place in opened:
            opened.add(place + 1)
    return opened
