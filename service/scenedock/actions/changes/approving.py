"""Changes of versions that need an approval before they are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from scenedock.actions.approvals.asking import ask_approval
from scenedock.actions.effects import Effects
from scenedock.changes.planned import Planned
from scenedock.changes.text import Verb, markdown, plain
from scenedock.model.action import Context
from scenedock.model.approvals import ApprovalSubject
from scenedock.usecases.changes.plan_served import PlannedHere
from scenedock.usecases.changes.publish_change import How

_ACTIONS: Final[Mapping[Verb, str]] = {
    "Promote": "promote-deployment",
    "Roll back": "roll-back-deployment",
    "Set": "set-version",
}


def approved(context: Context[Effects], passes: str, here: PlannedHere, verb: Verb, how: How) -> PlannedHere:
    """The plan, with who approved it in its text, where the rules want that; `passes` is why somebody goes on without.

    What is refused anyway, and what changes nothing, is not asked for.

    Raises
    ------
    WaitingFor      nobody has decided yet
    ConflictError   it was refused, or nobody has decided in time
    """
    planned = here.planned
    if planned.refusals or not planned.files:
        return here
    sentence = ask_approval(
        context,
        _ACTIONS[verb],
        {environment for _, _, environment in planned.pairs},
        ApprovalSubject(
            planned.title, "\n\n".join((planned.body, *here.manifests.values())), "\n".join(_content(planned, how))
        ),
        passes=passes,
    )
    return _told(here, sentence) if sentence else here


def _content(planned: Planned, how: How) -> Iterator[str]:
    """What is approved: each version and its line, what would speak against it, and who merges it."""
    yield from sorted(f"{each.key} {each.old} {each.new} {each.place}" for each in planned.changes)
    yield from sorted(f"{each.code} {each.pair}" for each in planned.lifted)
    yield f"commits={how.commits} merges={how.merges}"


def _told(here: PlannedHere, sentence: str) -> PlannedHere:
    planned = here.planned
    return replace(
        here,
        planned=replace(
            planned,
            body=f"{planned.body}\n\n{markdown(sentence)}",
            message=f"{planned.message}\n{plain(sentence)}",
        ),
    )
