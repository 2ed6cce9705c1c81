"""Projects on GitLab: creating one, and its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from scenedock.effects.gitlab.client import GitLabAnswer, GitLabClient
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.model.code_hosts.code_host import RepositoryAddress, Visibility
from scenedock.model.code_hosts.repository import Existing
from scenedock.model.json import Json, as_list, as_object, as_text

_ROLES: Final[Mapping[str, int]] = {"pull": 20, "triage": 20, "push": 30, "maintain": 40, "admin": 50}
"""The roles (Reporter, Developer, Maintainer, Owner) that GitHub's permissions are here."""
_NOBODY, _DEVELOPERS = 0, 30
_MASKABLE = re.compile(r"\S{8,}")
"""Source: GitLab, "Mask a CI/CD variable": without expansion, one line of 8 characters or more, without spaces."""
_LONGEST_VALUE = 10_000


class GitLabProjectSettings:
    """One project, which may not exist yet."""

    has_first_commit = False

    def __init__(self, client: GitLabClient, address: RepositoryAddress) -> None:
        self._client = client
        self._address = address
        self._path = f"/projects/{quote(address.path, safe='')}"
        self.seen: Existing | None = None
        """What GitLab has told about the project, if it was asked."""
        self._groups: dict[str, int] = {}
        self._namespace: GitLabAnswer | None = None

    def check(self, *, homepage: str, variables: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """Refuse what GitLab can't keep: a home page, a long value, a secret that it can't mask in logs.

        Raises
        ------
        InputError   there is one; the message has no value
        """
        if homepage:
            raise InputError("a project on GitLab has no home page; leave out `homepage`")
        for name, value in sorted({**variables, **secrets}.items()):
            if len(value) > _LONGEST_VALUE:
                raise InputError(f"{name} has more than {_LONGEST_VALUE} characters, which GitLab doesn't accept")
        for name, value in sorted(secrets.items()):
            if not _MASKABLE.fullmatch(value):
                reason = "it is shorter than 8 characters" if len(value) < 8 else "it has white space or several lines"
                raise InputError(f"GitLab can't mask the secret {name} in the logs of pipelines: {reason}")

    def check_plan(self, visibility: Visibility, approvals: int) -> None:  # noqa: ARG002 - it's the same for all
        """Check that the group's plan has approval rules, if GitLab tells us.

        Raises
        ------
        InputError   it hasn't
        """
        if approvals and as_text(as_object(self._owner().body).get("plan")) == "free":
            address = self._address
            raise InputError(
                f"{address.host}/{address.owner} has the plan `free`, which can't require approvals; set `approvals: "
                "0`, leave out the branch protection, or upgrade the plan"
            )

    def check_team(self, team: str) -> None:
        """Check that there is a group, by its full path.

        Raises
        ------
        NotFoundError   there is no such group
        """
        self._group(team)

    def create(self, visibility: Visibility, description: str) -> Existing | None:
        """Create an empty project; None if there is already one of this name.

        Raises
        ------
        NotFoundError     there is no such group, or our token gives no access to it
        NotAllowedError   our token may not create projects there
        """
        name = self._address.name
        body: dict[str, Json] = {
            "name": name,
            "path": name,
            "namespace_id": self._owner().id,
            "visibility": visibility,
            "description": description,
        }
        answer = self._client.call(
            "POST", "/projects", body, expected=(400,), saying="has already been taken", tells=True
        )
        return self._existing(answer) if answer.status < 300 else None

    def find(self) -> Existing | None:
        """GitLab's data about the project; None if our token gives access to none.

        Raises
        ------
        ConflictError   the name is a former one of another project; a new one would end the redirect to it
        """
        try:
            answer = self._client.call("GET", self._path, expected=(404,))
        except NotFoundError:
            raise ConflictError(f"{self._address} redirects to a project that was renamed; use another name") from None
        return self._existing(answer) if answer.status == 200 else None

    def get(self) -> Existing:
        """GitLab's data about the project.

        Raises
        ------
        NotFoundError   it doesn't exist
        """
        return self._existing(self._client.call("GET", self._path))

    def update(self, *, description: str, homepage: str) -> None:  # noqa: ARG002 - a project has none
        """Set the description."""
        self._client.call("PUT", self._path, {"description": description})

    def set_default_branch(self, old: str, new: str) -> None:  # noqa: ARG002 - no branch is renamed
        """Make a branch the default branch."""
        self._client.call("PUT", self._path, {"default_branch": new})

    def set_topics(self, topics: Sequence[str]) -> None:
        """Set all topics of the project."""
        self._client.call("PUT", self._path, {"topics": list(topics)})

    def give_team_access(self, team: str, permission: str) -> None:
        """Invite a group, by its full path, with the role that is a permission of GitHub."""
        body = {"group_id": self._group(team), "group_access": _ROLES[permission]}
        self._client.call("POST", f"{self._path}/share", body, expected=(409,))

    def protect_branch(self, branch: str, approvals: int, checks: Sequence[str]) -> str:
        """Protect a branch: only merge requests may change it, with a number of approvals and a passed pipeline.

        GitLab may have protected it already, in its own way, as the default branch. Returns what isn't done because the
        plan doesn't include it, else an empty text.
        """
        path = f"{self._path}/protected_branches"
        body: dict[str, Json] = {
            "name": branch,
            "push_access_level": _NOBODY,
            "merge_access_level": _DEVELOPERS,
            "allow_force_push": False,
        }
        if self._client.call("POST", path, body, expected=(409,)).status == 409:
            self._client.call("DELETE", f"{path}/{quote(branch, safe='')}", expected=(404,))
            self._client.call("POST", path, body)
        if checks:
            self._client.call("PUT", self._path, {"only_allow_merge_if_pipeline_succeeds": True})
        refused = self._require(approvals) if approvals else ""
        return f"{branch} is protected, but the plan doesn't require approvals: {refused}" if refused else ""

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable for the project's pipelines."""
        self._set(name, {"value": value, "raw": True, "masked": False, "protected": False})

    def set_secrets(self, secrets: Mapping[str, str]) -> None:
        """Set variables that logs don't show, and that only pipelines of protected branches get."""
        for name, value in sorted(secrets.items()):
            self._set(name, {"value": value, "raw": True, "masked": True, "protected": True})

    def _set(self, name: str, about: Mapping[str, Json]) -> None:
        path = f"{self._path}/variables"
        new = {"key": name, **about}
        if self._client.call("POST", path, new, expected=(400,), saying="already been taken").status == 400:
            self._client.call("PUT", f"{path}/{name}", about)

    def _require(self, approvals: int) -> str:
        """Require approvals of anybody who may approve; returns GitLab's message if the plan doesn't have this."""
        path = f"{self._path}/approval_rules"
        listed = self._client.call("GET", path, expected=(403, 404))
        if listed.status != 200:
            return listed.said or f"status {listed.status}"
        rules = map(as_object, as_list(listed.body))
        known = next((each.get("id") for each in rules if each.get("rule_type") == "any_approver"), None)
        rule: dict[str, Json] = {"name": "All Members", "approvals_required": approvals}
        if known is None:
            answer = self._client.call("POST", path, {**rule, "rule_type": "any_approver"}, expected=(403, 404))
        else:
            answer = self._client.call("PUT", f"{path}/{known}", rule, expected=(403, 404))
        return "" if answer.status < 300 else answer.said or f"status {answer.status}"

    def _owner(self) -> GitLabAnswer:
        """The group, or the user, that the project belongs to."""
        if self._namespace is None:
            address = self._address
            answer = self._client.call("GET", f"/namespaces/{quote(address.owner, safe='')}", expected=(404,))
            if answer.status == 404:
                raise NotFoundError(
                    f"{address.host} has no group {address.owner!r}, or our token gives no access to it"
                )
            self._namespace = answer
        return self._namespace

    def _group(self, path: str) -> int:
        """The number of a group.

        Raises
        ------
        NotFoundError   there is no such group
        """
        if path not in self._groups:
            answer = self._client.call(
                "GET", f"/groups/{quote(path, safe='')}", parameters={"with_projects": "false"}, expected=(404,)
            )
            if answer.status == 404:
                raise NotFoundError(
                    f"{self._address.host} has no group {path!r}, or our token gives no access to it; "
                    "use the group's full path from its address"
                )
            self._groups[path] = answer.id
        return self._groups[path]

    def _existing(self, answer: GitLabAnswer) -> Existing:
        """The project in a response; an empty one may have no default branch yet."""
        about = as_object(answer.body)
        self.seen = Existing(
            url=answer.text("web_url"),
            remote_url=answer.text("http_url_to_repo"),
            default_branch=as_text(about.get("default_branch")),
            description=as_text(about.get("description")),
            empty=about.get("empty_repo") is True,
        )
        return self.seen
