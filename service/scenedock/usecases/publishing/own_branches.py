"""Branches of ours: they are moved only while nobody else has worked on them."""

from __future__ import annotations

from collections.abc import Sequence

from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.errors import ConflictError, InputError
from scenedock.model.code_hosts.commit import USER_TRAILER, Attempt, Head
from scenedock.model.code_hosts.pull_request import PullRequest

DEPLOY = "scenedock/deploy"
"""What the branches of all changes of deployments begin with."""
LOCK = "scenedock/lock"
"""What the branches of all changes of locks begin with."""
SECRETS = "scenedock/secret"
"""What the branches of all changes of secrets begin with."""


def free_branch(name: str) -> str:
    """The name of a branch that a caller chose, unless it is one of those that Scenedock names and replaces itself.

    Raises
    ------
    InputError   it is
    """
    for kept in (DEPLOY, LOCK, SECRETS):
        if f"{name}/".lower().startswith(f"{kept}/"):
            raise InputError(
                f"the branch {name!r} is below {kept}/, whose branches Scenedock names itself; use another"
            )
    return name


def only_ours(ahead: Sequence[Head], branch: str, base: str) -> bool:
    """Whether there are commits on a branch ahead of its base, and we made them all.

    Bringing the branch up to date with its base is not work of its own, if the host itself does it, as the button on
    the page of a pull request on GitHub. A person's merge may have more in it.
    """
    update = f"Merge branch '{base}' into {branch}"
    return bool(ahead) and all(head.is_ours or (head.by_host and head.message.strip() == update) for head in ahead)


def put(repository: RemoteRepository, branch: str, new: Head, existing: Head | None, attempt: Attempt) -> None:
    """Let a branch point to a commit, if it still points to the existing one, or still doesn't exist.

    Raises
    ------
    ConflictError   somebody else was faster, with something else
    """
    if existing is None:
        done = repository.create_branch(branch, new)
    else:
        done = repository.replace_branch(branch, new, expected=existing)
    if not done and ((now := repository.head(branch)) is None or not attempt.has_made(now.message)):
        raise meanwhile(repository, branch, now)


def refuse_replaced(pull: PullRequest | None, ahead: Sequence[Head], attempt: Attempt) -> None:
    """Refuse to repeat an attempt in a pull request in which a later change has replaced it.

    `ahead` are the commits of its branch; the text follows them a little later.

    Raises
    ------
    ConflictError   a later change has
    """
    if pull is None or not attempt.tried_before:
        return
    is_behind = pull.state == "open" and attempt.mark.in_text(pull.body) and bool(ahead)
    if attempt.mark.was_replaced(pull.body) or (is_behind and ahead[0].is_ours and not attempt.mark.latest_in(ahead)):
        raise ConflictError(
            f"a later change has replaced this one in {pull.url}; if it is still wanted, run it in a new task"
        )


def meanwhile(repository: RemoteRepository, branch: str, now: Head | None) -> ConflictError:
    """The error for a branch that somebody else changed while we did."""
    by = [line for line in (now.message if now else "").splitlines() if line.startswith(f"{USER_TRAILER}: ")]
    who = by[0].partition(": ")[2] if by else "somebody else"
    return ConflictError(
        f"{repository.address}: {who} is changing the same at this moment, on the branch {branch!r}; "
        "look at that change, then run this again"
    )
