"""What people answer, put into the decisions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from scenedock.changes.environments.decisions import DROPPED, Decision
from scenedock.changes.environments.planned import Answers
from scenedock.documents.scalars import HELM, Scalar
from scenedock.errors import InputError
from scenedock.model.similar import similar
from scenedock.structs import replace

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


def split(answers: Answers, keys: Collection[str]) -> tuple[Answers, Answers]:
    """The answers that are about some keys, and the others; what is about all is in both."""

    def chosen(patterns: Sequence[str], *, about: bool) -> tuple[str, ...]:
        return tuple(each for each in patterns if each == "*" or any(map(_expression(each).fullmatch, keys)) is about)

    mine, rest = (
        Answers(
            answers={key: value for key, value in answers.answers.items() if (key in keys) is about},
            kept=chosen(answers.kept, about=about),
            accepted=chosen(answers.accepted, about=about),
            dropped=chosen(answers.dropped, about=about),
        )
        for about in (True, False)
    )
    return mine, rest


def answered(decisions: Sequence[Decision], wish: Answers) -> list[Decision]:
    """The decisions with the answers.

    Raises
    ------
    InputError   an answer or a pattern is about no key, or about a secret
    """
    by_key = {each.key: each for each in decisions}
    for key in wish.answers:
        if key not in by_key:
            raise InputError(f"there is no key {key!r} to answer{similar(key, by_key)}; the plan lists all")
        if by_key[key].outcome == "left out":
            raise InputError(
                f"{key} is left out ({by_key[key].reason}), so it can't be answered; set it where secrets are"
            )
    found = [_answered(each, wish.answers[each.key]) if each.key in wish.answers else each for each in decisions]
    for pattern in wish.dropped:
        found = _dropped(found, pattern)
    for pattern in wish.kept:
        found = _by_pattern(found, pattern, lambda each: each.old)
    for pattern in wish.accepted:
        found = _by_pattern(found, pattern, lambda each: each.suggestion)
    return found


def split_answer(answer: str) -> tuple[str, str, str]:
    """Key and value of an answer; the sign between them isn't that of an item: `env[name=TAG].value=1`."""
    depth = 0
    for at, sign in enumerate(answer):
        depth += {"[": 1, "]": -1}.get(sign, 0)
        if sign == "=" and depth <= 0:
            return answer[:at], sign, answer[at + 1 :]
    return answer, "", ""


def _dropped(decisions: Sequence[Decision], pattern: str) -> list[Decision]:
    """The decisions without the keys that match; of these, no value is kept."""
    expression = _expression(pattern)
    matching = {at for at, each in enumerate(decisions) if expression.fullmatch(each.key) and not each.entry.is_key}
    if not matching:
        raise InputError(f"{pattern!r} matches no key; the plan lists all")
    return [
        replace(each, outcome="left out", reason=DROPPED, old=None, new=None, suggestion=None)
        if at in matching and each.outcome != "left out"
        else each
        for at, each in enumerate(decisions)
    ]


def _expression(pattern: str) -> re.Pattern[str]:
    """What a pattern matches: `*` and `?` stand for others, brackets for themselves."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _by_pattern(decisions: Sequence[Decision], pattern: str, value_of: _ValueOf) -> list[Decision]:
    """The decisions with answers where keys match."""
    expression = _expression(pattern)
    matching = [each for each in decisions if each.outcome == "asked" and expression.fullmatch(each.key)]
    if not matching and pattern != "*":
        raise InputError(f"{pattern!r} matches no key that is asked; the plan lists all")
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
