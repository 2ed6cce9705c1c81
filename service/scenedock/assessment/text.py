"""Assessments as text for a terminal: what blocks first, each claim with its place, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scenedock.assessment.assess import Assessment
from scenedock.assessment.claims import WEIGHTS
from scenedock.assessment.order import Order
from scenedock.assessment.rules import RULES
from scenedock.assessment.runbook import runbook_answers, unanswered

_MOST_PLACES: Final = 3
_SAID: Final = {
    "blocked": "something must be changed before it can run in containers",
    "work": "it can run in containers after some work",
    "ready": "no rule found anything that speaks against containers",
    "unknown": "no line says what runs here",
}


def assessment_lines(assessment: Assessment, *, verbose: bool) -> Iterator[str]:
    """What is said of one application."""
    yield f"{assessment.name}: {assessment.readiness}: {_SAID[assessment.readiness]}"
    yield f"  {assessment.files:,} files, {assessment.read:,} of them read, {assessment.lines:,} lines of code"
    for weight in WEIGHTS:
        for rule in assessment.rules(weight):
            yield from _rule_lines(assessment, rule, verbose=verbose)
    answers = runbook_answers(assessment)
    evidence = answers.get("evidence", {})
    for question, answer in answers.items():
        if isinstance(answer, str) and question != "name" and not isinstance(evidence, str):
            place = evidence.get(question)
            yield f"  {question.replace('_', ' ')}: {answer}{f' ({place})' if place else ''}"
    yield from (
        f"  {question.replace('_', ' ')}: unknown{_several(assessment, question)}"
        for question in unanswered(assessment)
    )
    yield from (f"  not read: {each.place.path}: {each.message}" for each in assessment.problems)


def _rule_lines(assessment: Assessment, rule: str, *, verbose: bool) -> Iterator[str]:
    claims = assessment.of_rule(rule)
    shown = claims if verbose else claims[:_MOST_PLACES]
    weight = RULES[rule].weight
    yield f"  {weight}: {RULES[rule].title} ({rule})"
    yield from (f"    {claim.place}: {claim.said}" for claim in shown)
    if hidden := len(claims) - len(shown):
        yield f"    and {hidden:,} more; --verbose prints all"
    if left_out := assessment.left_out.get(rule):
        yield f"    and {left_out:,} more that are only counted"
    if weight != "note":
        yield f"    {RULES[rule].why} {RULES[rule].remedy}"


def _several(assessment: Assessment, question: str) -> str:
    values = assessment.contradictions.get(question, ())
    return (
        f", as lines say {', '.join(values[:_MOST_PLACES])}{' …' if len(values) > _MOST_PLACES else ''}"
        if values
        else ""
    )


def order_lines(order: Order) -> Iterator[str]:
    """The order of migration, with its reasons."""
    yield "Order of migration:"
    for number, step in enumerate(order.steps, 1):
        yield f"  {number}. {' and '.join(step.applications)}: {'; '.join(step.reasons)}"
    for shared in order.shared:
        places = ", ".join(f"{name}:{place}" for name, place in shared.places.items())
        yield f"  Several name {shared.host}: {places}"
