"""Pull requests of a repository on GitHub."""

from __future__ import annotations

from collections.abc import Sequence

from scenedock.effects.github.client import GitHubClient
from scenedock.errors import ConflictError, TemporaryError
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.code_hosts.comment import Comment
from scenedock.model.code_hosts.pull_request import NewPullRequest, PullRequest, PullRequestState
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at


class GitHubPullRequests:
    """The pull requests of one repository."""

    def __init__(self, client: GitHubClient, address: RepositoryAddress) -> None:
        self._client = client
        self._address = address
        self._path = f"/repos/{address.path}"

    def find(self, branch: str) -> PullRequest | None:
        """The newest pull request of a branch, even if the branch has been deleted."""
        head = f"{self._address.owner}:{branch}"
        parameters: dict[str, str | int] = {"head": head, "state": "all", "sort": "created", "direction": "desc"}
        answer = self._client.call("GET", f"{self._path}/pulls", parameters={**parameters, "per_page": 100})
        pulls = [_read(each) for each in as_list(answer.body) if self._is_own(as_object(each))]
        return next((each for each in pulls if each.branch == branch), None)

    def get(self, number: int) -> PullRequest:
        """A pull request by its number.

        Raises
        ------
        NotFoundError   there is no pull request with this number
        """
        return _read(self._client.call("GET", f"{self._path}/pulls/{number}").body)

    def open_ones(self, prefix: str) -> Sequence[PullRequest]:
        """The open pull requests whose branch begins with a prefix, the newest first; at most a thousand are read."""
        parameters = {"state": "open", "sort": "created", "direction": "desc"}
        listed = self._client.pages(f"{self._path}/pulls", parameters, 1_000)
        own = [each for each in listed if self._is_own(each)]  # branches of forks may have any name
        return [each for each in map(_read, own) if each.branch.startswith(prefix)]

    def _is_own(self, pull: JsonObject) -> bool:
        return as_text(value_at(pull, ["head", "repo", "full_name"])).lower() == self._address.path.lower()

    def open(self, new: NewPullRequest) -> PullRequest | None:
        """Open a pull request; None if its branch already has an open one."""
        body: JsonObject = {
            "title": new.title,
            "head": new.branch,
            "base": new.base,
            "body": new.body,
            "draft": new.draft,
        }
        answer = self._client.call(
            "POST", f"{self._path}/pulls", body, expected=(422,), saying="already exists", tells=True
        )
        return _read(answer.body) if answer.status == 200 else None

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Replace the title or the text of a pull request, or both."""
        given = {"title": title, "body": body}
        changed = {name: text for name, text in given.items() if text is not None}
        self._client.call("PATCH", f"{self._path}/pulls/{number}", changed)

    def close(self, number: int) -> None:
        """Close a pull request without merging it."""
        self._client.call("PATCH", f"{self._path}/pulls/{number}", {"state": "closed"})

    def comment(self, number: int, text: str) -> None:
        """Write a comment on a pull request, unless its first hundred comments have one of ours with the same text."""
        wanted = text.strip()
        if any(as_text(each.get("body")) == wanted for each in self._comments(number, 100)) and any(
            each.body == wanted for each in self.own_comments(number)
        ):
            return
        self._client.call("POST", f"{self._path}/issues/{number}/comments", {"body": wanted}, tells=True)

    def own_comments(self, number: int) -> Sequence[Comment]:
        """Our comments on a pull request, the oldest first; at most a thousand are read."""
        we = self._client.login()
        return [
            Comment(key, as_text(each.get("body")), as_text(each.get("html_url")))
            for each in self._comments(number, 1_000)
            if isinstance(key := each.get("id"), int) and value_at(each, ["user", "login"]) == we
        ]

    def _comments(self, number: int, most: int) -> list[JsonObject]:
        """The comments on a pull request, the oldest first."""
        return self._client.pages(f"{self._path}/issues/{number}/comments", {}, most)

    def edit_comment(self, number: int, comment: int, text: str) -> None:  # noqa: ARG002 - GitLab needs the number
        """Replace the text of a comment."""
        self._client.call("PATCH", f"{self._path}/issues/comments/{comment}", {"body": text.strip()})

    def delete_comment(self, number: int, comment: int) -> None:  # noqa: ARG002 - GitLab needs the number
        """Delete a comment; one that is gone already is no failure."""
        self._client.call("DELETE", f"{self._path}/issues/comments/{comment}", expected=(404,))

    def merge_when_ready(self, number: int, commit: str) -> bool:
        """Let GitHub merge a commit, the last of a pull request, as soon as its rules allow; False if it refuses.

        GitHub's auto-merge refuses what may be merged already, so that is merged here; only if GitHub calls it clean,
        because it lets administrators merge what its rules forbid to others.
        """
        path = f"{self._path}/pulls/{number}"
        pull = as_object(self._client.call("GET", path).body)
        if pull.get("merged") is True:
            return True
        if as_text(value_at(pull, ["head", "sha"])) != commit:
            raise TemporaryError(f"{self._address}: GitHub shows another commit in #{number} yet", retry_after=2)
        if pull.get("auto_merge") is not None:
            return True
        method, refused = self._merge_method(), ""
        if not (clean := pull.get("mergeable_state") == "clean"):
            values = {
                "pullRequestId": as_text(pull.get("node_id")),
                "mergeMethod": method.upper(),
                "expectedHeadOid": commit,
            }
            refused = self._client.mutate("enablePullRequestAutoMerge", values)
            clean = "clean status" in refused.lower()
        if not clean:
            return not refused
        body = {"sha": commit, "merge_method": method}
        return self._client.call("PUT", f"{path}/merge", body, expected=(405, 409)).status == 200

    def dont_merge_by_itself(self, number: int) -> None:
        """Take back that GitHub merges a pull request by itself.

        Raises
        ------
        ConflictError   GitHub refuses, and would still merge it
        """
        pull = as_object(self._client.call("GET", f"{self._path}/pulls/{number}").body)
        refused = self._client.mutate("disablePullRequestAutoMerge", {"pullRequestId": as_text(pull.get("node_id"))})
        if refused and self.get(number).merges_by_itself:
            raise ConflictError(f"{self._address}: GitHub doesn't disable the auto-merge of #{number}: {refused}")

    def _merge_method(self) -> str:
        """How the repository lets pull requests be merged."""
        repository = as_object(self._client.call("GET", self._path).body)
        ways = {"allow_squash_merge": "squash", "allow_merge_commit": "merge", "allow_rebase_merge": "rebase"}
        return next((way for name, way in ways.items() if repository.get(name) is True), "merge")

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Add labels to a pull request; labels that don't exist yet are created."""
        self._client.call("POST", f"{self._path}/issues/{number}/labels", {"labels": list(labels)}, tells=True)

    def ask_reviewers(self, number: int, people: Sequence[str], teams: Sequence[str]) -> None:
        """Request a review from people and teams.

        Raises
        ------
        InputError   one of them can't review
        """
        body = {"reviewers": list(people), "team_reviewers": list(teams)}
        self._client.call("POST", f"{self._path}/pulls/{number}/requested_reviewers", body, tells=True)


def _read(body: Json) -> PullRequest:
    number, url = as_object(body).get("number"), as_text(value_at(body, ["html_url"]))
    if not isinstance(number, int) or not url:
        raise TemporaryError("GitHub's response has no pull request", retry_after=30)
    merged = bool(as_object(body).get("merged_at"))
    state: PullRequestState = "merged" if merged else "open" if value_at(body, ["state"]) == "open" else "closed"
    return PullRequest(
        number=number,
        url=url,
        state=state,
        branch=as_text(value_at(body, ["head", "ref"])),
        commit=as_text(value_at(body, ["head", "sha"])),
        base=as_text(value_at(body, ["base", "ref"])),
        title=as_text(value_at(body, ["title"])),
        body=as_text(value_at(body, ["body"])),
        merge_commit=as_text(value_at(body, ["merge_commit_sha"])) or None if merged else None,
        merges_by_itself=state == "open" and value_at(body, ["auto_merge"]) is not None,
    )
