"""A difference as Markdown, for the text of a pull request: at most so many bytes, and nothing in it is a command.

Everything that a manifest says stands in a fenced block or a code span that it can't end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from scenedock.manifests.difference import Block, ManifestDiff
from scenedock.manifests.lines import counted, heading, hidden, lines_of, names_of, not_checked, safe, validated

LIMIT: Final = 60_000
"""Bytes. GitHub and Gitea take 65,536 characters; the rest is for what else the text says."""

_MOST_LINES: Final = (10_000, 300, 100, 30, 10, 3)
_MOST_NAMES: Final = 20
_SHORTEST: Final = 500
_MOST_PROBLEMS: Final = 50
_RUN = re.compile("`+")


def as_markdown(diff: ManifestDiff, limit: int = LIMIT) -> str:
    """A summary, then each block with whom it concerns. What doesn't fit is cut in each block, and counted.

    Raises
    ------
    ValueError   a limit of less than 500 bytes
    """
    if limit < _SHORTEST:
        raise ValueError(f"a limit of {limit} bytes is too short to say anything")
    parts: list[str] = []
    for most in _MOST_LINES:
        parts = [_block(block, most) for block in diff.blocks]
        text = _joined(diff, parts, [])
        if len(text.encode()) <= limit:
            return text
    for shown in _halves(len(parts)):
        text = _joined(diff, parts[:shown], diff.blocks[shown:])
        if len(text.encode()) <= limit:
            return text
    return f"{heading(diff)} The rest is too long to be shown.\n"


def code(text: str) -> str:
    """A text as a code span, which it can't end."""
    text = safe(text)
    fence = "`" * (max((len(run) for run in _RUN.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(lines: Sequence[str], language: str = "") -> str:
    """Lines as a fenced block, which they can't end."""
    longest = max((len(run) for line in lines for run in _RUN.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def _halves(number: int) -> list[int]:
    """Ever fewer, at last none."""
    fewer = [number * share // 16 for share in range(15, -1, -1)]
    return list(dict.fromkeys(fewer))


def _joined(diff: ManifestDiff, parts: Sequence[str], left_out: Sequence[Block]) -> str:
    texts = [heading(diff), *parts]
    if left_out:
        concerned = {pair for block in left_out for pair in block.pairs}
        lines = sum(1 for block in left_out for _ in lines_of(block))
        texts.append(
            f"Not shown for lack of space: {counted(lines, 'line')} of {counted(len(concerned), 'deployment')}."
        )
    texts += [hidden(diff), _unrendered(diff), _validation(diff)]
    return "\n\n".join(text for text in texts if text) + "\n"


def _block(block: Block, most: int) -> str:
    lines = [f"{line.sign} {line.text}".rstrip() for line in lines_of(block)]
    left = len(lines) - most
    body = fenced(lines[:most] if left > 0 else lines, "diff")
    more = f"\n\n… and {counted(left, 'line')} more" if left > 0 else ""
    number = len({(pair.repository, pair.service) for pair in block.pairs})
    several = f"{counted(number, 'service')}: " if number > 1 else ""
    return f"{several}{names_of(block.pairs, code, _MOST_NAMES)}\n\n{body}{more}"


def _unrendered(diff: ManifestDiff) -> str:
    if not diff.unrendered:
        return ""
    lines = [f"{names_of(each.pairs, safe, _MOST_NAMES)}: {safe(each.reason)[:500]}" for each in diff.unrendered[:50]]
    more = len(diff.unrendered) - len(lines)
    number = sum(len(each.pairs) for each in diff.unrendered)
    left = f"\n\n… and {counted(more, 'reason')} more" if more > 0 else ""
    return f"{counted(number, 'deployment')} couldn't be rendered:\n\n{fenced(lines)}{left}"


def _validation(diff: ManifestDiff) -> str:
    """What the change breaks by Kubernetes' schemas, if that was asked for."""
    if diff.validation is None:
        return ""
    lines = [safe(str(each))[:500] for each in diff.validation.problems[:_MOST_PROBLEMS]]
    lines += map(safe, not_checked(diff.validation.unchecked))
    left = len(diff.validation.problems) - _MOST_PROBLEMS
    more = f"\n\n… and {counted(left, 'problem')} more" if left > 0 else ""
    return validated(diff.validation) + (f"\n\n{fenced(lines)}" if lines else "") + more
