"""Texts of others in which GitLab finds no quick action: a line such as `/approve` would run with our rights."""

from __future__ import annotations

import re
from typing import Final

_ACTION: Final = re.compile(r"^(\s*)/(?=[A-Za-z])")
_IN_FENCE: Final = re.compile(r"^()/(?=[A-Za-z])")
"""Between fences only the first column is suspicious: a code block keeps the lines of a diff as they are."""
_FENCE: Final = "```"


def inert(text: str) -> str:
    r"""The text with a backslash before each `/` that GitLab may take for a quick action; Markdown shows the same.

    Only what GitLab surely takes for a code block is one: from a line that begins with three backticks in the first
    column to one that is nothing else.

    >>> inert("Please\n/approve")
    'Please\n\\/approve'
    """
    lines = text.splitlines()
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE]
    shown, end = [], -1
    for number, line in enumerate(lines):
        if number > end and line.startswith(_FENCE):
            end = next((each for each in ends if each > number), -1)
        shown.append((_IN_FENCE if number <= end else _ACTION).sub(r"\1\\/", line))
    return "\n".join(shown)
