"""Publish a project as a new repository; once, however often it is tried, and never over an existing one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.effects.code_hosts.repository_settings import RepositorySettings
from scenedock.errors import ConflictError, InputError, NotAllowedError, TemporaryError
from scenedock.gitops.changes import ChangeRequest, NewFile, plan_changes
from scenedock.model.code_hosts.code_host import CodeHost, Visibility
from scenedock.model.code_hosts.commit import Attempt, Head, Mark, commit_message
from scenedock.model.code_hosts.repository import Existing
from scenedock.structs import dataclass, field

_FILLING = "Being filled by Scenedock, task"


@dataclass(frozen=True, slots=True)
class Protection:
    """Requirements for changes of the default branch: the approvals of a pull request, and checks that must pass."""

    approvals: int
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewRepository:
    """A repository to create. `teams` are permissions by slug; variables and secrets are for its pipelines."""

    files: tuple[NewFile, ...]
    message: str
    visibility: Visibility = "private"
    description: str = ""
    homepage: str = ""
    default_branch: str = "main"
    topics: tuple[str, ...] = ()
    teams: Mapping[str, str] = field(default_factory=dict)
    protection: Protection | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def has_settings(self) -> bool:
        """Whether more than files is requested; plain git servers support only files."""
        return bool(self.topics or self.teams or self.protection or self.variables or self.secrets)


@dataclass(frozen=True, slots=True)
class PublishedRepository:
    """Its addresses: for browsers, for git, and for Backstage the files of its default branch."""

    url: str
    remote_url: str
    contents_url: str
    commit: str
    default_branch: str


def publish_repository(
    repository: RemoteRepository, host: CodeHost, request: NewRepository, attempt: Attempt
) -> PublishedRepository:
    """Create a repository with one commit, and apply the requested settings.

    Until all is done, its description contains the task's id; afterwards, its commit does. So an earlier attempt of the
    same step is recognized, and continued where it ended.

    Raises
    ------
    ConflictError     there is a repository of this name that isn't ours; it is not changed
    NotAllowedError   the visibility isn't allowed here, or our credentials don't suffice
    NotFoundError     there is no such organisation or team
    InputError        there is no file, or the host doesn't support what is requested
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    message = commit_message(request.message, attempt)
    changes = plan_changes(ChangeRequest(files=request.files), {}, lambda _path: b"")
    fill = partial(repository.write, None, changes, {}, message)
    if repository.settings is None:
        return _publish_plainly(repository, host, request, attempt.mark, fill)
    if request.visibility not in host.visibility:
        allowed = ", ".join(host.visibility)
        raise NotAllowedError(f"new repositories on {host.host} may not be {request.visibility}; allowed: {allowed}")
    settings, mark = repository.settings, attempt.mark
    settings.check(homepage=request.homepage, variables=request.variables, secrets=request.secrets)
    for team in sorted(request.teams):  # reports a wrong name before the repository is created
        settings.check_team(team)
    existing = settings.find()
    if not existing and request.protection:
        settings.check_plan(request.visibility, request.protection.approvals)
    new = None if existing else settings.create(request.visibility, _filling(mark))
    if not (existing or new or attempt.tried_before):
        raise _exists(repository)
    about = existing or new or settings.get()
    branch = request.default_branch if about.empty else about.default_branch
    filled = None if new else _earlier(repository, settings, about, branch, attempt)
    if filled is None:
        filled = _put(repository, settings, branch, fill(), mark)
    if new or about.description == _filling(mark):
        _set_all(repository, settings, request, about.default_branch, attempt)
        attempt.log(f"published {len(request.files)} files to {about.url}")
        branch = request.default_branch
    contents = f"{about.url}/-/blob/{branch}" if host.type == "gitlab" else f"{about.url}/blob/{branch}"
    return PublishedRepository(about.url, about.remote_url, contents, filled.commit, branch)


def _filling(mark: Mark) -> str:
    return f"{_FILLING} {mark}"


def _put(repository: RemoteRepository, settings: RepositorySettings, branch: str, filled: Head, mark: Mark) -> Head:
    """Make the commit the only one of the new repository; returns that one, or what came late of an earlier attempt.

    Raises
    ------
    ConflictError   somebody else committed to it first
    """
    if settings.has_first_commit:
        repository.move_branch(branch, filled, expected=None)
    elif not repository.create_branch(branch, filled):
        if (ours := repository.find_marked(branch, mark)) is None:
            raise _others_committed(repository)
        return ours
    return filled


def _earlier(
    repository: RemoteRepository, settings: RepositorySettings, about: Existing, branch: str, attempt: Attempt
) -> Head | None:
    """The commit of an earlier attempt; None if it only created the repository, which has no commit but the host's.

    Without an earlier attempt, no repository is ours, whatever its description says: it may be a trap for our secrets.

    Raises
    ------
    ConflictError   the repository isn't ours, or somebody else committed to it first
    """
    head = repository.head(branch) if attempt.tried_before and not about.empty else None
    if head and (ours := repository.find_marked(branch, attempt.mark)):
        return ours
    if not (attempt.tried_before and about.description == _filling(attempt.mark)):
        raise _exists(repository, about.description)
    if about.empty:
        return None
    if head is None:
        raise TemporaryError(f"{repository.address} is still being created", retry_after=5)
    if not settings.has_first_commit or len(repository.latest(branch, 2)) != 1:
        raise _others_committed(repository)
    return None


def _others_committed(repository: RemoteRepository) -> ConflictError:
    return ConflictError(f"{repository.address}: somebody committed to it before it was filled; it is not changed")


def _exists(repository: RemoteRepository, description: str = "") -> ConflictError:
    exists = f"there is already a repository {repository.address}"
    if description.startswith(f"{_FILLING} "):
        task = description.removeprefix(f"{_FILLING} ")
        return ConflictError(f"{exists}, which task {task} has not filled; retry it, or delete the repository")
    return ConflictError(f"{exists}; it is not changed: use another name")


def _set_all(
    repository: RemoteRepository, settings: RepositorySettings, request: NewRepository, branch: str, attempt: Attempt
) -> None:
    """Apply all requested settings. It can be repeated; the description comes last, as it ends our claim.

    `branch` is the default branch as the host has it, empty if it had none.
    """
    if branch != request.default_branch:
        settings.set_default_branch(branch, request.default_branch)
    if request.topics:
        settings.set_topics(request.topics)
    for team, permission in sorted(request.teams.items()):
        settings.give_team_access(team, permission)
    for name, value in sorted(request.variables.items()):
        settings.set_variable(name, value)
    if request.secrets:
        settings.set_secrets(request.secrets)
    if request.protection:
        branch, approvals, checks = request.default_branch, request.protection.approvals, request.protection.checks
        if refused := settings.protect_branch(branch, approvals, checks):
            attempt.log(f"warning: {repository.address}: {refused}")
    settings.update(description=request.description, homepage=request.homepage)


def _publish_plainly(
    repository: RemoteRepository, host: CodeHost, request: NewRepository, mark: Mark, fill: Callable[[], Head]
) -> PublishedRepository:
    """Fill an existing, empty repository: on a plain git server, we can't create one."""
    if request.has_settings:
        raise InputError(
            f"{host.host} is a plain git server: it supports files, not topics, teams, protection, variables or secrets"
        )
    branch = request.default_branch
    filled = repository.find_marked(branch, mark)
    if filled is None:
        filled = fill()
        if repository.head(repository.default_branch()) or not repository.create_branch(branch, filled):
            raise ConflictError(f"{repository.address} isn't empty; it is not changed: use another one")
    url = f"{host.api}/{repository.address.path}"
    return PublishedRepository(url, f"{url}.git", url, filled.commit, branch)
