"""What people answer, put into the decisions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from scenedock.changes.environments.decisions import Decision
from scenedock.changes.environments.planned import NewEnvironment
from scenedock.documents.scalars import HELM, Scalar
from scenedock.errors import InputError
from scenedock.model.similar import similar

_ValueOf: TypeAlias = Callable[[Decision], Scalar]


def with_keys(decisions: Sequence[Decision], files: Mapping[int, str]) -> list[Decision]:
    """The decisions with keys that tell them apart: the path; else with the document, else with the file, too.

    `files` are the paths of the files, by the numbers of the decisions.
    """
    shapes = [
        [
            each.key,
            f"{each.entry.identity[0]}:{each.key}",
            f"{files[at]}:{each.key}",
            f"{files[at]}:{each.entry.document}:{each.key}",
            f"{files[at]}:{each.entry.document}:{each.key}:{each.entry.start}",
        ]
        for at, each in enumerate(decisions)
    ]
    keys = [each[0] for each in shapes]
    for shape in range(1, len(shapes[0]) if shapes else 0):
        counted = Counter(keys)
        keys = [key if counted[key] == 1 else shapes[at][shape] for at, key in enumerate(keys)]
    return [replace(each, key=key) for each, key in zip(decisions, keys, strict=True)]


def answered(decisions: Sequence[Decision], wish: NewEnvironment) -> list[Decision]:
    """The decisions with the answers.

    Raises
    ------
    InputError   an answer or a pattern is about no key, or about a secret
    """
    by_key = {each.key: each for each in decisions}
    for key in wish.answers:
        if key not in by_key:
            raise InputError(f"there is no key {key!r} to answer{similar(key, by_key)}; `--plan` lists all")
        if by_key[key].outcome == "left out":
            raise InputError(
                f"{key} is left out ({by_key[key].reason}), so it can't be answered; set it where secrets are"
            )
    found = [_answered(each, wish.answers[each.key]) if each.key in wish.answers else each for each in decisions]
    for pattern in wish.kept:
        found = _by_pattern(found, pattern, lambda each: each.old)
    for pattern in wish.accepted:
        found = _by_pattern(found, pattern, lambda each: each.suggestion)
    return found


def _by_pattern(decisions: Sequence[Decision], pattern: str, value_of: _ValueOf) -> list[Decision]:
    """The decisions with answers where keys match; `*` and `?` stand for others, brackets for themselves."""
    expression = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    matching = [each for each in decisions if each.outcome == "asked" and expression.fullmatch(each.key)]
    if not matching and pattern != "*":
        raise InputError(f"{pattern!r} matches no key that is asked; `--plan` lists all")
    return [
        replace(each, new=value_of(each), is_answered=True)
        if each in matching and each.is_open and (value_of(each) is not None or each.old is None)
        else each
        for each in decisions
    ]


def _answered(decision: Decision, answer: Scalar) -> Decision:
    """A decision with an answer: a text where the source has a text, else what Helm reads."""
    is_text = isinstance(decision.old, str) and decision.old not in {"{}", "[]"}
    value = str(answer) if is_text and not isinstance(answer, str) else answer
    if not is_text and isinstance(answer, str):
        value = HELM.plain(answer)
    if decision.outcome == "asked":
        return replace(decision, new=value, is_answered=True)
    reason = f"answered, instead of: {decision.reason}"
    return replace(decision, outcome="replaced", new=value, is_answered=True, reason=reason)
