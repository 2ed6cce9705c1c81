"""What GitHub shows of pull requests."""

from __future__ import annotations

from typing import Any

from tests.fakes.github.account_views import node_id
from tests.fakes.github.call import Call
from tests.fakes.github.history import between, changes
from tests.fakes.github.model import Pull, Repository
from tests.fakes.shared.bare import NULL


def ends(repository: Repository, pull: Pull) -> tuple[str, str]:
    """Where base and head are; where they were when a pull request is closed."""
    base, head = repository.branch(pull.base), repository.branch(pull.head)
    return pull.base_sha or base or NULL, pull.head_sha or head or NULL


def pull_url(call: Call, pull: Pull) -> str:
    return f"{call.view.repository_url(call.repository)}/pulls/{pull.number}"


def _side(call: Call, name: str, sha: str) -> dict[str, Any]:
    repository = call.repository
    return {
        "label": f"{repository.owner.login}:{name}",
        "ref": name,
        "sha": sha,
        "user": call.view.account(repository.owner),
        "repo": call.view.repository(repository),
    }


def simple(call: Call, pull: Pull) -> dict[str, Any]:
    """GitHub's `pull-request-simple`."""
    repository, view = call.repository, call.view
    base, head = ends(repository, pull)
    url, page = pull_url(call, pull), f"{view.web}/{repository.full_name}/pull/{pull.number}"
    issue = f"{view.repository_url(repository)}/issues/{pull.number}"
    urls = {
        "self": url,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{view.repository_url(repository)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{view.repository_url(repository)}/statuses/{head}",
    }
    return {
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "number": pull.number,
        "url": url,
        **{f"{name}_url": address for name, address in urls.items() if name != "self"},
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "_links": {name: {"href": address} for name, address in urls.items()},
        "state": pull.state,
        "locked": False,
        "draft": pull.draft,
        "title": pull.title,
        "body": pull.body,
        "user": view.account(pull.account),
        "labels": [view.label(repository, name) for name in pull.labels],
        "milestone": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [view.account(each) for each in pull.reviewers],
        "requested_teams": [team(call, each.slug) for each in pull.teams],
        "head": _side(call, pull.head, head),
        "base": _side(call, pull.base, base),
        "created_at": pull.created,
        "updated_at": pull.updated,
        "closed_at": pull.closed,
        "merged_at": pull.closed if pull.merged else None,
        "merge_commit_sha": pull.merge_sha,
        "author_association": "MEMBER",
        "auto_merge": _auto_merge(call, pull),
        "active_lock_reason": None,
    }


def full(call: Call, pull: Pull) -> dict[str, Any]:
    """GitHub's `pull-request`."""
    repository = call.repository
    base, head = ends(repository, pull)
    git = repository.git
    files = changes(call, repository, git.merge_base(base, head), head) if NULL not in {base, head} else []
    mergeable = _mergeable(repository, pull)
    return {
        **simple(call, pull),
        "merged": pull.merged,
        "mergeable": mergeable,
        "mergeable_state": mergeable_state(call, pull),
        "rebaseable": mergeable,
        "merged_by": call.view.account(pull.merged_by) if pull.merged_by else None,
        "comments": len(pull.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(between(repository, base, head)) if NULL not in {base, head} else 0,
        "additions": sum(each["additions"] for each in files),
        "deletions": sum(each["deletions"] for each in files),
        "changed_files": len(files),
    }


def mergeable_state(call: Call, pull: Pull) -> str:
    """In a word, whether a pull request can be merged: `blocked` by its branch's rules."""
    mergeable = _mergeable(call.repository, pull)
    if mergeable and pull.base in call.repository.protection:
        return "blocked"
    return {True: "clean", False: "dirty", None: "unknown"}[mergeable]


def _mergeable(repository: Repository, pull: Pull) -> bool | None:
    base, head = ends(repository, pull)
    if pull.state != "open" or NULL in {base, head}:
        return None
    return repository.git.merged_tree(base, head) is not None


def _auto_merge(call: Call, pull: Pull) -> dict[str, Any] | None:
    if not pull.auto_merge or pull.auto_merge_by is None:
        return None
    by = call.view.account(pull.auto_merge_by)
    return {"enabled_by": by, "merge_method": pull.auto_merge, "commit_title": "", "commit_message": ""}


def team(call: Call, slug: str) -> dict[str, Any]:
    shown = call.view.team(call.world.teams[call.repository.owner.login.lower(), slug])
    kept = "id node_id url members_url name description permission privacy html_url repositories_url slug parent type"
    return {name: shown[name] for name in kept.split()}
