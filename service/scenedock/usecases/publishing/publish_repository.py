"""Publish a project as a new repository; once, however often it is tried, and never over somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError, TemporaryError
from scenedock.gitops.changes import ChangeRequest, NewFile, plan_changes
from scenedock.model.code_hosts.code_host import CodeHost, Visibility
from scenedock.model.code_hosts.commit import Attempt, Head, Mark, commit_message

_FILLING = "Being filled by Scenedock, task"


@dataclass(frozen=True, slots=True)
class Protection:
    """What the default branch asks of changes: a pull request with so many approvals, and checks that pass."""

    approvals: int
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewRepository:
    """What a repository shall be. `teams` have permissions by their slugs; variables and secrets are for Actions."""

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
        """Whether more is wanted than files, which is all that a plain git server takes."""
        return bool(self.topics or self.teams or self.protection or self.variables or self.secrets)


@dataclass(frozen=True, slots=True)
class PublishedRepository:
    """Where it is: for browsers, for git, and the files of its default branch for Backstage."""

    url: str
    remote_url: str
    contents_url: str
    commit: str
    default_branch: str


def publish_repository(
    repository: RemoteRepository, host: CodeHost, request: NewRepository, attempt: Attempt
) -> PublishedRepository:
    """Make a repository with one commit, and set what is wanted for it.

    Until all is done its description carries the task's id, and then its commit does: so an earlier try of the same
    step is known, and taken up where it ended.

    Raises
    ------
    ConflictError     there is a repository of this name that isn't ours; it stays as it is
    NotAllowedError   the visibility isn't allowed here, or our credentials don't suffice
    NotFoundError     there is no such organisation or team
    InputError        there is no file, or the host can't do what is wanted
    TemporaryError    the host can't be reached, or asks to wait
    """
    message = commit_message(request.message, attempt)
    changes = plan_changes(ChangeRequest(files=request.files), {}, lambda _path: b"")
    fill = partial(repository.write, None, changes, {}, message)
    if repository.settings is None:
        return _publish_plainly(repository, host, request, attempt.mark, fill)
    if request.visibility not in host.visibility:
        allowed = ", ".join(host.visibility)
        raise NotAllowedError(f"new repositories on {host.host} may not be {request.visibility}, only {allowed}")
    settings, mark = repository.settings, attempt.mark
    for team in sorted(request.teams):  # a wrong name is told before there is half a repository
        settings.check_team(team)
    existing = settings.find()
    new = None if existing else settings.create(request.visibility, _filling(mark))
    about = existing or new or settings.get()
    branch, filled = about.default_branch, None
    if new is None:
        filled = _earlier(repository, branch, attempt, about.description)
    with _patience(is_new=new is not None or branch != request.default_branch):
        if filled is None:
            filled = fill()
            repository.move_branch(branch, filled, expected=None)
        if new or about.description == _filling(mark):
            _set_all(repository, request, branch)
            attempt.log(f"published {len(request.files)} files to {about.url}")
            branch = request.default_branch
    return PublishedRepository(about.url, about.remote_url, f"{about.url}/blob/{branch}", filled.commit, branch)


@contextmanager
def _patience(*, is_new: bool) -> Iterator[None]:
    """Come back once for what GitHub doesn't find: it needs a while to make a repository, or rename a branch."""
    try:
        yield
    except NotFoundError as error:
        if not is_new:
            raise
        raise TemporaryError(f"{error}, or it is just being made", retry_after=5) from None


def _filling(mark: Mark) -> str:
    return f"{_FILLING} {mark}"


def _earlier(repository: RemoteRepository, branch: str, attempt: Attempt, description: str) -> Head | None:
    """The commit of an earlier try; None where it only made the repository, which has GitHub's first commit alone.

    Where there was no earlier try nothing is ours, whatever it says: somebody may wait for our secrets there.

    Raises
    ------
    ConflictError   the repository isn't ours, or somebody was quicker to commit to it
    """
    head = repository.head(branch) if attempt.tried_before else None
    if head and (ours := repository.find_marked(branch, attempt.mark)):
        return ours
    if not (attempt.tried_before and description == _filling(attempt.mark)):
        there = f"there is a repository {repository.address} already"
        if description.startswith(f"{_FILLING} "):
            task = description.removeprefix(f"{_FILLING} ")
            raise ConflictError(f"{there}, which task {task} has not filled; retry that, or delete the repository")
        raise ConflictError(f"{there}; it stays as it is: take another name")
    if head is None:
        raise TemporaryError(f"{repository.address} is being made", retry_after=5)
    if len(repository.latest(branch, 2)) != 1:
        raise ConflictError(f"{repository.address}: somebody committed to it before it was filled; nothing is changed")
    return None


def _set_all(repository: RemoteRepository, request: NewRepository, branch: str) -> None:
    """All that is wanted beside files. All may be done twice; the description comes last, as it ends our claim."""
    settings = repository.settings
    if settings is None:
        return
    if branch != request.default_branch:
        settings.rename_branch(branch, request.default_branch)
    if request.topics:
        settings.set_topics(request.topics)
    for team, permission in sorted(request.teams.items()):
        settings.give_team_access(team, permission)
    for name, value in sorted(request.variables.items()):
        settings.set_variable(name, value)
    if request.secrets:
        settings.set_secrets(request.secrets)
    if request.protection:
        settings.protect_branch(request.default_branch, request.protection.approvals, request.protection.checks)
    settings.update({"description": request.description, "homepage": request.homepage})


def _publish_plainly(
    repository: RemoteRepository, host: CodeHost, request: NewRepository, mark: Mark, fill: Callable[[], Head]
) -> PublishedRepository:
    """Fill a repository that somebody made, and that is empty: a git server has no way to make one."""
    if request.has_settings:
        raise InputError(
            f"{host.host} is a plain git server: it takes files, but no topics, teams, protection, variables or secrets"
        )
    branch = request.default_branch
    filled = repository.find_marked(branch, mark)
    if filled is None:
        filled = fill()
        if repository.head(repository.default_branch()) or not repository.create_branch(branch, filled):
            raise ConflictError(f"{repository.address} isn't empty, and stays as it is: take another one")
    url = f"{host.api}/{repository.address.path}"
    return PublishedRepository(url, f"{url}.git", url, filled.commit, branch)
