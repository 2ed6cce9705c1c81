"""Publish a planned retirement: one pull request for each repository, which replaces the open changes of the same."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping

from scenedock.changes.planned import PlannedFile
from scenedock.changes.retirement import PlannedRetirement
from scenedock.changes.text import markdown, plain
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import ScenedockError, TemporaryError
from scenedock.model.code_hosts.commit import Attempt
from scenedock.structs import replace
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.publish_change import How, Published, refuse_locked, refused, request_of
from scenedock.usecases.environments.retire_served import RetirementHere, replaced_in
from scenedock.usecases.publishing.branch_names import branch_of, deployment_in
from scenedock.usecases.publishing.keep_proposal import keep_proposal
from scenedock.usecases.publishing.own_branches import only_ours
from scenedock.usecases.publishing.propose_change import Proposal, Proposed

_PLAN_AGAIN_AFTER = 10.0


def publish_retirement(
    hosts: CodeHosts, here: RetirementHere, how: How, attempt: Attempt, said: str = ""
) -> tuple[Published, ...]:
    """Propose a retirement, for each repository that it changes; `said` is who has approved it.

    Raises
    ------
    ConflictError     something speaks against it, or somebody else is changing the same
    InputError        where a repository lives isn't known
    NotAllowedError   a host or owner isn't in the list of code hosts, or the credentials don't suffice
    NotFoundError     there is no such repository
    TemporaryError    a file has changed since it was read, or the host can't be reached
    """
    if here.planned.refusals:
        raise refused(here.planned.refusals)
    changed = {file.repository for file in here.planned.files}
    return tuple(
        _publish(hosts, home, here.planned, how, attempt, said) for name, home in here.homes.items() if name in changed
    )


def find_published_retirement(
    hosts: CodeHosts, repositories: Mapping[str, ServedRepository], branches: Mapping[str, str], attempt: Attempt
) -> tuple[Published, ...]:
    """What an earlier attempt has published, if that is merged: then nothing is left that could be planned.

    `branches` are those of its pull requests by repository, as far as they are known.

    Raises
    ------
    NotAllowedError   the credentials don't suffice
    TemporaryError    a host can't be reached
    """
    found: list[Published] = []
    for name, served in repositories.items():
        try:
            with served.opened() as here:
                home = Home.read(name, here)
            address = home.address(hosts)
        except TemporaryError:
            raise
        except ScenedockError:
            continue
        if hosts.may_write(address):
            with hosts.open(address) as repository:
                found += _merged(repository, home, branches.get(name, ""), attempt)
    return tuple(found)


def _merged(repository: RemoteRepository, home: Home, branch: str, attempt: Attempt) -> list[Published]:
    pull = repository.pulls.find(branch) if repository.pulls and branch else None
    if pull and pull.state == "merged" and attempt.mark.in_text(pull.body):
        return [Published(home.name, Proposed.of(pull))]
    base = home.branch or repository.default_branch()
    made = repository.find_marked(base, attempt.mark)
    if made is None:
        return []
    return [Published(home.name, Proposed(changed=True, branch=base, commit=made.commit, state="merged"))]


def _publish(
    hosts: CodeHosts, home: Home, planned: PlannedRetirement, how: How, attempt: Attempt, said: str
) -> Published:
    address = home.address(hosts)
    hosts.host_of(address).check_reviewers(how.reviewers, how.team_reviewers)
    files = [file for file in planned.files if file.repository == home.name]
    base = home.branch or None
    deploys = tuple(deployment_in(key, home.prefix) for key in planned.keys)
    attempt = replace(attempt, content=_content(planned, attempt), deploys=deploys)
    with hosts.open(address) as repository:
        passed = {each.pair for each in planned.lifted if each.code == "locked"}
        refuse_locked(repository, home, planned.keys, passed, how)
        _refuse_new_files(repository, home, files)
        proposal = Proposal(
            request_of(files, home),
            branch_of(planned.keys, home.prefix),
            base,
            planned.title,
            "\n\n".join(filter(None, (planned.body, markdown(said)))),
            "\n".join(filter(None, (planned.message, plain(said)))),
            how.labels,
            how.reviewers,
            how.team_reviewers,
            changes_later=True,
        )
        proposed = keep_proposal(repository, proposal, attempt, supersede=True)
        notes = _close_others(repository, home, planned, proposed, attempt)
    return Published(home.name, proposed, notes=notes)


def _content(planned: PlannedRetirement, attempt: Attempt) -> str:
    """What makes a proposal the same: for an end that is over, its day, so that it is proposed once."""
    whose = planned.retirement.expired or str(attempt.mark)
    text = "\n".join(["retire", *map(str, planned.keys), whose])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_new_files(repository: RemoteRepository, home: Home, files: list[PlannedFile]) -> None:
    """Refuse to leave half a folder: files that came into one that goes, since it was read.

    Raises
    ------
    TemporaryError   there are such
    """
    head = repository.head(home.branch or repository.default_branch())
    gone = {posixpath.join(home.prefix, file.path) for file in files if file.after is None}
    listing = repository.listing(head, sorted(gone)) if head else {}
    emptied = {posixpath.dirname(path) for path in gone if posixpath.basename(path) == "Chart.yaml"} - {""}
    for path in listing:
        if path not in gone and any(path.startswith(f"{folder}/") for folder in emptied):
            raise TemporaryError(
                f"{path} is new in a folder that goes; the retirement is planned again", retry_after=_PLAN_AGAIN_AFTER
            )


def _close_others(
    repository: RemoteRepository, home: Home, planned: PlannedRetirement, proposed: Proposed, attempt: Attempt
) -> tuple[str, ...]:
    """Close the open changes of what is retired, that only we have worked on; the others are told of it."""
    if repository.pulls is None or proposed.state != "open":
        return ()
    base = home.branch or repository.default_branch()
    notes: list[str] = []
    for pull in replaced_in(repository, planned, home):
        if pull.branch == proposed.branch:
            continue
        ours = only_ours(repository.ahead(pull.branch, base), pull.branch, base)
        end = "so it is closed." if ours else "so close it if that is merged: this branch has others' commits."
        repository.pulls.comment(pull.number, f"{proposed.url} retires what this changes, {end}")
        if ours:
            repository.pulls.close(pull.number)
        notes.append(f"{pull.url} {'is closed' if ours else 'stays open: others have committed to it'}")
        attempt.log(notes[-1])
    return tuple(notes)
