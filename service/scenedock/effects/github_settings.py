"""Repositories on GitHub as such: making one, and what is set for it beside its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from github.PublicKey import encrypt

from scenedock.effects.github_client import Answer
from scenedock.effects.github_repository import GitHubRepository
from scenedock.errors import NotFoundError
from scenedock.model.code_host import Visibility
from scenedock.model.json import Json, JsonObject, as_object, as_text


@dataclass(frozen=True, slots=True)
class Existing:
    """What GitHub says of a repository: its addresses for browsers and for git, and what identifies it."""

    url: str
    remote_url: str
    default_branch: str
    description: str

    @classmethod
    def of(cls, answer: Answer) -> Existing:
        """The repository in an answer."""
        return cls(
            url=answer.text("html_url"),
            remote_url=answer.text("clone_url"),
            default_branch=answer.text("default_branch"),
            description=as_text(as_object(answer.body).get("description")),
        )


def create_repository(repository: GitHubRepository, visibility: Visibility, description: str) -> Existing | None:
    """Make a repository with a first commit of GitHub's; None where there is one of this name.

    Raises
    ------
    NotFoundError     the owner is no organisation that our credentials reach
    NotAllowedError   they may not make repositories there
    """
    owner = repository.address.owner
    body: dict[str, Json] = {
        "name": repository.address.name,
        "description": description,
        "private": visibility != "public",
        "auto_init": True,
    }
    try:
        return _create(repository, f"/orgs/{owner}/repos", {**body, "visibility": visibility})
    except NotFoundError:  # no organisation: a user makes repositories at home only
        if repository.client.call("GET", "/user").text("login").lower() != owner.lower():
            raise
    return _create(repository, "/user/repos", body)


def _create(repository: GitHubRepository, path: str, body: JsonObject) -> Existing | None:
    answer = repository.client.call("POST", path, body, expected=(422,), saying="already exists", tells=True)
    return Existing.of(answer) if answer.status == 200 else None


def get_repository(repository: GitHubRepository) -> Existing:
    """What GitHub says of a repository.

    Raises
    ------
    NotFoundError   there is none
    """
    return Existing.of(repository.client.call("GET", repository.path))


def update_repository(repository: GitHubRepository, changes: Mapping[str, str]) -> None:
    """Set a repository's `description` and `homepage`."""
    repository.client.call("PATCH", repository.path, changes)


def rename_branch(repository: GitHubRepository, old: str, new: str) -> None:
    """Give a branch another name; the default branch stays the default."""
    repository.client.call("POST", f"{repository.path}/branches/{old}/rename", {"new_name": new})


def set_topics(repository: GitHubRepository, topics: Sequence[str]) -> None:
    """Set all topics of a repository."""
    repository.client.call("PUT", f"{repository.path}/topics", {"names": list(topics)})


def give_team_access(repository: GitHubRepository, team: str, permission: str) -> None:
    """Give a team of the organisation access, by its slug.

    Raises
    ------
    NotFoundError   there is no such team
    """
    address = repository.address
    path = f"/orgs/{address.owner}/teams/{team}/repos/{address.path}"
    repository.client.call("PUT", path, {"permission": permission})


def protect_branch(repository: GitHubRepository, branch: str, approvals: int, checks: Sequence[str]) -> None:
    """Let a branch change only by pull requests, with so many approvals and these checks passed."""
    body: JsonObject = {
        "required_pull_request_reviews": {"required_approving_review_count": approvals},
        "required_status_checks": {"strict": False, "contexts": list(checks)} if checks else None,
        "enforce_admins": False,
        "restrictions": None,
    }
    repository.client.call("PUT", f"{repository.path}/branches/{branch}/protection", body)


def set_variable(repository: GitHubRepository, name: str, value: str) -> None:
    """Set a variable for the repository's GitHub Actions."""
    path, body = f"{repository.path}/actions/variables", {"name": name, "value": value}
    if repository.client.call("POST", path, body, expected=(409,)).status == 409:
        repository.client.call("PATCH", f"{path}/{name}", body)


def set_secrets(repository: GitHubRepository, secrets: Mapping[str, str]) -> None:
    """Set secrets for the repository's GitHub Actions, sealed for its public key."""
    key = repository.client.call("GET", f"{repository.path}/actions/secrets/public-key")
    for name, value in sorted(secrets.items()):
        body = {"encrypted_value": encrypt(key.text("key"), value), "key_id": key.text("key_id")}
        repository.client.call("PUT", f"{repository.path}/actions/secrets/{name}", body)
