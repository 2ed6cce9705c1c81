"""Commits, comparisons and contents of files."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote

from tests.fakes.github.branches import APPROVAL, locked, pushed, refuse_workflows
from tests.fakes.github.call import PROTECTED, Call, RefusedError, Route, not_found
from tests.fakes.github.model import Repository
from tests.fakes.github.repositories import commit_files
from tests.fakes.shared.bare import NULL, Commit, Entry
from tests.fakes.shared.messages import Answer

_STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "T": "changed", "C": "copied"}
_MOST = 1000
"""Commits that are looked at, for a list or a comparison."""


def commits(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/commits."""
    found, query = call.filled, call.query
    start = found.git.resolve(query.get("sha", found.default_branch))
    if start is None:
        raise not_found()
    options = [f"--{name}={query[name]}" for name in ("since", "until") if name in query]
    for name in ("author", "committer"):
        account = call.world.accounts.get(query.get(name, "").lower())
        if name in query:
            options += [f"--{name}={account.signature().email if account else query[name]}", "--fixed-strings"]
    path = ["--", query["path"]] if "path" in query else []
    listed = found.git.commits(f"--max-count={_MOST}", *options, start, *path)
    return call.page([call.view.commit(found, each) for each in listed])


def commit(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/commits/{ref}."""
    found = call.filled
    commit = _commit(found, call.path["ref"], 422, f"No commit found for SHA: {call.path['ref']}")
    files = changes(call, found, commit.parents[0] if commit.parents else None, commit.sha)
    lines = {name: sum(each[name] for each in files) for name in ("additions", "deletions")}
    stats = {**lines, "total": sum(lines.values())}
    return Answer(200, {**call.view.commit(found, commit), "stats": stats, "files": files})


def status(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/commits/{ref}/status: nobody reports any; Backstage asks for the commit of a branch."""
    found = call.filled
    commit = _commit(found, call.path["ref"], 404, "Not Found")
    url = f"{call.view.repository_url(found)}/commits/{commit.sha}"
    body = {"state": "pending", "statuses": [], "total_count": 0, "sha": commit.sha, "commit_url": url}
    return Answer(200, {**body, "url": f"{url}/status", "repository": call.view.repository(found)})


def compare(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/compare/{basehead}."""
    found, (base, dots, head) = call.repository, call.path["basehead"].partition("...")
    if not dots:
        raise not_found()
    one, other = (_commit(found, name.rpartition(":")[2], 404, "Not Found") for name in (base, head))
    common = found.git.merge_base(one.sha, other.sha)
    if common is None:
        raise RefusedError(404, f"No common ancestor between {base} and {head}.")
    ahead, behind = between(found, one.sha, other.sha), between(found, other.sha, one.sha)
    status = ("diverged" if behind else "ahead") if ahead else ("behind" if behind else "identical")
    url = f"{call.view.repository_url(found)}/compare/{base}...{head}"
    page = f"{call.view.web}/{found.full_name}/compare/{base}...{head}"
    body = {
        "url": url,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": call.view.commit(found, one),
        "merge_base_commit": call.view.commit(found, found.git.commit(common)),
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [call.view.commit(found, each) for each in ahead],
        "files": changes(call, found, common, other.sha),
    }
    return Answer(200, body)


def contents(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/contents/{path}: a file, in JSON or raw, or the entries of a folder."""
    found, path = call.repository, call.path["path"].strip("/")
    revision = _commit(found, call.query.get("ref", found.default_branch), 404, "No commit found for the ref").sha
    if not path:
        return Answer(200, [_content(call, found, each, revision) for each in found.git.tree(revision)])
    entries = found.git.tree(revision, path=path)
    if not entries:
        raise not_found()
    if entries[0].kind == "tree":
        return Answer(
            200, [_content(call, found, each, revision) for each in found.git.tree(revision, path=f"{path}/")]
        )
    content = found.git.read_blob(entries[0].sha or "")
    if ".raw" in call.accept:
        return Answer(200, content)
    body = {**_content(call, found, entries[0], revision), "encoding": "base64"}
    return Answer(200, {**body, "content": base64.encodebytes(content).decode()})


def put_contents(call: Call) -> Answer:
    """PUT /repos/{owner}/{repo}/contents/{path}: the one way to make an empty repository's first commit."""
    found, path, body = call.repository, call.path["path"], call.body
    branch = body.get("branch", found.default_branch)
    parent = found.branch(branch)
    if parent is None and not found.empty:
        raise RefusedError(404, f"Branch {branch} not found")
    if branch in locked(call, found):
        raise RefusedError(409, f"Could not update file: {APPROVAL}", documentation=PROTECTED)
    refuse_workflows(call, [path])
    old = found.git.tree(parent, path=path) if parent else []
    if old and "sha" not in body:
        raise RefusedError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if "sha" in body and (not old or old[0].sha != body["sha"]):
        raise RefusedError(409, f"{path} does not match {body['sha']}")
    try:
        content = base64.b64decode(body["content"])
    except binascii.Error:
        raise RefusedError(422, "content is not valid Base64") from None
    entry = Entry(path, "100644", "blob", found.git.write_blob(content), len(content))
    made = commit_files(call, found, branch, [entry], body["message"], parent=parent)
    pushed(call, found, f"refs/heads/{branch}", parent or NULL, made)
    shown = call.view.git_commit(found, found.git.commit(made))
    return Answer(200 if old else 201, {"content": _content(call, found, entry, made), "commit": shown})


def between(found: Repository, base: str, head: str) -> list[Commit]:
    """The commits of `head` that `base` hasn't, oldest first."""
    return found.git.commits("--reverse", f"--max-count={_MOST}", head, f"^{base}")


def changes(call: Call, found: Repository, base: str | None, head: str) -> list[dict[str, Any]]:
    """What differs between two commits, as GitHub's `diff-entry`."""
    page = f"{call.view.web}/{found.full_name}"
    shown = []
    for each in found.git.changes(base, head):
        path = quote(each.path)
        entry = {
            "sha": each.sha,
            "filename": each.path,
            "status": _STATUS[each.status],
            "additions": each.added,
            "deletions": each.removed,
            "changes": each.added + each.removed,
            "blob_url": f"{page}/blob/{head}/{path}",
            "raw_url": f"{page}/raw/{head}/{path}",
            "contents_url": f"{call.view.repository_url(found)}/contents/{path}?ref={head}",
        }
        shown.append(entry | ({"previous_filename": each.old_path} if each.old_path != each.path else {}))
    return shown


def _commit(found: Repository, name: str, status: int, message: str) -> Commit:
    sha = found.git.resolve(name)
    if sha is None:
        raise RefusedError(status, message)
    return found.git.commit(sha)


def _content(call: Call, found: Repository, entry: Entry, revision: str) -> dict[str, Any]:
    kind = {"blob": "file", "tree": "dir", "commit": "submodule"}[entry.kind]
    url, path = call.view.repository_url(found), quote(entry.path)
    git_url = f"{url}/git/{entry.kind}s/{entry.sha}"
    html_url = f"{call.view.web}/{found.full_name}/{entry.kind}/{revision}/{path}"
    self_url = f"{url}/contents/{path}?ref={revision}"
    return {
        "type": kind,
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": self_url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": f"{call.view.web}/{found.full_name}/raw/{revision}/{path}" if kind == "file" else None,
        "_links": {"self": self_url, "git": git_url, "html": html_url},
    }


ROUTES = (
    Route("GET /repos/{owner}/{repo}/commits", commits, "contents:read"),
    Route("GET /repos/{owner}/{repo}/commits/{ref}", commit, "contents:read"),
    Route("GET /repos/{owner}/{repo}/commits/{ref}/status", status, "statuses:read"),
    Route("GET /repos/{owner}/{repo}/compare/{basehead}", compare, "contents:read"),
    Route("GET /repos/{owner}/{repo}/contents/{path}", contents, "contents:read"),
    Route("PUT /repos/{owner}/{repo}/contents/{path}", put_contents, "contents:write"),
)
