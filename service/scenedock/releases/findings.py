"""What to look at: versions that differ though they shouldn't, that move, or that no lower environment had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from scenedock.model.finding import Finding, Severity
from scenedock.model.locks import Lock
from scenedock.model.similar import similar
from scenedock.releases.drift import gap_of, has_order
from scenedock.releases.history import VersionHistory
from scenedock.releases.release import PairKey, Release
from scenedock.releases.tags import is_mutable, is_range, without_pin
from scenedock.structs import dataclass

_MOST_EXAMPLES = 3
BY_SETTING = "`versions.equal`"
"""Why environments should have one version: somebody says so. Other reasons are weaker."""


@dataclass(frozen=True, slots=True)
class Environments:
    """What is known of environments: those of `production`, the `lower` ones, and groups that should have one version.

    Each group has the words that say why: a setting, or that their names differ only in a region.
    """

    production: Collection[str]
    lower: Collection[str]
    equal: Sequence[tuple[Collection[str], str]] = ()


def find_in_versions(
    releases: Iterable[Release], environments: Environments, histories: Mapping[PairKey, VersionHistory]
) -> dict[PairKey, list[Finding]]:
    """The findings for each release that has any."""
    found: dict[PairKey, list[Finding]] = defaultdict(list)
    services: dict[str, list[Release]] = defaultdict(list)
    unordered: dict[str, list[Release]] = defaultdict(list)
    for release in releases:
        if release.version is None:
            continue
        services[release.service].append(release)
        if is_mutable(release.version) or (release.chart and is_range(release.version)):
            found[release.key].append(_mutable(release))
        elif not has_order(release.version):
            unordered[release.repository].append(release)
    for each in services.values():
        for release, finding in (*_unequal(each, environments), *_untried(each, environments, histories)):
            found[release.key].append(finding)
    for each in unordered.values():
        found[each[0].key].append(_unordered(each))
    return found


def locks_of_nothing(
    locks: Iterable[Lock], releases: Collection[Release], repository: str, now: datetime
) -> Iterator[Finding]:
    """A finding for each active lock of a repository that covers none of its deployments; names are exact."""
    own = [each for each in releases if each.repository == repository]
    environments = sorted({each.environment for each in own if each.environment})
    for lock in locks:
        if not lock.is_active(now) or any(lock.covers(each.service, each.environment) for each in own):
            continue
        if lock.environment not in environments:
            why = f"nothing is deployed in an environment of this name{_near(lock.environment, environments)}"
        else:
            services = sorted({each.service for each in own if each.environment == lock.environment})
            why = f"{lock.service} isn't deployed there{_near(lock.service, services)}"
        what = f"{lock.service} in {lock.environment}" if lock.service else lock.environment
        message = f"a lock of {what} protects nothing: {why}"
        yield Finding("warning", "lock-of-nothing", message, lock.place, "Write the exact name, or remove the lock.")


def _near(name: str, names: Sequence[str]) -> str:
    low = name.lower()
    begun = [each for each in names if each.lower().startswith(low) or low.startswith(each.lower())]
    return (
        f" (did you mean {min(begun, key=lambda each: abs(len(each) - len(name)))}?)" if begun else similar(name, names)
    )


def _mutable(release: Release) -> Finding:
    message = f"{release.service} has {release.version!r}, which moves: nobody can tell which version it is"
    return Finding("warning", "mutable-version", message, release.place, "Set a version that stays what it is.")


def _unordered(releases: Sequence[Release]) -> Finding:
    """One for all of a repository: where one version has no order, most have none."""
    names = list(dict.fromkeys(each.version or "" for each in releases))
    examples = ", ".join(names[:_MOST_EXAMPLES]) + (" …" if len(names) > _MOST_EXAMPLES else "")
    are = "version is" if len(names) == 1 else "versions are"
    message = f"{len(names):,} {are} neither semantic nor numbered builds ({examples}): nobody can tell which is older"
    remedy = "If their order matters, release with versions of Semantic Versioning 2.0.0."
    return Finding("info", "version-not-semantic", message, releases[0].place, remedy)


def _unequal(releases: Sequence[Release], environments: Environments) -> Iterator[tuple[Release, Finding]]:
    for group, why in environments.equal:
        alike = [each for each in releases if each.environment in group]
        if len({each.version for each in alike}) > 1:
            said = ", ".join(f"{each.environment} {each.version}" for each in alike)
            message = f"{alike[0].service} differs where it should be the same ({why}): {said}"
            severity: Severity = "warning" if why == BY_SETTING else "info"
            remedy = "Promote the version to the others, or correct `versions.equal` in scenedock.yaml."
            for each in alike:
                yield each, Finding(severity, "environments-differ", message, each.place, remedy)


def _untried(
    releases: Sequence[Release], environments: Environments, histories: Mapping[PairKey, VersionHistory]
) -> Iterator[tuple[Release, Finding]]:
    """Versions of production that no lower environment of the service had.

    Without history only those that are newer than all of them: an older one they will have had. Nor does a history say
    what they had that begins no earlier than the version of production, as in a repository that was imported.
    """
    lower = [each for each in releases if each.environment in environments.lower]
    had = {version for each in lower for version in _versions(each, histories.get(each.key))}
    known = [histories[each.key] for each in lower if each.key in histories]
    is_complete = len(known) == len(lower) and not any(history.incomplete for history in known)
    begun = {history.versions[-1].commit for history in known if history.versions}
    names = ", ".join(each.environment or "" for each in lower)
    for release in releases if lower else ():
        if release.environment not in environments.production or without_pin(release.version or "") in had:
            continue
        own = histories.get(release.key)
        if is_complete and own and own.newest and own.newest.commit not in begun:
            message = f"{release.pair} has {release.version}, which none of {names} ever had"
        elif all(gap_of(each, release) for each in lower):
            message = f"{release.pair} has {release.version}, which is newer than what {names} has now"
        else:
            continue
        remedy = "Bring it to a lower environment first, or find out how it came to production."
        yield release, Finding("warning", "version-untried", message, release.place, remedy)


def _versions(release: Release, history: VersionHistory | None) -> set[str]:
    found = [release.version, *(each.version for each in (history.versions if history else ()))]
    return {without_pin(version) for version in found if version}
