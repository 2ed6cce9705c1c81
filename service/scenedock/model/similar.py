"""The name that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def similar(name: str, names: Iterable[str]) -> str:
    """The end of a message about a name that doesn't exist: ` (did you mean NAME?)`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(names), n=1, cutoff=0.8)
    return f" (did you mean {close[0]}?)" if close else ""
