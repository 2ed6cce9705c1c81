"""Pull requests, their labels, reviewers and comments, and merging them."""

from __future__ import annotations

from tests.fakes.github.access import role
from tests.fakes.github.branches import APPROVAL, locked, pushed
from tests.fakes.github.call import PROTECTED, Call, RefusedError, Route, invalid, not_found
from tests.fakes.github.history import between, changes
from tests.fakes.github.model import Comment, Pull, now
from tests.fakes.github.pull_views import ends, full, pull_url, simple, team
from tests.fakes.shared.bare import NULL
from tests.fakes.shared.messages import Answer, Event


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
    return call.page([simple(call, each) for each in listed])


def pull(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}."""
    return Answer(200, full(call, _pull(call)))


def create(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/pulls."""
    found, body = call.repository, call.body
    if "title" not in body:
        raise invalid("PullRequest", "title is missing", "title", "missing_field")
    owner, _, head = body["head"].rpartition(":")
    for name, branch in {"head": head, "base": body["base"]}.items():
        if (owner and name == "head" and owner.lower() != found.owner.login.lower()) or found.branch(branch) is None:
            raise invalid("PullRequest", "", name, "invalid")
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
    return Answer(201, full(call, made), {"Location": pull_url(call, made)})


def update(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/pulls/{pull_number}."""
    found, body = _pull(call), call.body or {}
    if "base" in body and call.repository.branch(body["base"]) is None:
        raise invalid("PullRequest", "", "base", "invalid")
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
    return Answer(200, full(call, found))


def merge(call: Call) -> Answer:
    """PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge."""
    repository, found, body = call.repository, _pull(call), call.body or {}
    base, head = ends(repository, found)
    if found.state != "open" or found.draft:
        raise RefusedError(405, "Pull Request is not mergeable")
    if body.get("sha", head) != head:
        raise RefusedError(409, "Head branch was modified. Review and try the merge again.")
    if found.base in locked(call, repository):
        raise RefusedError(405, APPROVAL, documentation=PROTECTED)
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
    listed = between(call.repository, *ends(call.repository, found))
    return call.page([call.view.commit(call.repository, each) for each in listed])


def files(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}/files."""
    base, head = ends(call.repository, _pull(call))
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
    return Answer(201, simple(call, found))


def requested_reviewers(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers."""
    found = _pull(call)
    teams = [team(call, each.slug) for each in found.teams]
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


def edit_comment(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}."""
    found, its = _comment(call)
    its.body = call.body["body"]
    return Answer(200, call.view.comment(call.repository, found, its))


def delete_comment(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}."""
    found, its = _comment(call)
    found.comments.remove(its)
    return Answer(204)


def close_without_branch(call: Call, branch: str, sha: str) -> None:
    """Close the pull requests of a branch that was deleted; `sha` is where it was."""
    for each in call.repository.pulls.values():
        if each.state == "open" and each.head == branch:
            each.head_sha = sha
            _close(call, each)
            _tell(call, each, "closed")


def _pull(call: Call) -> Pull:
    number = call.path.get("pull_number") or call.path["issue_number"]
    found = call.repository.pulls.get(int(number))
    if found is None:
        raise not_found()
    return found


def _comment(call: Call) -> tuple[Pull, Comment]:
    for found in call.repository.pulls.values():
        for each in found.comments:
            if str(each.id) == call.path["comment_id"]:
                return found, each
    raise not_found()


def _close(call: Call, pull: Pull) -> None:
    pull.base_sha, pull.head_sha = ends(call.repository, pull)
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
        "pull_request": full(call, pull),
        "repository": call.view.repository(call.repository),
        "sender": call.view.account(call.caller.account),
    }
    call.events.append(Event("pull_request", action, payload))


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
    Route("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", edit_comment, "issues|pull_requests:write"),
    Route("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", delete_comment, "issues|pull_requests:write"),
)
