"""Publish a planned change of versions: one pull request for each deployment or set, or a commit where that may be."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial

from scenedock.catalog.vocabulary.settings import FILE_NAME, CatalogSettings, read_settings
from scenedock.changes.planned import Planned, PlannedFile, Refusal
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.errors import ConflictError, TemporaryError
from scenedock.gitops.changes import ChangeRequest, NewFile
from scenedock.model.code_hosts.code_host import checked_path
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.locks import Lock, locks_of
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass, replace
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import PlannedHere
from scenedock.usecases.publishing.branch_names import branch_of, deployment_in, digest
from scenedock.usecases.publishing.commit_change import commit_change
from scenedock.usecases.publishing.keep_proposal import keep_proposal
from scenedock.usecases.publishing.newer_only import not_newer, open_beside
from scenedock.usecases.publishing.propose_change import Proposal, Proposed

_MOST_NAMED = 5
_WAIT = "Wait, or pass the lock with a reason."
INPUTS = {
    "downgrade": "allowDowngrade",
    "pre-release": "allowPreRelease",
    "untried-version": "allowUntriedVersion",
    "shared-line": "allowSharedLine",
    "automated-line": "allowAutomatedLine",
    "stale-chart-lock": "allowStaleChartLock",
    "locked": "passLock",
    "depended-on": "force",
}


@dataclass(frozen=True, slots=True)
class How:
    """How a change is published. `commits`: where the code host allows it, without a pull request.

    `merges`: the host is asked to merge the pull request as soon as its rules allow. `passes`: locks are passed.
    `only_newer`: no older version is set in the place of what is proposed already, or beside it.
    """

    commits: bool = False
    merges: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    passes: bool = False
    only_newer: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What one repository got: a pull request, or with `committed` a commit; `merges` if the host merges by itself.

    `notes` name other open pull requests for the same deployments.
    """

    repository: str
    proposed: Proposed
    committed: bool = False
    merges: bool = False
    notes: tuple[str, ...] = ()


def publish_change(hosts: CodeHosts, here: PlannedHere, how: How, attempt: Attempt) -> tuple[Published, ...]:
    """Publish a plan, for each repository on its own; nothing if all is as wanted already.

    Raises
    ------
    ConflictError     something speaks against the plan, or somebody else is changing the same
    InputError        where a repository lives isn't known
    NotAllowedError   a host or owner isn't in the list of code hosts, or the credentials don't suffice
    NotFoundError     there is no such repository
    TemporaryError    a file has changed since it was read, or the host can't be reached
    """
    planned = here.planned
    if planned.refusals:
        raise refused(planned.refusals)
    return tuple(_publish(hosts, home, here, how, attempt) for home in here.homes.values())


def refused(refusals: Sequence[Refusal]) -> ConflictError:
    """The error that says what speaks against a plan, and which inputs allow it all the same."""
    said = []
    for each in refusals:
        lift = f" (or set `{INPUTS[each.code]}`)" if each.is_liftable else ""
        place = f" ({each.place})" if str(each.place) and str(each.place) not in each.message else ""
        said.append(f"{each.message}{place}: {each.remedy}{lift}" if each.remedy or lift else f"{each.message}{place}")
    return ConflictError("the change is refused: " + "; ".join(said))


def request_of(files: Sequence[PlannedFile], home: Home) -> ChangeRequest:
    """The request that makes planned files of a repository where it lives, if they are there as they were read.

    Raises
    ------
    InputError   a path can't be used
    """
    paths = {file: checked_path(posixpath.join(home.prefix, file.path)) for file in files}
    return ChangeRequest(
        files=tuple(
            NewFile(
                path,
                file.link.encode() or file.after,
                executable=True if file.executable else None,
                link=bool(file.link),
                expected=file.before or b"",
            )
            for file, path in paths.items()
            if file.after is not None
        ),
        delete=tuple(path for file, path in paths.items() if file.after is None),
        unchanged={path: file.before or b"" for file, path in paths.items() if file.after is None},
    )


def _publish(hosts: CodeHosts, home: Home, here: PlannedHere, how: How, attempt: Attempt) -> Published:
    planned, name = here.planned, home.name
    address = home.address(hosts)
    hosts.host_of(address).check_reviewers(how.reviewers, how.team_reviewers)
    files = [file for file in planned.files if file.repository == name]
    changes = request_of(files, home)
    base = home.branch or None
    asked = [each.key for each in planned.changes if each.asked and _home_of(each.place.repository, each.key) == name]
    versions = "\n".join([*sorted(f"{each.key} {each.old} {each.new}" for each in planned.changes), planned.content])
    attempt = replace(attempt, content=digest(versions, 16), deploys=_deploys(planned, home))
    with hosts.open(address) as repository:
        known = {each.pair for each in planned.lifted if each.code == "locked"}
        refuse_locked(repository, home, [each.key for each in planned.changes], known, how)
        if how.commits and hosts.host_of(address).takes_commits(address):
            made = commit_change(repository, hosts.host_of(address), changes, base, planned.message, attempt)
            return Published(name, Proposed(made.changed, made.branch, made.commit), committed=made.changed)
        proposal = Proposal(
            changes,
            branch_of(asked or planned.pairs, home.prefix),
            base,
            planned.title,
            "\n\n".join(filter(None, (planned.body, here.manifests.get(name, "")))),
            planned.message,
            how.labels,
            how.reviewers,
            how.team_reviewers,
            changes_later=True,
        )
        refuse = partial(_refuse_older, planned.message) if how.only_newer else None
        proposed = keep_proposal(repository, proposal, attempt, supersede=True, refuse_older=refuse)
        merges = how.merges and proposed.state == "open" and _merges(repository, proposed, attempt)
        notes = _overlaps(repository, proposed, attempt)
    return Published(name, proposed, merges=merges, notes=notes)


def _deploys(planned: Planned, home: Home) -> tuple[str, ...]:
    """The deployments that the plan changes by lines of a repository."""
    keys = [each.key for each in planned.changes if _home_of(each.place.repository, each.key) == home.name]
    return tuple(deployment_in(key, home.prefix) for key in keys)


def locks_now(repository: RemoteRepository, home: Home) -> Sequence[Lock]:
    """The locks of a repository on the code host; the service may have read it before.

    Raises
    ------
    InputError   the settings can't be read
    """
    return settings_now(repository, home).locks


def settings_now(repository: RemoteRepository, home: Home) -> CatalogSettings:
    """The settings of a repository on the code host.

    Raises
    ------
    InputError   the settings can't be read
    """
    head = repository.head(home.branch or repository.default_branch())
    path = posixpath.join(home.prefix, FILE_NAME)
    listing = repository.listing(head, [path]) if head else {}
    return read_settings(repository.read(listing[path])) if path in listing else CatalogSettings()


def _refuse_older(message: str, proposed: str, place: str) -> None:
    """Refuse to set an older version than is proposed; both are messages of changes.

    Raises
    ------
    ConflictError   one of the versions is older, or has no order with the proposed one
    """
    if older := tuple(not_newer(message, proposed, place)):
        raise refused(older)


def _overlaps(repository: RemoteRepository, proposed: Proposed, attempt: Attempt) -> tuple[str, ...]:
    """Tell which other open changes are about the same deployments, as one of a set and one of its services."""
    if proposed.state != "open":
        return ()
    notes = []
    for pull, same in open_beside(repository, proposed.branch, attempt.deploys):
        notes.append(f"{pull.url} is open, too, and changes {', '.join(same[:_MOST_NAMED])}; merge one of them")
        attempt.log(notes[-1])
    return tuple(notes)


def refuse_locked(
    repository: RemoteRepository, home: Home, keys: Sequence[PairKey], known: Collection[str], how: How
) -> None:
    """Refuse what is locked on the code host now; the service may have read its repository before.

    `known` are the pairs whose locks the plan knows and passes.

    Raises
    ------
    ConflictError    it is locked, and the plan doesn't know
    TemporaryError   so it is, but who asks passes locks; the next plan tells of it
    """
    locks = locks_now(repository, home)
    now = datetime.now(UTC)
    for repository_name, service, environment in keys:
        pair = f"{service}/{environment}" if environment else service
        lock = next(iter(locks_of(locks, service, environment, now)), None)
        if lock is None or repository_name != home.name or pair in known:
            continue
        if how.passes:
            raise TemporaryError(f"{lock}, since the service read {home.name}", retry_after=10)
        raise refused([Refusal("locked", pair, str(lock), remedy=_WAIT)])


def _merges(repository: RemoteRepository, proposed: Proposed, attempt: Attempt) -> bool:
    """Whether the host merges a pull request by itself; it is asked only for what we alone have made."""
    if proposed.number is None or repository.pulls is None:
        return False
    if proposed.by_others:
        attempt.log(f"{proposed.branch} has commits that Scenedock didn't make, so a person must merge it")
        return False
    merges = repository.pulls.merge_when_ready(proposed.number, proposed.commit)
    if not merges:
        attempt.log(f"{repository.address.host} doesn't merge it by itself, so a person must")
    return merges


def _home_of(place: str, key: PairKey) -> str:
    """The repository of the line that is edited, which may be another than that of the deployment."""
    return place or key[0]
