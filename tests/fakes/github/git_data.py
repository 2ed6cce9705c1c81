"""The Git data API: refs, blobs, trees and commits, as git has them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from tests.fakes.github.branches import pushed, refuse_move, refuse_workflows
from tests.fakes.github.call import Call, RefusedError, Route, not_found
from tests.fakes.github.pulls import close_without_branch
from tests.fakes.github.views import raw_date
from tests.fakes.shared.bare import MODES, NULL, Entry, GitError, Signature
from tests.fakes.shared.messages import Answer


def ref(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/ref/{ref}."""
    name = f"refs/{call.path['ref']}"
    sha = call.filled.git.refs(name).get(name)
    if sha is None:
        raise not_found()
    return Answer(200, call.view.ref(call.repository, name, sha, call.repository.git.kind(sha) or "commit"))


def matching_refs(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/matching-refs/{ref}: those that begin with it."""
    found = call.filled.git.refs(f"refs/{call.path['ref']}").items()
    return Answer(200, [call.view.ref(call.repository, name, sha) for name, sha in found])


def create_ref(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/refs."""
    git, name, sha = call.filled.git, call.body["ref"], call.body["sha"]
    if not name.startswith("refs/") or name.count("/") < 2:
        raise RefusedError(422, f"{name} is not a valid ref name.")
    if name in git.refs(name):
        raise RefusedError(422, "Reference already exists")
    if git.kind(sha) is None:
        raise RefusedError(422, "Object does not exist")
    try:
        git.run("check-ref-format", name)
        git.move(name, sha)
    except GitError:
        raise RefusedError(422, f"{name} is not a valid ref name.") from None
    pushed(call, call.repository, name, NULL, sha)
    return Answer(201, call.view.ref(call.repository, name, sha))


def update_ref(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/git/refs/{ref}."""
    git, name, sha = call.filled.git, f"refs/{call.path['ref']}", call.body["sha"]
    old = git.refs(name).get(name)
    if old is None:
        raise RefusedError(422, "Reference does not exist")
    if git.kind(sha) != "commit":
        raise RefusedError(422, "Object does not exist")
    refuse_move(call, call.repository, name, sha, force=call.body.get("force", False))
    git.move(name, sha)
    pushed(call, call.repository, name, old, sha)
    return Answer(200, call.view.ref(call.repository, name, sha))


def delete_ref(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}/git/refs/{ref}."""
    git, name = call.filled.git, f"refs/{call.path['ref']}"
    old = git.refs(name).get(name)
    if old is None:
        raise RefusedError(422, "Reference does not exist")
    refuse_move(call, call.repository, name, NULL, force=True)
    git.move(name, NULL)
    pushed(call, call.repository, name, old, NULL)
    close_without_branch(call, name.removeprefix("refs/heads/"), old)
    return Answer(204)


def blob(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/blobs/{file_sha}."""
    sha = call.path["file_sha"]
    if call.filled.git.kind(sha) != "blob":
        raise not_found()
    content = call.repository.git.read_blob(sha)
    body = {
        "sha": sha,
        "node_id": sha,
        "size": len(content),
        "url": f"{call.view.repository_url(call.repository)}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }
    return Answer(200, body)


def create_blob(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/blobs."""
    content = call.body["content"].encode()
    encoding = call.body.get("encoding", "utf-8")
    if encoding not in {"utf-8", "base64"}:
        raise RefusedError(422, "Encoding must be utf-8 or base64")
    if encoding == "base64":
        try:
            content = base64.b64decode(content)
        except binascii.Error:
            raise RefusedError(422, "Problems parsing base64") from None
    sha = call.filled.git.write_blob(content)
    return Answer(201, {"sha": sha, "url": f"{call.view.repository_url(call.repository)}/git/blobs/{sha}"})


def tree(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/trees/{tree_sha}: of a commit or a branch, too."""
    git = call.filled.git
    sha = git.resolve(call.path["tree_sha"], "tree")
    if sha is None:
        raise not_found()
    return Answer(200, call.view.tree(call.repository, sha, git.tree(sha, recursive="recursive" in call.query)))


def create_tree(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/trees."""
    git, base = call.filled.git, None
    if "base_tree" in call.body:
        base = git.resolve(call.body["base_tree"], "tree")
        if base is None:
            raise RefusedError(422, "base_tree is not a valid tree oid")
    refuse_workflows(call, [each.get("path", "") for each in call.body["tree"]])
    known = {each.path for each in git.tree(base, recursive=True)} if base else set()
    entries = [_entry(call, each, known) for each in call.body["tree"]]
    try:
        made = git.write_tree(entries, base)
    except GitError:
        raise RefusedError(422, "GitRPC::BadObjectState") from None
    return Answer(201, call.view.tree(call.repository, made, git.tree(made)))


def commit(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/commits/{commit_sha}."""
    sha = call.path["commit_sha"]
    if call.filled.git.kind(sha) != "commit":
        raise not_found()
    return Answer(200, call.view.git_commit(call.repository, call.repository.git.commit(sha)))


def create_commit(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/commits."""
    git, body = call.filled.git, call.body
    if git.kind(body["tree"]) != "tree":
        raise RefusedError(422, "Tree SHA does not exist")
    for parent in body.get("parents", []):
        if git.kind(parent) != "commit":
            raise RefusedError(422, "Parent SHA does not exist or is not a commit object")
    own = call.caller.account.signature()
    author = _signature(body.get("author"), own)
    committer = _signature(body.get("committer"), author)
    made = git.write_commit(body["tree"], body.get("parents", []), body["message"], author, committer)
    return Answer(201, call.view.git_commit(call.repository, git.commit(made)))


def _entry(call: Call, given: dict[str, Any], known: set[str]) -> Entry:
    git, path = call.repository.git, given.get("path", "")
    if not path or path.startswith("/") or any(part in {"", ".", "..", ".git"} for part in path.split("/")):
        raise RefusedError(422, "tree.path contains a malformed path component")
    kind = given.get("type") or {"040000": "tree", "160000": "commit"}.get(given.get("mode", ""), "blob")
    mode = given.get("mode") or MODES[kind]
    if "content" in given:
        if "sha" in given:
            raise RefusedError(422, "tree.sha and tree.content can't both be given")
        return Entry(path, mode, "blob", git.write_blob(given["content"].encode()))
    if "sha" not in given:
        raise RefusedError(422, "Must supply either tree.sha or tree.content")
    sha = given["sha"]
    if (sha is None and path not in known) or (sha is not None and kind != "commit" and git.kind(sha) != kind):
        raise RefusedError(422, "GitRPC::BadObjectState")
    return Entry(path, mode, kind, sha)


def _signature(given: dict[str, str] | None, default: Signature) -> Signature:
    if given is None:
        return default
    date = raw_date(given["date"]) if "date" in given else default.date
    return Signature(given.get("name", default.name), given.get("email", default.email), date)


ROUTES = (
    Route("GET /repos/{owner}/{repo}/git/ref/{ref}", ref, "contents:read"),
    Route("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", matching_refs, "contents:read"),
    Route("POST /repos/{owner}/{repo}/git/refs", create_ref, "contents:write"),
    Route("PATCH /repos/{owner}/{repo}/git/refs/{ref}", update_ref, "contents:write"),
    Route("DELETE /repos/{owner}/{repo}/git/refs/{ref}", delete_ref, "contents:write"),
    Route("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", blob, "contents:read"),
    Route("POST /repos/{owner}/{repo}/git/blobs", create_blob, "contents:write"),
    Route("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", tree, "contents:read"),
    Route("POST /repos/{owner}/{repo}/git/trees", create_tree, "contents:write"),
    Route("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", commit, "contents:read"),
    Route("POST /repos/{owner}/{repo}/git/commits", create_commit, "contents:write"),
)
