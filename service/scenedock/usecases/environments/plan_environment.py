"""Plan a new environment of a service: decide on each key of another one, make the files, and look at the result."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.environments.answering import answered, with_keys
from scenedock.changes.environments.copying import copied
from scenedock.changes.environments.decisions import Decision, Verdict
from scenedock.changes.environments.items import with_item
from scenedock.changes.environments.lacking import lacks_in
from scenedock.changes.environments.planned import EnvironmentPlan, Lack, NewEnvironment
from scenedock.changes.environments.secrets import generated_of
from scenedock.changes.environments.text import with_text
from scenedock.changes.environments.words import Words
from scenedock.changes.planned import Planned, PlannedFile, Refusal, VersionChange
from scenedock.documents.plain_secrets import kind_of_secret
from scenedock.errors import ConflictError, InputError
from scenedock.gitops.values_edits import add_value, get_value
from scenedock.model.finding import Place
from scenedock.model.locks import locks_of
from scenedock.releases.release import Release
from scenedock.usecases.changes.ground import Ground, unplanned
from scenedock.usecases.changes.promote import one_of
from scenedock.usecases.environments.comparing import Comparer
from scenedock.usecases.environments.pieces import Piece, PieceFinder

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_KNOWN = "environments.known"
_MOST_UNPLANNED = 5


@dataclass(slots=True)
class _Draft:
    """A plan in the making: the pieces with the decisions on each, and the contents of files so far."""

    ground: Ground
    release: Release
    wish: NewEnvironment
    pieces: Sequence[Piece] = ()
    decisions: dict[Piece, list[Decision]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        """The words of the environment that is copied."""
        return Words(self.release.environment or "", self.release.service)

    def read(self, path: str) -> bytes:
        """A file as far as the plan goes."""
        return self.contents[path] if path in self.contents else self.ground.read(self.release.repository, path)

    def files(self) -> tuple[PlannedFile, ...]:
        """The files that are new or change."""
        there = self.ground.paths(self.release.repository)
        return tuple(
            PlannedFile(
                self.release.repository,
                path,
                self.ground.read(self.release.repository, path) if path in there else None,
                data,
            )
            for path, data in sorted(self.contents.items())
        )


def plan_environment(ground: Ground, wish: NewEnvironment) -> EnvironmentPlan:
    """The plan of an environment, open questions included.

    Raises
    ------
    NotFoundError   there is no such service, or it isn't deployed in the environment that is copied
    ConflictError   it is deployed in the new one already
    InputError      the name can't be that of an environment, a repository must be named, an answer is about no key, or
                    a file can't be copied; with the line
    """
    if not _NAME.fullmatch(wish.environment):
        raise InputError(
            f"{wish.environment!r} can't be the name of an environment: at most 40 small letters, digits and hyphens"
        )
    release = one_of(ground, wish.service, wish.source, wish.repository)
    key = (release.repository, release.service, wish.environment)
    if key in ground.releases:
        raise ConflictError(f"{release.service} is deployed in {wish.environment!r} already ({release.repository})")
    finder = PieceFinder(ground, release, wish.environment)
    draft = _Draft(ground, release, wish, finder.find())
    _decide(draft)
    _write(draft)
    if draft.contents:
        _name_in_settings(draft)
    return _looked_at(draft, finder.notes)


def _decide(draft: _Draft) -> None:
    """Decide on all keys, with the answers; a file that names one that is left out doesn't name it any more."""
    comparer = Comparer(draft.ground, draft.release, draft.wish.environment)
    made: list[tuple[Piece, Decision]] = []
    read = {piece: comparer.entries(piece.path, piece.item) for piece in draft.pieces}
    secret = {
        posixpath.normpath(posixpath.join(posixpath.dirname(piece.path), path))
        for piece, entries in read.items()
        for path in generated_of(entries or ())
    }
    for piece, entries in read.items():
        if entries is None:
            raise InputError(f"{piece.path}: it can't be read, so it can't be copied")
        judge = comparer.judge(piece)
        for entry, verdict in judge.verdicts(entries):
            place = Place(draft.release.repository, piece.path, entry.line)
            decided = Verdict("left out", "a secret is generated of it") if piece.path in secret else verdict
            made.append((piece, Decision.of(entry, decided, place)))
    keyed = with_keys([each for _, each in made], {at: piece.target for at, (piece, _) in enumerate(made)})
    draft.decisions = {piece: [] for piece in draft.pieces}
    for (piece, _), decision in zip(made, answered(keyed, draft.wish), strict=True):
        draft.decisions[piece].append(decision)
    gone = {piece.path for piece, each in draft.decisions.items() if piece.item is None and _is_left_out(each)}
    for piece, decisions in draft.decisions.items():
        folder = posixpath.dirname(piece.path)
        for at, each in enumerate(decisions):
            named = posixpath.normpath(posixpath.join(folder, str(each.entry.value))) if each.entry.value else ""
            if named in gone and each.outcome != "left out":
                decisions[at] = replace(each, outcome="left out", reason=f"{named} is left out", old=None, new=None)


def _is_left_out(decisions: Sequence[Decision]) -> bool:
    return bool(decisions) and all(each.outcome == "left out" for each in decisions)


def _write(draft: _Draft) -> None:
    """Make the contents of all files, those of whole files first."""
    new = draft.wish.environment
    for piece, decisions in draft.decisions.items():
        source = draft.ground.read(draft.release.repository, piece.path)
        if piece.item is None:
            if not _is_left_out(decisions):
                draft.contents[piece.target] = copied(source, decisions, draft.words, new, piece.path)
            continue
        changed = copied(source, decisions, draft.words, new, piece.path)
        is_there = piece.target in draft.contents or piece.target in draft.ground.paths(draft.release.repository)
        target = draft.read(piece.target) if is_there else b""
        draft.contents[piece.target] = with_item(target, changed, piece.item.named(draft.words, new), piece.target)
    for file in draft.files():
        _check_no_secret(file)


def _check_no_secret(file: PlannedFile) -> None:
    """Refuse a file into which a secret came by an answer, or in a comment.

    Raises
    ------
    InputError   a line that it hasn't yet has one; with the line
    """
    before = set((file.before or b"").decode("utf-8", "replace").splitlines())
    for number, line in enumerate((file.after or b"").decode("utf-8", "replace").splitlines(), 1):
        if line not in before and (kind := kind_of_secret(line, "")):
            raise InputError(f"{file.path}:{number}: it would have {kind}; take it out of what is copied first")


def _name_in_settings(draft: _Draft) -> None:
    """Name the environment in scenedock.yaml, where that lists all: the catalog knows no others then."""
    repository = draft.release.repository
    if FILE_NAME not in draft.ground.paths(repository):
        return
    known = get_value(draft.read(FILE_NAME), _KNOWN, FILE_NAME)
    if isinstance(known, list) and draft.release.environment in known and draft.wish.environment not in known:
        draft.contents[FILE_NAME] = add_value(draft.read(FILE_NAME), f"{_KNOWN}.-", draft.wish.environment, FILE_NAME)


def _looked_at(draft: _Draft, notes: Sequence[str]) -> EnvironmentPlan:
    """The plan with what the repository says after it."""
    release, new = draft.release, draft.wish.environment
    key = (release.repository, release.service, new)
    files = draft.files()
    later = draft.ground.later(files) if files else draft.ground
    made = later.releases.get(key)
    decisions = tuple(each for decisions in draft.decisions.values() for each in decisions)
    place = Place(release.repository, files[0].path if files else "")
    change = VersionChange(key, "", (made.version if made else release.version) or "", "unknown", place)
    wanted = {each for each in (*draft.ground.releases, *later.releases) if each != key}
    before, after = (
        {each: found[each] for each in wanted if each in found} for found in (draft.ground.releases, later.releases)
    )
    refusals = [*_refusals(draft, files, unplanned(before, after, ()))]
    content = "".join(f"{each.key}={each.value!r}\n" for each in decisions)
    planned = Planned(files, (change,), tuple(refusals), notes=tuple(notes), content=content)
    deployment = later.pairs[key].deployment if made else None
    plan = EnvironmentPlan(
        release.repository,
        release.service,
        release.environment or "",
        new,
        decisions,
        planned,
        deployment.namespace if deployment else "",
        tuple(sorted(deployment.facts.ingress_hosts)) if deployment else (),
        (
            *_undeployed(draft, made),
            *_missing_services(draft, decisions),
            *_missing_files(draft),
            *lacks_in(decisions, files, draft.words, release.service, new),
        ),
    )
    return with_text(plan)


def _refusals(draft: _Draft, files: Sequence[PlannedFile], wrong: Sequence[str]) -> Iterator[Refusal]:
    release, new = draft.release, draft.wish.environment
    pair = f"{release.service}/{new}"
    if not files:
        message = f"no file and no item of a list is {release.pair}'s alone, so there is nothing to copy"
        yield Refusal("nothing-to-copy", pair, message, release.place, "Give the environment a values file of its own.")
    if wrong:
        message = f"it would change more than {pair}: {'; '.join(wrong[:_MOST_UNPLANNED])}"
        place = Place(release.repository, files[0].path) if files else release.place
        yield Refusal("not-as-planned", pair, message, place, "Add the environment by hand.")
    for lock in locks_of(draft.ground.locks(release.repository), release.service, new, draft.ground.now):
        yield Refusal("locked", pair, str(lock), lock.place, "Wait until it ends, or remove the lock.")


def _undeployed(draft: _Draft, made: Release | None) -> Iterator[Lack]:
    """What speaks against the new environment being deployed: nothing deploys it, or something lesser than the old."""
    release, new = draft.release, draft.wish.environment
    before = draft.ground.pairs[release.key].deployment
    if made is None:
        where = before.application.place if before.application else release.place
        what = f"nothing in the repository says that {release.service} is deployed in {new}"
        yield Lack(
            "deployment",
            what,
            where,
            f"Add it where {release.environment} is listed; if it is deployed, name it in scenedock.yaml: "
            f"`environments: {{known: [..., {new}]}}`.",
        )


def _missing_services(draft: _Draft, decisions: Sequence[Decision]) -> Iterator[Lack]:
    """The services that values name in the new environment, where they aren't deployed."""
    release, new = draft.release, draft.wish.environment
    here = {each.service for each in draft.ground.releases.values() if each.environment == new}
    others = {each.service for each in draft.ground.releases.values() if each.environment == release.environment}
    for service in sorted(others - here - {release.service}):
        named = Words(service)
        for each in decisions:
            if each.outcome == "replaced" and named.are_in(str(each.value)) and not each.entry.is_key:
                what = f"{each.key} names {service}, which isn't deployed in {new}"
                yield Lack("service", what, each.place, f"Create it there, too, or answer {each.key}.")
                break


def _missing_files(draft: _Draft) -> Iterator[Lack]:
    """The files that values name now, where only those of the source are there."""
    there = draft.ground.paths(draft.release.repository)
    for piece, decisions in draft.decisions.items():
        for each in decisions:
            if each.outcome != "replaced" or not isinstance(each.value, str) or each.entry.is_key:
                continue
            old, new = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), str(value)))
                for path, value in ((piece.path, each.old), (piece.target, each.value))
            )
            if old in there and new not in there and new not in draft.contents:
                yield Lack("file", f"{new}, which {each.key} names", each.place, f"Make it like {old}.")
