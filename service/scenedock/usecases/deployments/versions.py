"""Put the version that somebody names where a new deployment has that of its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scenedock.changes.deployments.planned import NewDeployment
from scenedock.changes.environments.decisions import Decision
from scenedock.changes.environments.entries import Entry
from scenedock.changes.planned import VersionChange
from scenedock.structs import replace
from scenedock.usecases.deployments.comparing import ServiceComparer
from scenedock.usecases.environments.drafting import Draft, decide
from scenedock.usecases.environments.pieces import Piece


def with_versions(draft: Draft, comparer: ServiceComparer, wish: NewDeployment) -> NewDeployment:
    """The answers with that to all versions of the image, where one is given."""
    if not wish.version:
        return wish
    trial = Draft(draft.ground, draft.repository, draft.words, draft.new, draft.pieces)
    decide(trial, comparer, replace(wish, answers={}, kept=(), accepted=(), dropped=()))
    versions = {
        (line.path, line.line): line.version or ""
        for key in comparer.source.keys
        for line in draft.ground.releases[key].lines
        if not line.chart
    }
    found = {}
    for piece, decisions in trial.decisions.items():
        path = comparer.real_path(piece.path)
        for each in decisions:
            old = versions.get((path, each.place.line))
            at = _anchored(draft, piece, each.entry, decisions) if each.entry.is_reference else each
            if old is None or at is None or (at is each and each.outcome != "asked"):
                continue
            value = _with_version(str(at.entry.value), old, wish.version, draft)
            if value is not None:
                found[at.key] = value
    return replace(wish, answers={**found, **wish.answers})


def _anchored(draft: Draft, piece: Piece, reference: Entry, decisions: list[Decision]) -> Decision | None:
    """The decision on the value that an alias follows."""
    text = draft.ground.read(draft.repository, piece.path).decode("utf-8", "replace")
    name = text[reference.start : reference.end].strip().removeprefix("*")
    anchor = re.compile(rf"&{re.escape(name)}[ \t]+[\"']?\Z")
    here = [each for each in decisions if not each.entry.is_reference and each.entry.start < reference.start]
    named = [each for each in here if anchor.search(text[max(0, each.entry.start - 200) : each.entry.start])]
    return named[-1] if named and named[-1].outcome in {"asked", "copied"} else None


def _with_version(value: str, old: str, version: str, draft: Draft) -> str | None:
    """A value with another version; None where nothing tells what it would be: a digest, half of a reference."""
    name, sign, tag = value.rpartition(":")
    if not (sign and old and tag == old):
        return None if "/" in version or "@" in value or sign else version
    if "/" in version:
        return version
    return f"{draft.words.replaced(name, draft.new) or name}:{version}"


def without_version(changes: Iterable[VersionChange], wish: NewDeployment) -> Iterator[str]:
    """Where the version that somebody names isn't the one that would be deployed."""
    for each in changes:
        environment = f" in {each.key[2]}" if each.key[2] else ""
        if wish.version and each.new and each.new not in {wish.version, wish.version.rpartition(":")[2]}:
            yield f"{wish.service} would have {each.new}{environment}, not {wish.version}: answer the key that says so"
