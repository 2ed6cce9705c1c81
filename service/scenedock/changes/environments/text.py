"""The text of a new environment: the title, the commit's message, and the Markdown of its pull request."""

from __future__ import annotations

from collections.abc import Iterator

from scenedock.changes.environments.decisions import OUTCOMES, Decision, counted
from scenedock.changes.environments.planned import CopyPlan, EnvironmentPlan, shown
from scenedock.changes.text import markdown, plain
from scenedock.structs import replace

_MOST_ROWS = 100


def with_text(plan: EnvironmentPlan) -> EnvironmentPlan:
    """The plan with its title, body and message."""
    title = f"Create {plan.new} of {plan.service} from {plan.old}"
    body = "\n\n".join(_body(plan))
    message = "\n".join([title, "", *(plain(line) for line in summary(plan))])
    return replace(plan, planned=replace(plan.planned, title=title, body=body, message=message))


def summary(plan: EnvironmentPlan) -> Iterator[str]:
    """What becomes of the keys, and where the environment is, in lines."""
    yield ", ".join(f"{count} {outcome}" for outcome, count in counted(plan.decisions).items())
    if plan.namespace:
        yield f"namespace: {plan.namespace}"
    if plan.hosts:
        yield f"hosts: {', '.join(plan.hosts)}"


def _body(plan: EnvironmentPlan) -> Iterator[str]:
    yield "\n".join(f"- {markdown(line)}" for line in summary(plan))
    yield from told(plan)


def told(plan: CopyPlan) -> Iterator[str]:
    """The decisions, the notes and what is lacking, as Markdown."""
    for outcome in OUTCOMES:
        rows = [each for each in plan.decisions if each.outcome == outcome]
        if rows:
            yield f"**{outcome.capitalize()}**"
            yield "\n".join(["| key | value | why |", "| --- | --- | --- |", *map(_row, rows[:_MOST_ROWS])])
        if len(rows) > _MOST_ROWS:
            yield f"… and {len(rows) - _MOST_ROWS} more keys."
    yield from (markdown(each) for each in plan.planned.notes)
    if plan.lacks:
        yield "**What it still lacks**"
        yield "\n".join(
            f"- [ ] {each.need}: {markdown(each.what)}{_place(str(each.place))}: {markdown(each.remedy)}"
            for each in plan.lacks
        )


def _row(decision: Decision) -> str:
    suggested = decision.suggestion if decision.is_open else None
    probably = f"; probably {shown(suggested)}" if suggested is not None else ""
    return f"| {markdown(decision.key)} | {markdown(change(decision))} | {markdown(decision.reason + probably)} |"


def change(decision: Decision) -> str:
    """What a key has and gets; of what is left out, nothing is shown."""
    if decision.outcome == "left out":
        return ""
    if decision.outcome == "copied":
        return shown(decision.old)
    new = "?" if decision.is_open else shown(decision.new)
    return f"{shown(decision.old)} → {new}"


def _place(place: str) -> str:
    return f" ({markdown(place)})" if place else ""
