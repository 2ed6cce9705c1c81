"""Publish a planned change of versions: one pull request for each deployment or set, or a commit where that may be."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenedock.changes.planned import Planned
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.errors import ConflictError
from scenedock.gitops.changes import ChangeRequest, NewFile
from scenedock.model.code_hosts.code_host import checked_branch, checked_path
from scenedock.model.code_hosts.commit import Attempt
from scenedock.releases.release import PairKey
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import PlannedHere
from scenedock.usecases.publishing.commit_change import commit_change
from scenedock.usecases.publishing.keep_proposal import keep_proposal
from scenedock.usecases.publishing.propose_change import Proposal, Proposed

DEPLOY = "scenedock/deploy"
"""What the branches of all changes of deployments begin with."""
_OF_NO_ENVIRONMENT = "default"
INPUTS = {
    "downgrade": "allowDowngrade",
    "pre-release": "allowPreRelease",
    "untried-version": "allowUntriedVersion",
    "shared-line": "allowSharedLine",
    "automated-line": "allowAutomatedLine",
    "stale-chart-lock": "allowStaleChartLock",
    "locked": "passLock",
}


@dataclass(frozen=True, slots=True)
class How:
    """How a change is published. `commits`: where the code host allows it, without a pull request.

    `merges`: the host is asked to merge the pull request as soon as its rules allow.
    """

    commits: bool = False
    merges: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What one repository got: a pull request, or with `committed` a commit; `merges` if the host merges by itself."""

    repository: str
    proposed: Proposed
    committed: bool = False
    merges: bool = False


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
        raise refused(planned)
    return tuple(_publish(hosts, home, here, how, attempt) for home in here.homes.values())


def refused(planned: Planned) -> ConflictError:
    """The error that says what speaks against a plan, and which inputs allow it all the same."""
    said = []
    for each in planned.refusals:
        lift = f" (or set `{INPUTS[each.code]}`)" if each.is_liftable else ""
        place = f" ({each.place})" if str(each.place) and str(each.place) not in each.message else ""
        said.append(f"{each.message}{place}: {each.remedy}{lift}" if each.remedy or lift else f"{each.message}{place}")
    return ConflictError("the change is refused: " + "; ".join(said))


def branch_of(pairs: Sequence[PairKey]) -> str:
    """The branch of a change of deployments: of a single one, its service and environment say it."""
    if len(pairs) == 1:
        _, service, environment = pairs[0]
        name = f"{DEPLOY}/{word(service)}/{word(environment or _OF_NO_ENVIRONMENT)}"
    else:
        listed = "\n".join(sorted(f"{service}/{environment or ''}" for _, service, environment in pairs))
        name = f"{DEPLOY}/set/{hashlib.sha256(listed.encode()).hexdigest()[:16]}"
    return checked_branch(name)


def word(name: str) -> str:
    """A name as a part of the name of a branch."""
    return re.sub(r"[^A-Za-z0-9_-]|(?<![A-Za-z0-9])-", "_", name) or "_"


def _publish(hosts: CodeHosts, home: Home, here: PlannedHere, how: How, attempt: Attempt) -> Published:
    planned, name = here.planned, home.name
    address = home.address(hosts)
    hosts.host_of(address).check_reviewers(how.reviewers, how.team_reviewers)
    files = [file for file in planned.files if file.repository == name]
    changes = ChangeRequest(
        files=tuple(
            NewFile(checked_path(posixpath.join(home.prefix, file.path)), file.after, expected=file.before)
            for file in files
        )
    )
    base = home.branch or None
    asked = [each.key for each in planned.changes if each.asked and _home_of(each.place.repository, each.key) == name]
    versions = "\n".join(sorted(f"{each.key} {each.old} {each.new}" for each in planned.changes))
    attempt = replace(attempt, content=hashlib.sha256(versions.encode()).hexdigest()[:16])
    with hosts.open(address) as repository:
        if how.commits and hosts.host_of(address).takes_commits(address):
            made = commit_change(repository, hosts.host_of(address), changes, base, planned.message, attempt)
            return Published(name, Proposed(made.changed, made.branch, made.commit), committed=made.changed)
        proposal = Proposal(
            changes,
            branch_of(asked or planned.pairs),
            base,
            planned.title,
            "\n\n".join(filter(None, (planned.body, here.manifests.get(name, "")))),
            planned.message,
            how.labels,
            how.reviewers,
            how.team_reviewers,
            changes_later=True,
        )
        proposed = keep_proposal(repository, proposal, attempt, supersede=True)
        merges = bool(
            how.merges
            and proposed.state == "open"
            and proposed.number
            and proposed.only_ours
            and repository.pulls
            and repository.pulls.merge_when_ready(proposed.number, proposed.only_ours)
        )
        if how.merges and proposed.state == "open" and not merges:
            why = f"{address.host} doesn't merge it by itself" if proposed.only_ours else "others have worked on it"
            attempt.log(f"{why}, so a person must")
    return Published(name, proposed, merges=merges)


def _home_of(place: str, key: PairKey) -> str:
    """The repository of the line that is edited, which may be another than that of the deployment."""
    return place or key[0]
