"""The text of a change: the title, the commit's message, and the Markdown of its pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from scenedock.changes.planned import Planned, Refusal, VersionChange
from scenedock.structs import dataclass, replace

Verb: TypeAlias = Literal["Promote", "Roll back", "Set"]
_MOST_NAMED = 20
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~])")
_REFERENCES = re.compile(r"([@#!$%&^])(?=[\w#])")
_LINE = re.compile(r"^(.+): \S* -> (\S+)$", re.MULTILINE)
_JOINER = "\u2060"
"""A sign without width: where it follows, code hosts see no name, and Markdown no entity."""
_ORDERS = re.compile(r"[\[@#!&]|:(?=//)|GH(?=-)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dependent:
    """Who depends on a service, and the owner."""

    entity: str
    owner: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says besides the changes: comparisons by service, and dependents of those that break something."""

    comparisons: Mapping[str, str]
    dependents: Mapping[str, Sequence[Dependent]]


def with_text(planned: Planned, verb: Verb, told: Told, reason: str = "") -> Planned:
    """The plan with its title, body and message; `reason` is why somebody passes locks."""
    title = _title(verb, [each for each in planned.changes if each.asked])
    body = "\n\n".join(_body(planned, told, reason))
    lines = [_line(each) for each in planned.changes]
    passed = (
        [f"A lock is passed: {plain(reason)}"]
        if reason and any(each.code == "locked" for each in planned.lifted)
        else []
    )
    return replace(planned, title=title, body=body, message="\n".join([title, "", *lines, *passed]))


def versions_in(message: str) -> Mapping[str, str]:
    r"""The versions that the message of a change sets, by `service/environment` as the message has it.

    >>> versions_in("Set billing in dev to 1.4.2\n\nbilling/dev: 1.4.1 -> 1.4.2")
    {'billing/dev': '1.4.2'}
    """
    return {pair: new.replace(_JOINER, "") for pair, new in _LINE.findall(message)}


def _line(change: VersionChange) -> str:
    return plain(f"{change.pair}: {change.old} -> {change.new}")


def _title(verb: Verb, changes: Sequence[VersionChange]) -> str:
    if not changes:
        return "Change nothing"
    services = list(dict.fromkeys(each.key[1] for each in changes))
    environments = list(dict.fromkeys(each.key[2] for each in changes if each.key[2]))
    versions = list(dict.fromkeys(each.new for each in changes))
    what = services[0] if len(services) == 1 else f"{len(services)} services"
    where = environments[0] if len(environments) == 1 else f"{len(environments)} environments" if environments else ""
    version = f" {versions[0]}" if len(versions) == 1 else ""
    if verb == "Promote":
        return f"Promote {what}{version}{f' to {where}' if where else ''}"
    there = f" in {where}" if where else ""
    if verb == "Set":
        return f"Set {what}{there}{f' to{version}' if version else ''}"
    return f"Roll {what}{there} back{f' to{version}' if version else ''}"


def _body(planned: Planned, told: Told, reason: str) -> Iterator[str]:
    if not planned.changes:
        yield "Nothing changes."
    else:
        rows = ["| deployment | from | to | by Semantic Versioning | line |", "| --- | --- | --- | --- | --- |"]
        rows += [
            f"| {markdown(each.pair)} | {markdown(each.old)} | {markdown(each.new)} | {each.step} "
            f"| {markdown(str(each.place))}{' (new)' if each.inserted else ''} |"
            for each in planned.changes
        ]
        yield "\n".join(rows)
    if unasked := [each.pair for each in planned.changes if not each.asked]:
        yield f"**The same line deploys to {_number(len(planned.changes))} at once**, also to {named(unasked)}."
    for each in planned.changes:
        if each.replaced:
            yield f"{markdown(each.pair)} inherited its version from {markdown(str(each.replaced))}, which stays."
    for service, link in told.comparisons.items():
        yield f"What is new in {markdown(service)}: {link}"
    for service, dependents in told.dependents.items():
        who = ", ".join(f"{markdown(each.entity)} ({markdown(each.owner)})" for each in dependents[:_MOST_NAMED])
        more = f" and {len(dependents) - _MOST_NAMED} more" if len(dependents) > _MOST_NAMED else ""
        yield f"**{markdown(service)} changes in a breaking way.** On it depend {who}{more}."
    yield from (markdown(each) for each in planned.notes)
    if planned.lifted:
        yield "\n".join(["Allowed by who asked for this:", *(f"- {_said(each)}" for each in planned.lifted)])
    if reason and any(each.code == "locked" for each in planned.lifted):
        yield f"Why the lock is passed: {markdown(reason)}"


def _said(refusal: Refusal) -> str:
    return f"{refusal.code}: {markdown(refusal.message)}"


def named(pairs: Sequence[str]) -> str:
    """Some names, not all if they are many."""
    more = f" and {len(pairs) - _MOST_NAMED:,} more" if len(pairs) > _MOST_NAMED else ""
    return markdown(", ".join(pairs[:_MOST_NAMED])) + more


def markdown(text: str) -> str:
    """A text in which Markdown finds no signs of its own, and code hosts no mentions and references."""
    return _SIGNS.sub(r"\\\1", _plain(text))


def _plain(text: str) -> str:
    """A text in one line, in which code hosts find no mentions and references."""
    return _REFERENCES.sub(rf"\1{_JOINER}", " ".join(text.split()))


def plain(text: str) -> str:
    """A text in one line of a commit's message, in which code hosts find no orders: to skip pipelines, close issues or
    notify people.
    """
    return _ORDERS.sub(rf"\g<0>{_JOINER}", " ".join(text.split()))


def _number(count: int) -> str:
    return f"{count:,} deployment{'' if count == 1 else 's'}"
