"""Repositories on GitHub: creating one, and its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from github import PublicKey

from scenedock.effects.github.client import GitHubAnswer, GitHubClient
from scenedock.effects.github.just_created import seconds_between
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.model.code_hosts.code_host import RepositoryAddress, Visibility
from scenedock.model.code_hosts.repository import Existing
from scenedock.model.json import Json, JsonObject, as_object, as_text, value_at


class GitHubRepositorySettings:
    """One repository, which may not exist yet."""

    has_first_commit = True

    def __init__(self, client: GitHubClient, address: RepositoryAddress) -> None:
        self._client = client
        self._address = address
        self._path = f"/repos/{address.path}"

    def create(self, visibility: Visibility, description: str) -> Existing | None:
        """Create a repository with a first commit by GitHub; None if there is already one of this name.

        Raises
        ------
        NotFoundError     the owner is not an organisation that our credentials give access to
        NotAllowedError   our credentials may not create repositories there
        """
        owner = self._address.owner
        body: dict[str, Json] = {
            "name": self._address.name,
            "description": description,
            "private": visibility != "public",
            "auto_init": True,
        }
        try:
            return self._create(f"/orgs/{owner}/repos", {**body, "visibility": visibility})
        except NotFoundError:  # not an organisation: users create repositories only for themselves
            if self._client.call("GET", "/user").text("login").lower() != owner.lower():
                raise
        return self._create("/user/repos", body)

    def _create(self, path: str, body: JsonObject) -> Existing | None:
        answer = self._client.call("POST", path, body, expected=(422,), saying="already exists", tells=True)
        if answer.status == 200:
            self._client.created.note(self._address)
            return _existing(answer)
        self._client.created.note_hidden(self._address)
        return None

    def find(self) -> Existing | None:
        """GitHub's data about the repository; None if our credentials give access to none.

        Raises
        ------
        ConflictError   the name is a former one of another repository; a new one would end the redirect to it
        """
        try:
            answer = self._client.call("GET", self._path, expected=(404,))
        except NotFoundError:
            raise ConflictError(
                f"{self._address} redirects to a repository that was renamed; use another name"
            ) from None
        return self._seen(answer) if answer.status == 200 else None

    def get(self) -> Existing:
        """GitHub's data about the repository.

        Raises
        ------
        NotFoundError   it doesn't exist
        """
        return self._seen(self._client.call("GET", self._path))

    def _seen(self, answer: GitHubAnswer) -> Existing:
        created_at = as_text(as_object(answer.body).get("created_at"))
        self._client.created.note(self._address, seconds_between(created_at, answer.date))
        return _existing(answer)

    def update(self, *, description: str, homepage: str) -> None:
        """Set the description and the home page."""
        self._client.call("PATCH", self._path, {"description": description, "homepage": homepage})

    def set_default_branch(self, old: str, new: str) -> None:
        """Rename the default branch, which stays the default."""
        self._client.call("POST", f"{self._path}/branches/{quote(old, safe='')}/rename", {"new_name": new})
        self._client.created.note(self._address)

    def set_topics(self, topics: Sequence[str]) -> None:
        """Set all topics of a repository."""
        self._client.call("PUT", f"{self._path}/topics", {"names": list(topics)})

    def check_team(self, team: str) -> None:
        """Check that the organisation has a team, by its slug.

        Raises
        ------
        NotFoundError   there is no such team
        """
        owner = self._address.owner
        if self._client.call("GET", f"/orgs/{owner}/teams/{team}", expected=(404,)).status == 404:
            raise NotFoundError(
                f"{self._address.host}/{owner} has no team {team!r}, or our credentials give no access to it; "
                "use the team's name from its address"
            )

    def give_team_access(self, team: str, permission: str) -> None:
        """Give a team of the organisation access, by its slug."""
        address = self._address
        path = f"/orgs/{address.owner}/teams/{team}/repos/{address.path}"
        self._client.call("PUT", path, {"permission": permission})

    def check(self, *, homepage: str, variables: Mapping[str, str], secrets: Mapping[str, str]) -> None:  # noqa: ARG002 - GitHub takes any home page
        """Refuse names that GitHub keeps for itself.

        Raises
        ------
        InputError   there is one
        """
        if kept := [name for name in (*variables, *secrets) if name.upper().startswith("GITHUB_")]:
            raise InputError(f"{kept[0]}: names that begin with GITHUB_ are reserved by GitHub; use another name")

    def check_plan(self, visibility: Visibility, approvals: int) -> None:  # noqa: ARG002 - it is about all protection
        """Check that the owner's plan protects branches of private repositories, if GitHub tells us.

        Raises
        ------
        InputError   it doesn't
        """
        if visibility == "private" and self._plan() == "free":
            address = self._address
            raise InputError(
                f"{address.host}/{address.owner} has the plan `free`, which doesn't protect branches of private "
                "repositories; leave out the branch protection, make the repository public, or upgrade the plan"
            )

    def _plan(self) -> str:
        """The plan of the owner, such as `free` or `team`; empty if GitHub doesn't tell us."""
        owner = self._address.owner
        answer = self._client.call("GET", f"/orgs/{owner}", expected=(403, 404))
        if answer.status != 200:  # a user, who is told only the own plan
            answer = self._client.call("GET", "/user", expected=(403, 404))
            if as_text(as_object(answer.body).get("login")).lower() != owner.lower():
                return ""
        return as_text(value_at(answer.body, ["plan", "name"]))

    def protect_branch(self, branch: str, approvals: int, checks: Sequence[str]) -> str:
        """Protect a branch: only pull requests may change it, with a number of approvals and passed checks.

        Returns what isn't done because the owner's plan doesn't include it, else an empty text.
        """
        body: JsonObject = {
            "required_pull_request_reviews": {"required_approving_review_count": approvals},
            "required_status_checks": {"strict": False, "contexts": list(checks)} if checks else None,
            "enforce_admins": False,
            "restrictions": None,
        }
        path = f"{self._path}/branches/{quote(branch, safe='')}/protection"
        answer = self._client.call("PUT", path, body, expected=(403,), saying="upgrade to github")
        return f"{branch} is not protected, the rest is done: {answer.said}" if answer.status == 403 else ""

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable for the repository's GitHub Actions."""
        path, body = f"{self._path}/actions/variables", {"name": name, "value": value}
        if self._client.call("POST", path, body, expected=(409,)).status == 409:
            self._client.call("PATCH", f"{path}/{name}", body)

    def set_secrets(self, secrets: Mapping[str, str]) -> None:
        """Set secrets for the repository's GitHub Actions, encrypted with its public key."""
        key = self._client.call("GET", f"{self._path}/actions/secrets/public-key")
        for name, value in sorted(secrets.items()):
            body = {"encrypted_value": PublicKey.encrypt(key.text("key"), value), "key_id": key.text("key_id")}
            self._client.call("PUT", f"{self._path}/actions/secrets/{name}", body)


def _existing(answer: GitHubAnswer) -> Existing:
    """The repository in a response."""
    return Existing(
        url=answer.text("html_url"),
        remote_url=answer.text("clone_url"),
        default_branch=answer.text("default_branch"),
        description=as_text(as_object(answer.body).get("description")),
    )
