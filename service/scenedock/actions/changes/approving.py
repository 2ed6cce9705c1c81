"""Changes of versions that need an approval before they are published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from scenedock.actions.approvals.asking import ask_approval
from scenedock.actions.effects import Effects
from scenedock.changes.planned import Planned
from scenedock.changes.text import Verb, markdown, plain
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.model.action import Context
from scenedock.model.approvals import ApprovalSubject
from scenedock.structs import replace
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
    InputError, NotAllowedError   it could be published nowhere
    """
    planned = here.planned
    if planned.refusals or not planned.files:
        return here
    for home in here.homes.values():
        home.require_host(context.effects.code_hosts)
    merged = list(_merged_by(context.effects.code_hosts, here, how))
    sentence = ask_approval(
        context,
        _ACTIONS[verb],
        {environment for _, _, environment in planned.pairs},
        ApprovalSubject(
            planned.title,
            "\n\n".join((*merged, planned.body, *here.manifests.values())),
            "\n".join(_content(planned, merged)),
        ),
        passes=passes,
    )
    return _told(here, sentence) if sentence else here


def _content(planned: Planned, merged: Iterable[str]) -> Iterator[str]:
    """What is approved: each version and its line, what would speak against it, and who merges it."""
    yield from sorted(f"{each.key} {each.old} {each.new} {each.place}" for each in planned.changes)
    yield from sorted(f"{each.code} {each.pair}" for each in planned.lifted)
    yield from merged


def _merged_by(hosts: CodeHosts, here: PlannedHere, how: How) -> Iterator[str]:
    """What nobody else looks at after the approval."""
    for home in here.homes.values():
        address = home.address(hosts)
        if how.commits and hosts.host_of(address).takes_commits(address):
            yield f"**This is committed to {markdown(home.name)} without a pull request.**"
        elif how.merges:
            yield f"**The code host merges the pull request in {markdown(home.name)} as soon as its rules allow.**"


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
