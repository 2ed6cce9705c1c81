"""Roll versions back to what the history has: the lines become again exactly what they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from scenedock.changes.contents import restored, value_in, version_at
from scenedock.changes.identity import documents_of, same_spot
from scenedock.changes.planned import Lifted, Planned, Refusal
from scenedock.changes.steps import is_downgrade
from scenedock.changes.targets import line_of
from scenedock.effects.git.history import GitHistory
from scenedock.effects.helm.chart_lock import listed_in, locked_versions
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.model.json import as_object
from scenedock.releases.history import VersionSince
from scenedock.releases.images import text_of
from scenedock.releases.release import Release
from scenedock.releases.spots import Spot
from scenedock.releases.vocabulary import MOST_VERSIONS
from scenedock.structs import dataclass, replace
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.plan import Draft, Wanted, finished, refuse_automated, refuse_stale_lock, set_version
from scenedock.usecases.changes.promote import one_of, unknown
from scenedock.usecases.releases.follow_versions import SECONDS, Extent, follow


@dataclass(frozen=True, slots=True)
class RollBack:
    """What to roll back in an environment: services, all as one set, to the version before or a given one."""

    services: Sequence[str]
    environment: str | None
    version: str | None = None
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A version that was there before a commit; None where nothing says which."""

    version: str | None
    commit: str


def roll_back(ground: Ground, wish: RollBack, lifted: Lifted) -> Planned:
    """The plan of a roll-back.

    Raises
    ------
    NotFoundError   there is no such service, it isn't deployed there, or it never had such a version
    InputError      a repository must be named
    ConflictError   the version of now isn't committed
    """
    refusals: list[Refusal] = []
    found: dict[Release, _Earlier] = {}
    for service in dict.fromkeys(wish.services):
        release = one_of(ground, service, wish.environment, wish.repository)
        if release.version is None:
            refusals.append(unknown(release))
        elif wish.version != release.version:
            found[release] = _earlier(ground, release, wish.version)
    planned = _planned(ground, found, lifted)
    return replace(planned, refusals=(*refusals, *planned.refusals))


def _planned(ground: Ground, found: dict[Release, _Earlier], lifted: Lifted) -> Planned:
    """Restore what can be restored for a deployment alone; the others get their earlier versions as new ones do."""
    wanted = {release: Wanted(release, each.version or "") for release, each in found.items()}
    draft = _draft(ground, wanted, lifted)
    done = {release: each for release, each in found.items() if _restore(draft, release, each)}
    _restore_locks(draft, done)
    files = draft.files
    after = ground.after(files) if files else ground.releases
    versions = {key: each.version for key, each in after.items()}
    for release in done:
        version = versions.get(release.key)
        if found[release].version is None and version not in {None, release.version}:
            wanted[release] = Wanted(release, str(version))
    failed = [each for each in found if each not in done or versions.get(each.key) != wanted[each].version]
    draft = _draft(ground, wanted, lifted)
    for release, each in wanted.items():
        if not each.version:
            message = f"before the line {release.place} was written, nothing says a version of {release.pair}"
            draft.refuse("not-editable", release, message, "Give the version.")
            continue
        draft.check(each)
        if release in failed:
            set_version(draft, each)
        else:
            refuse_automated(draft, release)
            _restore(draft, release, found[release])
            if target := line_of(release):
                draft.note_change(each, target)
    _restore_locks(draft, {release: each for release, each in done.items() if release not in failed})
    return finished(draft, "Roll back", after if draft.files == files else None)


def _draft(ground: Ground, wanted: dict[Release, Wanted], lifted: Lifted) -> Draft:
    return Draft(ground, {release.key: each for release, each in wanted.items()}, lifted, is_rollback=True)


def _restore(draft: Draft, release: Release, earlier: _Earlier) -> bool:
    """Make the line of a release what it was, if it serves no other deployment that isn't rolled back, too."""
    files: dict[tuple[str, str], list[Spot]] = defaultdict(list)
    for line in release.lines:
        if line.spot is None or any(each.key not in draft.wanted for each in draft.ground.sharers_of(line)):
            return False
        files[line.elsewhere or line.repository, line.path].append(line.spot)
    try:
        contents = {
            (repository, path): restored(
                draft.content(repository, path), *_at(draft.ground, repository, path, earlier.commit), spots, path
            )
            for (repository, path), spots in files.items()
        }
    except (InputError, NotFoundError):
        return False
    draft.after.update(contents)
    return True


def _restore_locks(draft: Draft, restored: Mapping[Release, _Earlier]) -> None:
    """Make the Chart.lock of dependencies what it was, too, or note that it doesn't fit any more."""
    for release in restored:
        if release.shape != "dependency":
            continue
        together = {each: earlier for each, earlier in restored.items() if each.place.path == release.place.path}
        charts = {each.chart for each in together}
        if not any(_restore_lock(draft, release, each.commit, charts) for each in together.values()):
            refuse_stale_lock(draft, release)


def _restore_lock(draft: Draft, release: Release, commit: str, charts: Collection[str]) -> bool:
    """Restore a Chart.lock that fits the Chart.yaml of the plan, and has all but some charts as they are locked now."""
    repository, path = release.elsewhere or release.repository, release.path
    lock = f"{path.removesuffix('Chart.yaml')}Chart.lock"
    try:
        now, (_, before) = draft.content(repository, lock), _at(draft.ground, repository, lock, commit)
        chart, *locks = (
            as_object(documents_of(each).get(1)) for each in (draft.content(repository, path), now, before)
        )
        locked_versions(chart, locks[1], lock)
    except (InputError, NotFoundError):
        return False
    others = [{each for each in listed_in(one) if each.name not in charts} for one in locks]
    if others[0] != others[1]:
        return False
    draft.after[repository, lock] = before
    return True


def _earlier(ground: Ground, release: Release, version: str | None) -> _Earlier:
    """The version before, or a given one, and the file that sets the version now at that time.

    Raises
    ------
    NotFoundError   the history has none such
    ConflictError   the version of now isn't committed, or it is there because somebody went back already
    """
    extent = Extent(3 if version is None else MOST_VERSIONS, between=False, authors=False)
    history = follow(ground.survey, ground.repositories, [release], extent)[release.key]
    versions = history.versions
    if history.newest and history.newest.is_new:
        raise ConflictError(f"{release.place} isn't committed yet; commit it, or take it back")
    for number, (after, each) in enumerate(pairwise(versions), 2):
        if after.commit and each.version and each.version == (version or each.version) != release.version:
            if version is None:
                _refuse_to_go_back_again(release, each.version, next(iter(versions[number:]), None))
            return _Earlier(each.version, after.commit.id)
    if len(versions) < 2:  # of what isn't followed, the line has a history all the same
        for found in (of_line := _of_line(ground, release)):
            if version in {None, found.version}:
                if version is None:
                    _refuse_to_go_back_again(release, found.version, _next_of(of_line))
                return found
    what = f"had {version}" if version else "had another version before"
    why = f": {history.incomplete}" if history.incomplete else ""
    raise NotFoundError(f"no commit says that {release.pair} {what}{why}")


def _refuse_to_go_back_again(release: Release, earlier: str | None, before: VersionSince | _Earlier | None) -> None:
    """Refuse a version that somebody went back from: a roll-back that is tried again would bring it back.

    Of versions without an order, as commits have none, they went back if the version of now was there `before`, too.

    Raises
    ------
    ConflictError   the version before is newer, or between two times of the version of now
    """
    now = release.version or ""
    was_before = before is not None and before.version == now and not is_downgrade(now, earlier or "")
    if earlier and (is_downgrade(earlier, now) or was_before):
        raise ConflictError(
            f"{release.pair} went back from {earlier} to {now} already; name the version it should have"
        )


def _next_of(of_line: Iterator[_Earlier]) -> _Earlier | None:
    """The next of what a line said, if its item is certainly the same."""
    try:
        return next(of_line, None)
    except NotFoundError:
        return None


def _at(ground: Ground, repository: str, path: str, commit: str) -> tuple[bytes, bytes]:
    """A file as of a commit and before it.

    Raises
    ------
    NotFoundError   there was no such file
    """
    root, _ = ground.repositories[repository].history_root()
    found: list[bytes] = []
    for ref in (commit, f"{commit}^1"):
        with GitHistory(root, ref) as history:
            blob = history.blobs([path]).get(path)
            if not blob:
                raise NotFoundError(f"{path}: there was no such file in {ref}")
            found.append(history.read(blob))
    return found[0], found[1]


def _of_line(ground: Ground, release: Release) -> Iterator[_Earlier]:
    """What the line of a release said before, the newest first; without a version where there was no such line.

    Raises
    ------
    NotFoundError   it is in an item of which nobody can tell which one it was then
    """
    if release.spot is None:
        return
    repository = release.elsewhere or release.repository
    root, ref = ground.repositories[repository].history_root()
    with GitHistory(root, ref) as history:
        if history.problem():
            return
        now = ground.read(repository, release.path)
        like = text_of(value_in(now, release.spot))
        last = release.version
        for each in history.commits([release.path], ref, SECONDS):
            blob = each.before[release.path]
            if not blob:
                return
            before = history.read(blob)
            spot = same_spot(now, before, release.spot)
            if spot is None:
                what = f"nothing in it is certainly the same item before commit {each.commit.id[:12]}"
                raise NotFoundError(f"{release.place} has the version of {release.pair}, and {what}; give the version")
            found = version_at(before, spot, like, release.version or "") or None
            if found != last:
                yield _Earlier(found, each.commit.id)
            last = found
