"""Branches, commits and files through the API, for clients that don't use git."""

from __future__ import annotations

import base64

from tests.fakes.gitlab import views
from tests.fakes.gitlab.call import Call, RefusedError, Route, not_found, wrong_parameter
from tests.fakes.gitlab.events import pushed
from tests.fakes.gitlab.merge_requests import after_push
from tests.fakes.gitlab.model import DEVELOPER, REPORTER, Project
from tests.fakes.shared.bare import NULL, Entry
from tests.fakes.shared.messages import Answer


def branches(call: Call) -> Answer:
    """GET /projects/:id/repository/branches."""
    found = call.project
    refs = found.git.refs("refs/heads/")
    return call.page([views.branch(call, found, ref.removeprefix("refs/heads/"), sha) for ref, sha in refs.items()])


def branch(call: Call) -> Answer:
    """GET /projects/:id/repository/branches/:branch."""
    name = call.path["branch"]
    return Answer(200, views.branch(call, call.project, name, _tip(call, name)))


def create_branch(call: Call) -> Answer:
    """POST /projects/:id/repository/branches."""
    found, name = call.project, call.given["branch"]
    if found.branch(name):
        raise RefusedError(400, "Branch already exists")
    sha = found.git.resolve(call.given["ref"])
    if sha is None:
        raise RefusedError(400, "Invalid reference name: " + call.given["ref"])
    _move(call, found, name, sha)
    return Answer(201, views.branch(call, found, name, sha))


def delete_branch(call: Call) -> Answer:
    """DELETE /projects/:id/repository/branches/:branch."""
    found, name = call.project, call.path["branch"]
    _tip(call, name)
    if found.rules_of(name) or name == found.default_branch:
        raise RefusedError(403, "Protected branch can't be removed")
    _move(call, found, name, NULL)
    return Answer(204)


def commits(call: Call) -> Answer:
    """GET /projects/:id/repository/commits."""
    found = call.project
    revision = found.git.resolve(call.given.get("ref_name") or found.default_branch)
    if revision is None:
        raise not_found("Commit") if not found.empty else RefusedError(404, "404 Repository Not Found")
    below = ["--", call.given["path"]] if call.given.get("path") else []
    return call.page([views.commit(call, found, each) for each in found.git.commits(revision, *below)])


def create_commit(call: Call) -> Answer:
    """POST /projects/:id/repository/commits: files that are created, updated and deleted."""
    found, given = call.project, call.given
    git, name, signature = found.git, given["branch"], call.user.signature()
    parent = found.branch(name) or git.resolve(given.get("start_branch") or found.default_branch)
    if found.branch(name) is None and parent and not given.get("start_branch"):
        raise RefusedError(400, "You can only create or edit files when you are on a branch")
    existing = git.files(parent) if parent else {}
    entries: list[Entry] = []
    for action in given["actions"]:
        path, kind = action["file_path"], action["action"]
        if kind not in {"create", "update", "delete"}:
            raise wrong_parameter("actions[0][action] does not have a valid value")
        if (kind == "create") is (path in existing):
            told = "A file with this name already exists" if kind == "create" else "A file with this name doesn't exist"
            raise RefusedError(400, told)
        text = action.get("content", "")
        content = base64.b64decode(text) if action.get("encoding") == "base64" else text.encode()
        mode = existing[path][0] if path in existing else "100644"
        entries.append(Entry(path, mode, "blob", None if kind == "delete" else git.write_blob(content)))
    tree = git.write_tree(entries, git.resolve(parent, "tree") if parent else None)
    made = git.write_commit(tree, [parent] if parent else [], given["commit_message"], signature, signature)
    empty = found.empty
    _move(call, found, name, made)
    if empty:
        call.world.first_branch(found, name)
    return Answer(201, views.commit(call, found, git.commit(made)))


def raw_file(call: Call) -> Answer:
    """GET /projects/:id/repository/files/:file_path/raw."""
    found = call.project
    revision = found.git.resolve(call.given.get("ref") or found.default_branch)
    files = found.git.files(revision) if revision else {}
    if call.path["file_path"] not in files:
        raise not_found("File" if revision else "Commit")
    return Answer(200, files[call.path["file_path"]][1])


def tree(call: Call) -> Answer:
    """GET /projects/:id/repository/tree."""
    found = call.project
    revision = found.git.resolve(call.given.get("ref") or found.default_branch)
    if revision is None:
        raise not_found("Tree")
    prefix, recursive = call.given.get("path", "").strip("/"), call.given.get("recursive") in {True, "true"}
    entries = found.git.tree(revision, recursive=recursive, path=f"{prefix}/" if prefix else "")
    return call.page(
        [
            {
                "id": each.sha,
                "name": each.path.rpartition("/")[2],
                "type": each.kind,
                "path": each.path,
                "mode": each.mode,
            }
            for each in entries
            if each.path != prefix
        ]
    )


def _tip(call: Call, name: str) -> str:
    sha = call.project.branch(name)
    if sha is None:
        raise not_found("Branch")
    return sha


def _move(call: Call, project: Project, name: str, sha: str) -> None:
    """Move a branch, where the caller may.

    Raises
    ------
    RefusedError   400: it is protected
    """
    rules = project.rules_of(name)
    if rules and not (rules.push and call.level(project) >= rules.push):
        raise RefusedError(400, "You are not allowed to push into this branch")
    ref, before = f"refs/heads/{name}", project.branch(name) or NULL
    project.git.move(ref, sha)
    pushed(call, project, ref, before, sha)
    after_push(call, project, ref, before, sha)


ROUTES = (
    Route("GET /projects/:id/repository/branches", branches, "search", REPORTER),
    Route("POST /projects/:id/repository/branches", create_branch, "branch! ref!", DEVELOPER),
    Route("GET /projects/:id/repository/branches/:branch", branch, level=REPORTER),
    Route("DELETE /projects/:id/repository/branches/:branch", delete_branch, level=DEVELOPER),
    Route("GET /projects/:id/repository/commits", commits, "ref_name path", REPORTER),
    Route(
        "POST /projects/:id/repository/commits",
        create_commit,
        "branch! commit_message! actions:list! start_branch author_name author_email",
        DEVELOPER,
    ),
    Route("GET /projects/:id/repository/files/:file_path/raw", raw_file, "ref", REPORTER),
    Route("GET /projects/:id/repository/tree", tree, "ref path recursive:bool", REPORTER),
)
