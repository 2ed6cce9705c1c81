"""Plan a new environment of a service: decide on each key of another one, make the files, and look at the result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.environments.decisions import Decision
from scenedock.changes.environments.lacking import lacks_in
from scenedock.changes.environments.planned import EnvironmentPlan, Lack, NewEnvironment
from scenedock.changes.environments.text import with_text
from scenedock.changes.environments.words import Words
from scenedock.changes.planned import Planned, PlannedFile, Refusal, VersionChange
from scenedock.errors import ConflictError, InputError
from scenedock.gitops.values_edits import add_value, get_value
from scenedock.model.finding import Place
from scenedock.model.locks import locks_of
from scenedock.releases.release import Release
from scenedock.usecases.changes.ground import Ground, unplanned
from scenedock.usecases.changes.promote import one_of
from scenedock.usecases.environments.comparing import Comparer
from scenedock.usecases.environments.drafting import Draft, decide, missing_files, stale_catalog, told_of_links, write
from scenedock.usecases.environments.pieces import Piece, PieceFinder

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_KNOWN = "environments.known"
_MOST_UNPLANNED = 5


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
    pieces = finder.find()
    draft, later = _tried(ground, release, wish, pieces)
    shared = [each for each in pieces if each.item and each.item.is_element]
    others = sorted(
        {key[1] for key in later.releases.keys() - ground.releases.keys() - {release.key} if key[2] == wish.environment}
        - {release.service}
    )
    if others and shared:
        draft, later = _tried(ground, release, wish, [each for each in pieces if each not in shared])
        return _looked_at(
            draft, later, release, finder.notes, [*_shared_elements(release, wish.environment, others, shared)]
        )
    return _looked_at(draft, later, release, finder.notes)


def _tried(ground: Ground, release: Release, wish: NewEnvironment, pieces: Sequence[Piece]) -> tuple[Draft, Ground]:
    """What pieces make, and the ground with it."""
    words = Words(release.environment or "", release.service)
    draft = Draft(ground, release.repository, words, wish.environment, pieces)
    decide(draft, Comparer(ground, release, wish.environment), wish)
    write(draft)
    if draft.contents:
        _name_in_settings(draft)
    files = draft.files()
    return draft, ground.later(files) if files else ground


def _shared_elements(release: Release, new: str, others: Sequence[str], shared: Sequence[Piece]) -> Iterator[Lack]:
    """The lists whose elements stand for an environment of several services: a new one would begin it for all."""
    also = ", ".join(others[:_MOST_UNPLANNED]) + (" …" if len(others) > _MOST_UNPLANNED else "")
    for path in dict.fromkeys(each.path for each in shared):
        yield Lack(
            "deployment",
            f"a list in {path} has the environments of several services: its element of {release.environment} isn't "
            f"copied, as that would begin {new} for {also}, too",
            Place(release.repository, path),
            f"Create {new} of those, too, where that isn't done; then add the element by hand.",
        )


def _name_in_settings(draft: Draft) -> None:
    """Name the environment in scenedock.yaml, where that lists all: the catalog knows no others then."""
    repository = draft.repository
    if FILE_NAME not in draft.ground.paths(repository):
        return
    known = get_value(draft.read(FILE_NAME), _KNOWN, FILE_NAME)
    if isinstance(known, list) and draft.words.environment in known and draft.new not in known:
        draft.contents[FILE_NAME] = add_value(draft.read(FILE_NAME), f"{_KNOWN}.-", draft.new, FILE_NAME)


def _looked_at(
    draft: Draft, later: Ground, release: Release, notes: Sequence[str], shared: Sequence[Lack] = ()
) -> EnvironmentPlan:
    """The plan with what the repository says after it; `shared` lacks stand for what isn't deployed by it."""
    new = draft.new
    key = (release.repository, release.service, new)
    files = draft.files()
    made = later.releases.get(key)
    decisions, linked = draft.all_decisions, draft.linked
    place = Place(release.repository, files[0].path if files else "")
    change = VersionChange(key, "", (made.version if made else release.version) or "", "unknown", place)
    wanted = {each for each in (*draft.ground.releases, *later.releases) if each != key}
    before, after = (
        {each: found[each] for each in wanted if each in found} for found in (draft.ground.releases, later.releases)
    )
    refusals = [*_refusals(draft, release, files, unplanned(before, after, ()))]
    content = "".join(f"{each.key}={each.value!r}\n" for each in decisions)
    planned = Planned(files, (change,), tuple(refusals), notes=(*notes, *told_of_links(draft)), content=content)
    deployment = later.pairs[key].deployment if made else None
    plan = EnvironmentPlan(
        repository=release.repository,
        service=release.service,
        old=release.environment or "",
        new=new,
        decisions=decisions,
        planned=planned,
        namespace=deployment.namespace if deployment else "",
        hosts=tuple(sorted(deployment.facts.ingress_hosts)) if deployment else (),
        lacks=(
            *(shared or _undeployed(draft, release, made)),
            *_missing_services(draft, release, decisions),
            *missing_files(draft),
            *stale_catalog(draft),
            *lacks_in(
                [each for each in decisions if each.place.path not in linked],
                [each for each in files if not each.link],
                draft.words,
                release.service,
                new,
            ),
        ),
    )
    return with_text(plan)


def _refusals(draft: Draft, release: Release, files: Sequence[PlannedFile], wrong: Sequence[str]) -> Iterator[Refusal]:
    new = draft.new
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


def _undeployed(draft: Draft, release: Release, made: Release | None) -> Iterator[Lack]:
    """What speaks against the new environment being deployed: nothing deploys it, or something lesser than the old."""
    new = draft.new
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


def _missing_services(draft: Draft, release: Release, decisions: Sequence[Decision]) -> Iterator[Lack]:
    """The services that values name in the new environment, where they aren't deployed."""
    new = draft.new
    here = {each.service for each in draft.ground.releases.values() if each.environment == new}
    others = {each.service for each in draft.ground.releases.values() if each.environment == release.environment}
    for service in sorted(others - here - {release.service}):
        named = Words(service)
        for each in decisions:
            if each.outcome == "replaced" and named.are_in(str(each.value)) and not each.entry.is_key:
                what = f"{each.key} names {service}, which isn't deployed in {new}"
                yield Lack("service", what, each.place, f"Create it there, too, or answer {each.key}.")
                break
