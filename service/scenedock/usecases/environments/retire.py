"""Plan the end of a service in an environment, or everywhere: what goes, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.services import Member
from scenedock.catalog.mapping.source_code import source_code_of
from scenedock.catalog.reading.handwritten import CATALOG_FILE
from scenedock.changes.planned import Refusal
from scenedock.changes.retirement import BlastRadius, PlannedRetirement, Retirement
from scenedock.errors import InputError, NotFoundError
from scenedock.model.entity import service_name
from scenedock.model.finding import Finding, Place
from scenedock.model.locks import locks_of
from scenedock.releases.release import PairKey
from scenedock.structs import replace
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.promote import one_of
from scenedock.usecases.environments.blast_radius import blast_radius
from scenedock.usecases.environments.removing.dangling import dangling
from scenedock.usecases.environments.removing.evidence import take_out
from scenedock.usecases.environments.removing.removal import (
    ChangedAlreadyError,
    Removal,
    drop_mentions,
    forget_in_settings,
    left_of,
    pair_of,
)
from scenedock.usecases.environments.removing.version_entries import take_out_tags
from scenedock.usecases.manifests.tools import RenderingTools
from scenedock.usecases.releases.reading.pairs import Pair

_MOST_ROUNDS = 5
_MOST_NAMED = 5
_EMPTY = "no-charts"
"""The finding of a repository from which the last deployment has gone."""


def plan_retirement(ground: Ground, retirement: Retirement, tools: RenderingTools) -> PlannedRetirement:
    """The plan of a retirement, with its blast radius.

    Raises
    ------
    NotFoundError     there is no such service, or it isn't deployed there
    InputError        a repository must be named, or one can't be read
    NotAllowedError   this machine can't sandbox a process
    """
    retirement = replace(retirement, service=service_name(retirement.service))
    keys = _keys(ground, retirement)
    removal = Removal(ground, keys, ground)
    try:
        _remove(removal, retirement)
    except (InputError, NotFoundError) as error:
        removal.refuse(pair_of(keys[0]), str(error), Place(keys[0][0]))
        return PlannedRetirement(retirement, keys, (), BlastRadius(), tuple(removal.refusals))
    refusals = [*removal.refusals, *_of_others(removal), *dangling(removal), *_of_locks(ground, keys)]
    radius = replace(blast_radius(removal, tools), said_otherwise=tuple(_said_otherwise(removal)))
    if radius.dependents:
        who = ", ".join(map(str, radius.dependents[:_MOST_NAMED]))
        more = len(radius.dependents) - _MOST_NAMED
        message = f"{pair_of(keys[0])} is depended on by {who}{f' and {more} more' if more > 0 else ''}"
        remedy = "Change them first, or force it."
        refusals.append(Refusal("depended-on", pair_of(keys[0]), message, radius.dependents[0].place, remedy))
    lifted = [each for each in refusals if _lifts(retirement, each)]
    gone = {(each.repository, each.path) for each in removal.files if each.after is None}
    is_over = not any(key[1] == retirement.service for key in removal.now.releases)
    return PlannedRetirement(
        retirement,
        keys,
        removal.files,
        radius,
        tuple(each for each in refusals if each not in lifted),
        tuple(lifted),
        tuple(sorted(at for at in gone if at[1].rpartition("/")[2] == CATALOG_FILE)),
        tuple(_sources(ground, retirement.service)) if is_over else (),
    )


def _keys(ground: Ground, retirement: Retirement) -> tuple[PairKey, ...]:
    if retirement.environment is not None:
        return (one_of(ground, retirement.service, retirement.environment, retirement.repository).key,)
    every = ground.by_service.get(retirement.service) or ground.find(retirement.service, None)
    repositories = list(dict.fromkeys(each.repository for each in every))
    name = retirement.repository
    if name is None and len(repositories) > 1:
        raise InputError(
            f"{retirement.service} is deployed by {', '.join(repositories)}; name one of these repositories"
        )
    found = tuple(each.key for each in every if name in {None, each.repository})
    if not found:
        raise NotFoundError(f"{name} doesn't deploy {retirement.service}; it is deployed by {', '.join(repositories)}")
    return found


def _remove(removal: Removal, retirement: Retirement) -> None:
    """Take away what says that the deployments are there, until nothing does."""
    repository = removal.keys[0][0]
    take_out_tags(removal)
    _take_out_all(removal)
    if retirement.is_whole:
        for member in _members(removal, retirement.service, repository):
            for folder in _folders(member):
                removal.delete_below(repository, folder)
        removal.renew()
        _take_out_all(removal)
    drop_mentions(removal)
    forget_in_settings(removal, retirement, repository)
    removal.renew()
    if not removal.refusals:
        for member, deployment, counts in left_of(removal):
            if counts:
                place = deployment.application.place if deployment.application else member.place
                pair = pair_of((repository, retirement.service, deployment.environment))
                removal.refuse(pair, f"something else still says that {pair} is there", place)
        for key in removal.now.releases if retirement.is_whole else ():
            if key[:2] == (repository, retirement.service) and key not in removal.keys:
                place = _where(removal.now, key)
                removal.refuse(pair_of(key), f"something else still says that {pair_of(key)} is there", place)


def _take_out_all(removal: Removal) -> None:
    """Take out what is there, and then what only counts because that has gone.

    The last are first: so those before them in the same file are where they were read.
    """
    for _ in range(_MOST_ROUNDS + len(removal.keys)):
        before = dict(removal.after)
        left = list(left_of(removal))
        _take_out(removal, before, [each[:2] for each in reversed(left) if each[2]])
        refused = len(removal.refusals)
        if removal.after == before:
            _take_out(removal, before, [each[:2] for each in left if not each[2]])
            del removal.refusals[refused:]
        if removal.after == before or removal.refusals:
            return
        removal.renew()


def _take_out(
    removal: Removal, before: Mapping[tuple[str, str], bytes | None], left: Sequence[tuple[Member, Deployment]]
) -> None:
    """Take out deployments, until one is no more where it was read."""
    now = removal.now
    for member, deployment in left:
        try:
            take_out(removal, member, deployment)
        except ChangedAlreadyError:
            if removal.after == before:
                raise
            return
        if removal.now is not now:
            return


def _members(removal: Removal, service: str, repository: str) -> Iterator[Member]:
    mapped = removal.ground.result.mapped
    for each in mapped.services if mapped else ():
        if each.service.name == service:
            yield from (member for member in each.service.members if member.contents.facts.name == repository)


def _folders(member: Member) -> Iterator[str]:
    """The folders that are the service's own, without those that another's units have, too."""
    others = {each.path for each in member.contents.units if each not in member.units}
    if not member.folders:
        return
    for folder in member.folders:
        if folder.path and folder.path not in others:
            yield folder.path


def _of_others(removal: Removal) -> Iterator[Refusal]:
    """What the removal would do to others: each is a reason not to do it."""
    before, after, renamed = removal.ground.releases, removal.now.releases, renamed_by(removal)
    for key, release in before.items():
        if key in removal.keys:
            continue
        now = after.get(renamed.get(key, key))
        remedy = "Give it a file of its own, or retire what it shares, too."
        if now is None:
            message = f"{release.pair} would go, too: it shares what says that it is there"
            yield Refusal("not-removable", release.pair, message, _where(removal.ground, key), remedy)
        elif now.version != release.version:
            message = f"{release.pair} would have {now.version or 'no version'} instead of {release.version or 'none'}"
            yield Refusal("not-removable", release.pair, message, release.place, remedy)
    known = {_sign(each) for each in removal.ground.result.findings}
    for each in removal.now.result.findings:
        if each.severity == "error" and each.code != _EMPTY and _sign(each) not in known:
            yield Refusal("not-removable", "", f"it breaks {each.place}: {each.message}", each.place, each.remedy)


def _said_otherwise(removal: Removal) -> Iterator[str]:
    """What the catalog says otherwise afterwards, of what is deployed as before."""
    before, after, renamed = removal.ground.releases, removal.now.releases, renamed_by(removal)
    for old, new in renamed.items():
        yield f"{pair_of(old)} is called {pair_of(new)}"
    for key in after:
        if key not in before and key not in renamed.values():
            yield f"{pair_of(key)} is shown: {_where(removal.now, key)} has nothing else to tell what it is"


def _where(ground: Ground, key: PairKey) -> Place:
    """The line of a deployment's version, else its folder or manifest."""
    return ground.releases[key].place if ground.releases[key].path else ground.pairs[key].member.place


def renamed_by(removal: Removal) -> Mapping[PairKey, PairKey]:
    """The deployments that the catalog names otherwise after it, because fewer folders tell what their names mean."""
    before, after = removal.ground, removal.now
    places = {_place_of(each, key): key for key, each in after.pairs.items() if key not in before.pairs}
    lost = {_place_of(each, key): key for key, each in before.pairs.items() if key not in after.pairs}
    both = lost.keys() & places.keys()
    return {lost[at]: places[at] for at in both if lost[at] not in removal.keys}


def _place_of(pair: Pair, key: PairKey) -> tuple[str, str]:
    return key[0], pair.deployment.folder


def _sign(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.place.repository, finding.place.path


def _of_locks(ground: Ground, keys: tuple[PairKey, ...]) -> Iterator[Refusal]:
    for key in keys:
        repository, service, environment = key
        for lock in locks_of(ground.locks(repository), service, environment, ground.now):
            yield Refusal("locked", pair_of(key), str(lock), lock.place, "Wait, or pass the lock with a reason.")


def _lifts(retirement: Retirement, refusal: Refusal) -> bool:
    if refusal.code == "depended-on":
        return retirement.force
    return refusal.code == "locked" and bool(retirement.pass_lock.strip())


def _sources(ground: Ground, service: str) -> Iterator[str]:
    mapped = ground.result.mapped
    for each in mapped.services if mapped else ():
        if each.service.name == service:
            for slug, evidence in source_code_of(each.service):
                host = (
                    urlsplit(evidence.value).netloc.rpartition("@")[2] or slug.host or f"{slug.provider}.com"
                )  # with its port
                yield f"https://{host}/{slug.slug}"
