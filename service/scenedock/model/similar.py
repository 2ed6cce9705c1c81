"""The name that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def similar(name: str, names: Iterable[str]) -> str:
    """The end of a message about a name that doesn't exist: ` (did you mean NAME?)`, or nothing.

    Of a short name with two letters exchanged, too little is equal; so the same letters in another order are close.

    >>> similar("wbe", ["api", "web"]), similar("biling", ["billing"]), similar("x", ["web"])
    (' (did you mean web?)', ' (did you mean billing?)', '')
    """
    from difflib import get_close_matches

    known = list(names)
    close = get_close_matches(name, known, n=1, cutoff=0.8) or [each for each in known if sorted(each) == sorted(name)]
    return f" (did you mean {close[0]}?)" if close else ""
