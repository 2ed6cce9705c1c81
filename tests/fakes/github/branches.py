"""Branches, their protection, and the rules for moving them."""

from __future__ import annotations

from typing import Any

from tests.fakes.github.access import granted, role
from tests.fakes.github.call import PROTECTED, Call, RefusedError, Route, not_found
from tests.fakes.github.model import Repository
from tests.fakes.shared.bare import NULL, Commit
from tests.fakes.shared.messages import Answer, Event

_TOUCHED = {"added": "ARC", "removed": "D", "modified": "MT"}
APPROVAL = "At least 1 approving review is required by reviewers with write access."


def branches(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/branches."""
    refs = call.repository.git.refs("refs/heads/")
    url = call.view.repository_url(call.repository)
    shown = [
        {
            "name": name,
            "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
            "protected": name in call.repository.protection,
        }
        for name, sha in ((ref.removeprefix("refs/heads/"), sha) for ref, sha in refs.items())
    ]
    wanted = call.query.get("protected")
    return call.page([each for each in shown if wanted is None or each["protected"] == (wanted == "true")])


def branch(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/branches/{branch}."""
    return Answer(200, _shown(call, call.path["branch"]))


def rename(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/branches/{branch}/rename."""
    found, old, new = call.repository, call.path["branch"], call.body["new_name"]
    sha = found.branch(old)
    if sha is None:
        raise not_found()
    if found.branch(new):
        raise RefusedError(422, "Validation Failed", [f"Branch {new} already exists"])
    found.git.move(f"refs/heads/{new}", sha)
    found.git.move(f"refs/heads/{old}", NULL)
    if found.default_branch == old:
        found.default_branch = new
        found.git.run("symbolic-ref", "HEAD", f"refs/heads/{new}")
    if old in found.protection:
        found.protection[new] = found.protection.pop(old)
    for pull in found.pulls.values():
        pull.head, pull.base = (new if name == old else name for name in (pull.head, pull.base))
    return Answer(201, _shown(call, new))


def protection(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/branches/{branch}/protection."""
    found, name = call.repository, call.path["branch"]
    if found.branch(name) is None:
        raise RefusedError(404, "Branch not found")
    if name not in found.protection:
        raise RefusedError(404, "Branch not protected")
    return Answer(200, _protection(call, name))


def protect(call: Call) -> Answer:
    """PUT /repos/{owner}/{repo}/branches/{branch}/protection."""
    found, name = call.repository, call.path["branch"]
    if found.branch(name) is None:
        raise RefusedError(404, "Branch not found")
    if found.private and found.owner.plan == "free":
        raise RefusedError(403, "Upgrade to GitHub Pro or make this repository public to enable this feature.")
    found.protection[name] = call.body
    return Answer(200, _protection(call, name))


def unprotect(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}/branches/{branch}/protection."""
    if call.repository.protection.pop(call.path["branch"], None) is None:
        raise RefusedError(404, "Branch not protected")
    return Answer(204)


def locked(call: Call, repository: Repository) -> set[str]:
    """The branches to which the caller may commit by a pull request only."""
    token = call.caller.token
    if token is None:
        return set(repository.protection)
    admin = token.installation is None and role(call.world, repository, token.account) == "admin"
    return {
        name
        for name, rules in repository.protection.items()
        if (rules["required_pull_request_reviews"] or rules["restrictions"] or rules["required_status_checks"])
        and not (admin and not rules["enforce_admins"])
    }


def refuse_move(call: Call, repository: Repository, ref: str, sha: str, *, force: bool) -> None:
    """Refuse to let a ref point at another commit (NULL deletes it) where its rules don't allow it.

    Raises
    ------
    RefusedError   422: the branch is protected, or its commits would be lost without force
    """
    name, old = ref.removeprefix("refs/heads/"), repository.git.refs(ref).get(ref)
    rules = repository.protection.get(name) if ref.startswith("refs/heads/") else None
    if rules is not None:
        if sha == NULL and not rules.get("allow_deletions"):
            raise RefusedError(422, "Cannot delete a protected branch", documentation=PROTECTED)
        if name in locked(call, repository):
            raise RefusedError(422, APPROVAL, documentation=PROTECTED)
    if sha != NULL and old is not None and not repository.git.is_ancestor(old, sha):
        if not force:
            raise RefusedError(422, "Update is not a fast forward")
        if rules is not None and not rules.get("allow_force_pushes"):
            raise RefusedError(422, "Cannot force-push to a protected branch", documentation=PROTECTED)


def refuse_workflows(call: Call, paths: list[str]) -> None:
    """Refuse a tree with workflows to a caller who may not write those, which is a permission and scope of its own.

    Raises
    ------
    RefusedError   403 to apps, 404 to people
    """
    token = call.caller.token
    if token is None or not any(path.startswith(".github/workflows/") for path in paths):
        return
    if token.installation is not None:
        if not granted(token, ["workflows"], "write"):
            raise RefusedError(403, "Resource not accessible by integration")
    elif "workflow" not in token.scopes:
        raise not_found()


def pushed(call: Call, repository: Repository, ref: str, before: str, after: str) -> None:
    """Note a push for webhooks."""
    made: list[dict[str, Any]] = []
    view, git = call.view, repository.git
    if after != NULL and git.kind(after) == "commit":
        known = [before] if before != NULL else [sha for name, sha in git.refs("refs/heads/").items() if name != ref]
        new = git.commits("--reverse", "--max-count=20", after, *(f"^{sha}" for sha in known))
        made = [_pushed_commit(call, repository, commit) for commit in new]
    payload = {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == NULL,
        "deleted": after == NULL,
        "forced": NULL not in {before, after} and not git.is_ancestor(before, after),
        "base_ref": None,
        "compare": f"{view.web}/{repository.full_name}/compare/{before[:12]}...{after[:12]}",
        "commits": made,
        "head_commit": made[-1] if made else None,
        "pusher": {"name": call.caller.name},
        "repository": view.repository(repository),
        "sender": view.account(call.caller.account),
    }
    call.events.append(Event("push", "", payload))


def _pushed_commit(call: Call, repository: Repository, commit: Commit) -> dict[str, Any]:
    shown = call.view.git_commit(repository, commit)
    touched = repository.git.changes(commit.parents[0] if commit.parents else None, commit.sha)
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": shown["committer"]["date"],
        "url": shown["html_url"],
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
        **{word: [each.path for each in touched if each.status in letters] for word, letters in _TOUCHED.items()},
    }


def _shown(call: Call, name: str) -> dict[str, Any]:
    found, sha = call.repository, call.repository.branch(name)
    if sha is None:
        raise RefusedError(404, "Branch not found")
    url = f"{call.view.repository_url(found)}/branches/{name}"
    return {
        "name": name,
        "commit": call.view.commit(found, found.git.commit(sha)),
        "_links": {"self": url, "html": f"{call.view.web}/{found.full_name}/tree/{name}"},
        "protected": name in found.protection,
        "protection": {"enabled": name in found.protection},
        "protection_url": f"{url}/protection",
    }


def _protection(call: Call, name: str) -> dict[str, Any]:
    rules = call.repository.protection[name]
    url = f"{call.view.repository_url(call.repository)}/branches/{name}/protection"
    shown: dict[str, Any] = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": bool(rules["enforce_admins"])},
    }
    for rule in (
        "required_linear_history",
        "allow_force_pushes",
        "allow_deletions",
        "required_conversation_resolution",
    ):
        shown[rule] = {"enabled": bool(rules.get(rule))}
    if checks := rules["required_status_checks"]:
        contexts = [*checks["contexts"], *(each["context"] for each in checks.get("checks", []))]
        shown["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "contexts_url": f"{url}/required_status_checks/contexts",
            "strict": checks["strict"],
            "contexts": contexts,
            "checks": [{"context": each, "app_id": None} for each in contexts],
        }
    if reviews := rules["required_pull_request_reviews"]:
        shown["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": reviews.get("dismiss_stale_reviews", False),
            "require_code_owner_reviews": reviews.get("require_code_owner_reviews", False),
            "required_approving_review_count": reviews.get("required_approving_review_count", 1),
            "require_last_push_approval": reviews.get("require_last_push_approval", False),
        }
    return shown


ROUTES = (
    Route("GET /repos/{owner}/{repo}/branches", branches, "contents:read"),
    Route("GET /repos/{owner}/{repo}/branches/{branch}", branch, "contents:read"),
    Route("POST /repos/{owner}/{repo}/branches/{branch}/rename", rename, "administration:write"),
    Route("GET /repos/{owner}/{repo}/branches/{branch}/protection", protection, "administration:read"),
    Route("PUT /repos/{owner}/{repo}/branches/{branch}/protection", protect, "administration:write"),
    Route("DELETE /repos/{owner}/{repo}/branches/{branch}/protection", unprotect, "administration:write"),
)
