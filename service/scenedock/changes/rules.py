"""What speaks against a version in an environment: downgrades, what no earlier environment runs, locks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from scenedock.catalog.vocabulary.environments import is_production, stage_of
from scenedock.changes.planned import Refusal
from scenedock.changes.steps import is_downgrade, is_prerelease
from scenedock.model.locks import Lock, locks_of
from scenedock.releases.release import Release


def refusals_of(
    release: Release,
    version: str,
    of_service: Iterable[Release],
    locks: Sequence[Lock],
    now: datetime,
    *,
    is_rollback: bool = False,
) -> Iterator[Refusal]:
    """What speaks against a version in the place of a release's; a roll-back may go to an older, untried one.

    `of_service` are all releases of the service, `locks` those of its repository.
    """
    old = release.version or ""
    if not is_rollback and is_downgrade(old, version):
        message = f"it would go back from {old} to {version}"
        yield Refusal("downgrade", release.pair, message, release.place, "Roll it back, or allow the downgrade.")
    if release.environment and is_production(release.environment) and is_prerelease(version):
        message = f"{version} is a pre-release, and {release.environment} is of production"
        yield Refusal("pre-release", release.pair, message, release.place, "Release it, or allow the pre-release.")
    if not is_rollback and (untried := _untried(release, version, of_service)):
        yield untried
    for lock in locks_of(locks, release.service, release.environment, now):
        remedy = "Wait, or pass the lock with a reason."
        yield Refusal("locked", release.pair, str(lock), lock.place, remedy)
    if pinned := _pinned(release, version):
        yield pinned


def previous_environments(release: Release, of_service: Iterable[Release]) -> tuple[Release, ...]:
    """The releases of a service in the environments just before one, on the way to production.

    Those of its own repository count, or else others'.
    """
    stage = stage_of(release.environment or "")
    if stage is None:
        return ()
    found: dict[int, list[Release]] = {}
    for each in of_service:
        theirs = stage_of(each.environment or "")
        if theirs is not None and theirs < stage:
            found.setdefault(theirs, []).append(each)
    nearest = found[max(found)] if found else []
    own = [each for each in nearest if each.repository == release.repository]
    return tuple(own or nearest)


def _untried(release: Release, version: str, of_service: Iterable[Release]) -> Refusal | None:
    before = previous_environments(release, of_service)
    if not before or any(each.version == version and each.chart == release.chart for each in before):
        return None
    has = ", ".join(f"{each.environment} has {each.version or 'an unknown version'}" for each in before)
    message = f"the stage before {release.environment} doesn't have {version}: {has}"
    remedy = "Promote it there first, or allow a version that was not tried."
    return Refusal("untried-version", release.pair, message, before[0].place, remedy)


def _pinned(release: Release, version: str) -> Refusal | None:
    """The tag of a line that is pinned to a digest can't be changed alone: the digest would still count."""
    old = release.version or ""
    digest = "@sha256:" in old or old.startswith("sha256:")
    given = "sha256:" in version
    if digest and not given:
        message = f"{release.pair} is pinned to a digest ({old}), which a new tag alone would leave as it is"
        return Refusal("pinned-digest", release.pair, message, release.place, "Give the version with its digest.")
    if old and version.startswith("sha256:") != old.startswith("sha256:"):
        message = f"a digest can't take the place of a tag, nor a tag that of a digest: {old}, {version}"
        return Refusal(
            "pinned-digest", release.pair, message, release.place, "Give a tag with its digest: TAG@sha256:…"
        )
    return None
