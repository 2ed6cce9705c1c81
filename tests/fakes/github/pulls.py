"""Pull requests, their labels, reviewers and comments, and merging them."""

from __future__ import annotations

from typing import Any

from tests.fakes.github.access import role
from tests.fakes.github.bare import NULL
from tests.fakes.github.branches import APPROVAL, locked, pushed
from tests.fakes.github.call import Answer, Call, Event, RefusedError, Route, invalid, not_found
from tests.fakes.github.history import between, changes
from tests.fakes.github.views import node_id
from tests.fakes.github.world import Comment, Pull, Repository, now


def pulls(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls."""
    found, query = call.repository, call.query
    state, head = query.get("state", "open"), query.get("head", "")
    listed = [
        each
        for each in found.pulls.values()
        if state in {"all", each.state}
        and query.get("base", each.base) == each.base
        # As GitHub has it, a head without its owner is no filter at all.
        and (":" not in head or head.lower() == f"{found.owner.login}:{each.head}".lower())
    ]
    newest_first = query.get("direction", "desc" if query.get("sort", "created") == "created" else "asc") == "desc"
    listed.sort(key=lambda each: each.number, reverse=newest_first)
    return call.page([_simple(call, each) for each in listed])


def pull(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}."""
    return Answer(200, _full(call, _pull(call)))


def create(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/pulls."""
    found, body = call.repository, call.body
    if "title" not in body:
        raise invalid("PullRequest", "title is missing", "title", "missing_field")
    owner, _, head = body["head"].rpartition(":")
    for name, branch in {"head": head, "base": body["base"]}.items():
        if (owner and name == "head" and owner.lower() != found.owner.login.lower()) or found.branch(branch) is None:
            raise invalid("PullRequest", f"{name} is invalid", name, "invalid")
    for each in found.pulls.values():
        if each.state == "open" and (each.head, each.base) == (head, body["base"]):
            raise invalid("PullRequest", f"A pull request already exists for {found.owner.login}:{head}.")
    if not between(found, found.branch(body["base"]) or "", found.branch(head) or ""):
        raise invalid("PullRequest", f"No commits between {body['base']} and {head}")
    number = len(found.pulls) + 1
    made = Pull(
        number,
        call.world.new_id(),
        call.caller.account,
        body["title"],
        body.get("body"),
        head,
        body["base"],
        body.get("draft", False),
    )
    found.pulls[number] = made
    _tell(call, made, "opened")
    return Answer(201, _full(call, made), {"Location": _url(call, made)})


def update(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/pulls/{pull_number}."""
    found, body = _pull(call), call.body or {}
    if "base" in body and call.repository.branch(body["base"]) is None:
        raise invalid("PullRequest", "base is invalid", "base", "invalid")
    state = body.get("state", found.state)
    if state == "open" and found.state == "closed":
        if found.merged or call.repository.branch(found.head) is None:
            raise invalid("PullRequest", "state cannot be changed.", "state")
        found.state, found.closed, found.head_sha, found.base_sha = "open", None, None, None
        _tell(call, found, "reopened")
    elif state == "closed" and found.state == "open":
        _close(call, found)
        _tell(call, found, "closed")
    found.title, found.body, found.base = (body.get(name, getattr(found, name)) for name in ("title", "body", "base"))
    found.updated = now()
    return Answer(200, _full(call, found))


def merge(call: Call) -> Answer:
    """PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge."""
    repository, found, body = call.repository, _pull(call), call.body or {}
    base, head = _shas(repository, found)
    if found.state != "open" or found.draft:
        raise RefusedError(405, "Pull Request is not mergeable")
    if body.get("sha", head) != head:
        raise RefusedError(409, "Head branch was modified. Review and try the merge again.")
    if found.base in locked(call, repository):
        raise RefusedError(405, APPROVAL)
    method = body.get("merge_method", "merge")
    allowed = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}[method]
    if not repository.settings.get(allowed, True):
        raise RefusedError(405, f"{method.capitalize()} merges are not allowed on this repository.")
    made = _merged(call, found, method, base, head)
    if made is None:
        raise RefusedError(405, "Pull Request is not mergeable")
    _close(call, found)
    repository.git.move(f"refs/heads/{found.base}", made)
    found.merge_sha, found.merged_by = made, call.caller.account
    pushed(call, repository, f"refs/heads/{found.base}", base, made)
    _tell(call, found, "closed")
    if repository.settings.get("delete_branch_on_merge"):
        repository.git.move(f"refs/heads/{found.head}", NULL)
    return Answer(200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"})


def is_merged(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}/merge."""
    if not _pull(call).merged:
        raise not_found()
    return Answer(204)


def commits(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}/commits."""
    found = _pull(call)
    listed = between(call.repository, *_shas(call.repository, found))
    return call.page([call.view.commit(call.repository, each) for each in listed])


def files(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}/files."""
    base, head = _shas(call.repository, _pull(call))
    return call.page(changes(call, call.repository, call.repository.git.merge_base(base, head), head))


def request_reviewers(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers."""
    repository, found, body = call.repository, _pull(call), call.body or {}
    wanted = [call.world.accounts.get(login.lower()) for login in body.get("reviewers", [])]
    organization = repository.owner.login.lower()
    teams = [call.world.teams.get((organization, slug)) for slug in body.get("team_reviewers", [])]
    if found.account in wanted:
        raise RefusedError(422, "Review cannot be requested from pull request author.")
    if any(each is None or role(call.world, repository, each) is None for each in wanted) or any(
        each is None or each.slug not in repository.teams for each in teams
    ):
        raise RefusedError(
            422,
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified "
            f"is not a collaborator of the {repository.full_name} repository.",
        )
    found.reviewers += [each for each in wanted if each and each not in found.reviewers]
    found.teams += [each for each in teams if each and each not in found.teams]
    return Answer(201, _simple(call, found))


def requested_reviewers(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers."""
    found = _pull(call)
    teams = [_team(call, each.slug) for each in found.teams]
    return Answer(200, {"users": [call.view.account(each) for each in found.reviewers], "teams": teams})


def add_labels(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/issues/{issue_number}/labels: labels that aren't there yet are made."""
    repository, found, body = call.repository, _pull(call), call.body
    given = body.get("labels", []) if isinstance(body, dict) else body
    for each in given:
        name = each if isinstance(each, str) else each["name"]
        repository.labels.setdefault(name, call.world.new_id())
        if name not in found.labels:
            found.labels.append(name)
    return Answer(200, [call.view.label(repository, name) for name in found.labels])


def labels(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/issues/{issue_number}/labels."""
    return call.page([call.view.label(call.repository, name) for name in _pull(call).labels])


def comment(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/issues/{issue_number}/comments."""
    found = _pull(call)
    made = Comment(call.world.new_id(), call.caller.account, call.body["body"])
    found.comments.append(made)
    return Answer(201, call.view.comment(call.repository, found, made))


def comments(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/issues/{issue_number}/comments."""
    found = _pull(call)
    return call.page([call.view.comment(call.repository, found, each) for each in found.comments])


def _pull(call: Call) -> Pull:
    number = call.path.get("pull_number") or call.path["issue_number"]
    found = call.repository.pulls.get(int(number))
    if found is None:
        raise not_found()
    return found


def _shas(repository: Repository, pull: Pull) -> tuple[str, str]:
    """Where base and head are; where they were when a pull request is closed."""
    base, head = repository.branch(pull.base), repository.branch(pull.head)
    return pull.base_sha or base or NULL, pull.head_sha or head or NULL


def _close(call: Call, pull: Pull) -> None:
    pull.base_sha, pull.head_sha = _shas(call.repository, pull)
    pull.state, pull.closed, pull.updated = "closed", now(), now()


def _merged(call: Call, pull: Pull, method: str, base: str, head: str) -> str | None:
    """The commit of a merge, None where there are conflicts."""
    git, committer = call.repository.git, call.caller.account.signature()
    if method == "rebase":
        return git.rebased(base, head, committer)
    tree = git.merged_tree(base, head)
    if tree is None:
        return None
    body = call.body or {}
    owner = call.repository.owner.login
    if method == "squash":
        title, text = (
            f"{pull.title} (#{pull.number})",
            "\n".join(each.message for each in between(call.repository, base, head)),
        )
    else:
        title, text = f"Merge pull request #{pull.number} from {owner}/{pull.head}", pull.title
    message = f"{body.get('commit_title') or title}\n\n{body.get('commit_message') or text}".rstrip()
    return git.write_commit(tree, [base] if method == "squash" else [base, head], message, committer, committer)


def _tell(call: Call, pull: Pull, action: str) -> None:
    payload = {
        "action": action,
        "number": pull.number,
        "pull_request": _full(call, pull),
        "repository": call.view.repository(call.repository),
        "sender": call.view.account(call.caller.account),
    }
    call.events.append(Event("pull_request", action, payload))


def _url(call: Call, pull: Pull) -> str:
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


def _simple(call: Call, pull: Pull) -> dict[str, Any]:
    """GitHub's `pull-request-simple`."""
    repository, view = call.repository, call.view
    base, head = _shas(repository, pull)
    url, page = _url(call, pull), f"{view.web}/{repository.full_name}/pull/{pull.number}"
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
        "requested_teams": [_team(call, each.slug) for each in pull.teams],
        "head": _side(call, pull.head, head),
        "base": _side(call, pull.base, base),
        "created_at": pull.created,
        "updated_at": pull.updated,
        "closed_at": pull.closed,
        "merged_at": pull.closed if pull.merged else None,
        "merge_commit_sha": pull.merge_sha,
        "author_association": "MEMBER",
        "auto_merge": None,
        "active_lock_reason": None,
    }


def _full(call: Call, pull: Pull) -> dict[str, Any]:
    """GitHub's `pull-request`."""
    repository = call.repository
    base, head = _shas(repository, pull)
    git = repository.git
    files = changes(call, repository, git.merge_base(base, head), head) if NULL not in {base, head} else []
    mergeable = git.merged_tree(base, head) is not None if pull.state == "open" and NULL not in {base, head} else None
    return {
        **_simple(call, pull),
        "merged": pull.merged,
        "mergeable": mergeable,
        "mergeable_state": {True: "clean", False: "dirty", None: "unknown"}[mergeable],
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


def _team(call: Call, slug: str) -> dict[str, Any]:
    shown = call.view.team(call.world.teams[call.repository.owner.login.lower(), slug])
    kept = "id node_id url members_url name description permission privacy html_url repositories_url slug parent type"
    return {name: shown[name] for name in kept.split()}


ROUTES = (
    Route("GET /repos/{owner}/{repo}/pulls", pulls, "pull_requests:read"),
    Route("POST /repos/{owner}/{repo}/pulls", create, "pull_requests:write"),
    Route("GET /repos/{owner}/{repo}/pulls/{pull_number}", pull, "pull_requests:read"),
    Route("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", update, "pull_requests:write"),
    Route("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", merge, "contents:write"),
    Route("GET /repos/{owner}/{repo}/pulls/{pull_number}/merge", is_merged, "contents:read"),
    Route("GET /repos/{owner}/{repo}/pulls/{pull_number}/commits", commits, "pull_requests:read"),
    Route("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", files, "pull_requests:read"),
    Route(
        "GET /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers", requested_reviewers, "pull_requests:read"
    ),
    Route(
        "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers", request_reviewers, "pull_requests:write"
    ),
    Route("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", labels, "issues|pull_requests:read"),
    Route("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", add_labels, "issues|pull_requests:write"),
    Route("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", comments, "issues|pull_requests:read"),
    Route("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", comment, "issues|pull_requests:write"),
)
