"""Merge requests of a project on GitLab."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from scenedock.effects.gitlab.client import GitLabClient
from scenedock.effects.gitlab.quick_actions import inert
from scenedock.errors import ConflictError, InputError, TemporaryError
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.code_hosts.comment import Comment
from scenedock.model.code_hosts.pull_request import NewPullRequest, PullRequest, PullRequestState
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at

_STATES: Mapping[str, PullRequestState] = {"merged": "merged", "closed": "closed"}
_DRAFT = "Draft: "
_PREPARING = {"preparing", "checking", "unchecked", "approvals_syncing"}
"""What GitLab says of a merge request before it knows whether it may be merged."""
_UNMERGED = (401, 405, 406, 409, 422)
_PIPELINE_WITHIN = timedelta(minutes=2)
"""How long after a change a pipeline may begin."""


class GitLabMergeRequests:
    """The merge requests of one project; `tip` tells the commit of a branch while GitLab still prepares a new one."""

    def __init__(self, client: GitLabClient, address: RepositoryAddress, tip: Callable[[str], str]) -> None:
        self._client = client
        self._address = address
        self._tip = tip
        self._project = f"/projects/{quote(address.path, safe='')}"
        self._path = f"{self._project}/merge_requests"

    def find(self, branch: str) -> PullRequest | None:
        """The newest merge request of a branch, even if the branch has been deleted."""
        listed = self._listed({"source_branch": branch, "state": "all"}, 100)
        return next((self._read(each) for each in listed if each.get("source_branch") == branch), None)

    def get(self, number: int) -> PullRequest:
        """A merge request by its number in the project.

        Raises
        ------
        NotFoundError   there is no merge request with this number
        """
        return self._read(self._got(number))

    def open_ones(self, prefix: str) -> Sequence[PullRequest]:
        """The open merge requests whose branch begins with a prefix, the newest first; at most a thousand are read."""
        listed = self._listed({"state": "opened"}, 1_000)
        return [self._read(each) for each in listed if as_text(each.get("source_branch")).startswith(prefix)]

    def open(self, new: NewPullRequest) -> PullRequest | None:
        """Open a merge request; None if its branch already has an open one."""
        body = {
            "source_branch": new.branch,
            "target_branch": new.base,
            "title": f"{_DRAFT}{new.title}" if new.draft else new.title,
            "description": inert(new.body),
        }
        answer = self._client.call("POST", self._path, body, expected=(409,), saying="already exists", tells=True)
        return self._read(as_object(answer.body)) if answer.status < 300 else None

    def update(self, number: int, body: str | None = None, *, title: str | None = None) -> None:
        """Replace the title or the text of a merge request, or both; a draft stays one."""
        changed: dict[str, Json] = {}
        if title is not None:
            is_draft = self._got(number).get("draft") is True
            changed["title"] = f"{_DRAFT}{title}" if is_draft else title
        if body is not None:
            changed["description"] = inert(body)
        self._put(number, changed)

    def close(self, number: int) -> None:
        """Close a merge request without merging it."""
        self._put(number, {"state_event": "close"})

    def comment(self, number: int, text: str) -> None:
        """Write a comment on a merge request, unless its first hundred comments have one of ours with the same text."""
        wanted = inert(text.strip())
        if any(as_text(each.get("body")) == wanted for each in self._notes(number, 100)) and any(
            each.body == wanted for each in self.own_comments(number)
        ):
            return
        self._client.call("POST", f"{self._path}/{number}/notes", {"body": wanted}, tells=True)

    def own_comments(self, number: int) -> Sequence[Comment]:
        """Our comments on a merge request, the oldest first; at most a thousand are read."""
        we = self._client.call("GET", "/user").id
        page = f"{as_text(self._got(number).get('web_url'))}#note_"
        return [
            Comment(key, as_text(each.get("body")), f"{page}{key}")
            for each in self._notes(number, 1_000)
            if isinstance(key := each.get("id"), int) and value_at(each, ["author", "id"]) == we
        ]

    def _notes(self, number: int, most: int) -> list[JsonObject]:
        """The comments on a merge request, the oldest first."""
        first: dict[str, str | int] = {"sort": "asc", "order_by": "created_at"}
        return self._client.pages(f"{self._path}/{number}/notes", first, most)

    def edit_comment(self, number: int, comment: int, text: str) -> None:
        """Replace the text of a comment."""
        self._client.call("PUT", f"{self._path}/{number}/notes/{comment}", {"body": inert(text.strip())})

    def delete_comment(self, number: int, comment: int) -> None:
        """Delete a comment; one that is gone already is no failure."""
        self._client.call("DELETE", f"{self._path}/{number}/notes/{comment}", expected=(404,))

    def merge_when_ready(self, number: int, commit: str) -> bool:
        """Let GitLab merge a commit, the last of a merge request, when its checks succeed; False if GitLab refuses.

        Without a pipeline that runs there is nothing that GitLab waits for, and it refuses; so what it calls mergeable
        is then merged at once. A merge that our rights don't allow is also refused, with 401. `auto_merge` is the
        parameter since GitLab 17.11, the other one what it was before.

        Raises
        ------
        TemporaryError   GitLab still prepares the merge request, or makes its pipeline
        """
        now = self._got(number)
        if now.get("state") == "merged":
            return True
        status = as_text(now.get("detailed_merge_status"))
        if as_text(now.get("sha")) != commit or status in _PREPARING:
            raise TemporaryError(f"{self._address}: GitLab still prepares !{number}", retry_after=3)
        if now.get("merge_when_pipeline_succeeds") is True:
            return True
        path, body = f"{self._path}/{number}/merge", {"sha": commit}
        waiting: JsonObject = {**body, "auto_merge": True, "merge_when_pipeline_succeeds": True}
        answer = self._client.call("PUT", path, waiting, expected=_UNMERGED)
        if answer.status == 405 and status == "mergeable":
            answer = self._client.call("PUT", path, body, expected=_UNMERGED)
        if answer.status == 405 and status == "ci_must_pass" and not now.get("head_pipeline"):
            return self._await_pipeline(number, now)
        return answer.status < 300

    def dont_merge_by_itself(self, number: int) -> None:
        """Take back that GitLab merges a merge request by itself.

        Raises
        ------
        ConflictError   GitLab refuses, and would still merge it
        """
        path = f"{self._path}/{number}/cancel_merge_when_pipeline_succeeds"
        refused = self._client.call("POST", path, expected=_UNMERGED).status >= 300
        if refused and self.get(number).merges_by_itself:
            raise ConflictError(f"{self._address}: GitLab doesn't cancel the auto-merge of !{number}; cancel it there")

    def _await_pipeline(self, number: int, now: JsonObject) -> bool:
        """Wait for the pipeline that has to succeed; False if there is still none long after the last change.

        Raises
        ------
        TemporaryError   it may still come
        """
        changed = as_text(now.get("updated_at"))
        try:
            age = datetime.now(UTC) - datetime.fromisoformat(changed)
        except (TypeError, ValueError):
            return False
        if age > _PIPELINE_WITHIN:
            return False
        raise TemporaryError(f"{self._address}: !{number} has no pipeline yet", retry_after=10)

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Add labels to a merge request; labels that don't exist yet are created.

        Raises
        ------
        InputError   one has a comma, which GitLab's labels can't have
        """
        if wrong := next((label for label in labels if "," in label), None):
            raise InputError(f"the label {wrong!r} has a comma, which labels on GitLab can't have")
        self._put(number, {"add_labels": ",".join(labels)})

    def ask_reviewers(self, number: int, people: Sequence[str], teams: Sequence[str]) -> None:
        """Request a review from people, and an approval from each group.

        Raises
        ------
        InputError   one of them can't review, or GitLab's plan doesn't have this
        """
        problems = self._ask_people(number, people) if people else []
        problems += [problem for team in teams if (problem := self._ask_group(number, team))]
        if problems:
            raise InputError("; ".join(problems))

    def _ask_people(self, number: int, people: Sequence[str]) -> list[str]:
        problems: list[str] = []
        asked = {
            as_text(each.get("username")).lower(): each.get("id")
            for each in map(as_object, as_list(self._got(number).get("reviewers")))
        }
        wanted = [name.lower() for name in people]
        for name in wanted:
            users = self._client.call("GET", "/users", parameters={"username": name}).body
            found = next((each.get("id") for each in map(as_object, as_list(users)) if _is(each, name)), None)
            if found is None:
                problems.append(f"{self._address.host} has no user {name!r}")
            else:
                asked[name] = found
        answer = self._put(number, {"reviewer_ids": list(asked.values())})
        now = {as_text(each.get("username")).lower() for each in map(as_object, as_list(answer.get("reviewers")))}
        if refused := [name for name in wanted if name in asked and name not in now]:
            problems.append(
                f"GitLab didn't ask {', '.join(refused)} for a review: they have no access to the project, or the plan "
                "allows one reviewer only"
            )
        return problems

    def _ask_group(self, number: int, group: str) -> str:
        """Require an approval of a group; returns why that isn't possible, else an empty text."""
        found = self._client.call("GET", f"/groups/{quote(group, safe='')}", expected=(404,))
        if found.status == 404:
            return f"{self._address.host} has no group {group!r}, or our token gives no access to it"
        body: JsonObject = {"name": group, "approvals_required": 1, "group_ids": [found.id]}
        path = f"{self._path}/{number}/approval_rules"
        answer = self._client.call("POST", path, body, expected=(400, 403, 404), tells=True)
        if answer.status == 400 and "already been taken" not in answer.said:
            return f"GitLab refuses a rule for the approval of {group}: {answer.said}"
        if answer.status in {403, 404}:
            return f"no approval of {group} is asked for: GitLab's plan has no approval rules ({answer.said})"
        return ""

    def _listed(self, parameters: Mapping[str, str | int], most: int) -> list[JsonObject]:
        """Merge requests, the newest first; without those from forks, whose branches may have any name."""
        newest: dict[str, str | int] = {"order_by": "created_at", "sort": "desc"}
        listed = self._client.pages(self._path, {**parameters, **newest}, most)
        return [each for each in listed if each.get("source_project_id") == each.get("target_project_id")]

    def _got(self, number: int) -> JsonObject:
        return as_object(self._client.call("GET", f"{self._path}/{number}").body)

    def _put(self, number: int, changed: JsonObject) -> JsonObject:
        return as_object(self._client.call("PUT", f"{self._path}/{number}", changed, tells=True).body)

    def _read(self, body: JsonObject) -> PullRequest:
        number, url, branch = body.get("iid"), as_text(body.get("web_url")), as_text(body.get("source_branch"))
        if not isinstance(number, int) or not url:
            raise TemporaryError("GitLab's response has no merge request", retry_after=30)
        state: PullRequestState = _STATES.get(as_text(body.get("state")), "open")
        commit = as_text(body.get("sha"))
        # A merge that adds no commit of its own leaves only the branch's.
        merged = as_text(body.get("merge_commit_sha")) or as_text(body.get("squash_commit_sha")) or commit
        return PullRequest(
            number=number,
            url=url,
            state=state,
            branch=branch,
            commit=commit or self._tip(branch),
            base=as_text(body.get("target_branch")),
            title=as_text(body.get("title")).removeprefix(_DRAFT),
            body=as_text(body.get("description")),
            merge_commit=merged or None if state == "merged" else None,
            merges_by_itself=state == "open" and body.get("merge_when_pipeline_succeeds") is True,
        )


def _is(user: JsonObject, name: str) -> bool:
    return as_text(value_at(user, ["username"])).lower() == name
