"""What repositories say, as pages may show it: without signs that hide or turn around what stands there."""

from __future__ import annotations

import re
from typing import Final

_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def seen(html: str) -> str:
    r"""A page in which control characters, and those that change the direction of text, are spelled out.

    Other signs without a width stay: emoji and languages need them.

    >>> seen("a\u202eb\x1b[1m")
    'a\\u202eb\\x1b[1m'
    """
    return _UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode(), html)
