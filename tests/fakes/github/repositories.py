"""Repositories and who may do what with them."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.github.access import authorise_organization, role
from tests.fakes.github.accounts import PERMISSIONS
from tests.fakes.github.call import Call, RefusedError, Route, invalid, not_found
from tests.fakes.github.model import Account, Repository
from tests.fakes.shared.bare import Entry
from tests.fakes.shared.messages import Answer

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TOPIC = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


def create_for_user(call: Call) -> Answer:
    """POST /user/repos."""
    account = call.caller.account
    _scoped(call)
    return _create(call, account)


def create_in_organization(call: Call) -> Answer:
    """POST /orgs/{org}/repos."""
    owner = call.world.accounts.get(call.path["org"].lower())
    if owner is None or owner.kind != "Organization":
        raise not_found()
    authorise_organization(call, owner, "administration:write", {"repo", "public_repo"})
    return _create(call, owner)


def repository(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}."""
    return Answer(200, _shown(call, call.repository))


def update(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}."""
    found = call.repository
    body = call.body or {}
    name = body.get("default_branch", found.default_branch)
    if name != found.default_branch:
        if found.branch(name) is None:
            message = f"Cannot update default branch to {name}: no such branch"
            raise invalid("Repository", message, "default_branch", "invalid")
        found.default_branch = name
        found.git.run("symbolic-ref", "HEAD", f"refs/heads/{name}")
    if "name" in body and body["name"] != found.name:
        _free(call, found.owner, body["name"])
        call.world.rename(found, body["name"])
    _describe(found, body)
    return Answer(200, _shown(call, found))


def delete(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}."""
    token = call.caller.token
    if token is None or (token.installation is None and "delete_repo" not in token.scopes):
        raise RefusedError(403, "Must have admin rights to Repository.")
    del call.world.repositories[call.repository.full_name.lower()]
    return Answer(204)


def topics(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/topics."""
    return Answer(200, {"names": call.repository.topics})


def replace_topics(call: Call) -> Answer:
    """PUT /repos/{owner}/{repo}/topics."""
    names = call.body["names"]
    if len(names) > 20 or not all(_TOPIC.fullmatch(name) for name in names):
        raise invalid(
            "Repository", "Topics must start with a lowercase letter or number, at most 20", "topics", "invalid"
        )
    call.repository.topics = list(dict.fromkeys(names))
    return topics(call)


def add_collaborator(call: Call) -> Answer:
    """PUT /repos/{owner}/{repo}/collaborators/{username}: nobody has to accept an invitation here."""
    account = call.world.accounts.get(call.path["username"].lower())
    if account is None:
        raise not_found()
    asked = (call.body or {}).get("permission", "push")
    call.repository.collaborators[account.login] = PERMISSIONS.get(asked, "read")
    return Answer(204)


def collaborator(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/collaborators/{username}."""
    account = call.world.accounts.get(call.path["username"].lower())
    if account is None or role(call.world, call.repository, account) is None:
        raise not_found()
    return Answer(204)


def commit_files(
    call: Call, found: Repository, branch: str, entries: list[Entry], message: str, *, parent: str | None
) -> str:
    """Make a commit on a branch, in the caller's name; its id."""
    base = found.git.resolve(parent, "tree") if parent else None
    tree = found.git.write_tree(entries, base)
    signature = call.caller.account.signature()
    made = found.git.write_commit(tree, [parent] if parent else [], message, signature, signature)
    found.git.move(f"refs/heads/{branch}", made)
    return made


def _create(call: Call, owner: Account) -> Answer:
    body = call.body
    name = re.sub(r"[^A-Za-z0-9._-]", "-", body["name"])
    if not _NAME.fullmatch(name):
        raise invalid("Repository", "name is too long (maximum is 100 characters)", "name")
    _free(call, owner, name)
    private = body.get("visibility", "private" if body.get("private") else "public") == "private"
    made = call.world.create_repository(owner.login, name, private=private)
    _describe(made, body)
    token = call.caller.token
    if token and token.installation is None:
        made.collaborators[token.account.login] = "admin"
    elif token and token.installation and token.installation.repositories is not None:
        # An app reaches what it makes, whatever else was chosen for it.
        token.installation.repositories.add(made.id)
    if body.get("auto_init"):
        text = "\n".join(filter(None, [f"# {name}", made.description]))
        readme = Entry("README.md", "100644", "blob", made.git.write_blob(text.encode()))
        commit_files(call, made, made.default_branch, [readme], "Initial commit", parent=None)
    return Answer(201, _shown(call, made), {"Location": call.view.repository_url(made)})


def _free(call: Call, owner: Account, name: str) -> None:
    if f"{owner.login}/{name}".lower() in call.world.repositories:
        refused = invalid("Repository", "name already exists on this account", "name")
        body = {**refused.answer.body, "message": "Repository creation failed."}
        refused.answer = Answer(422, body)
        raise refused


def _describe(found: Repository, body: dict[str, Any]) -> None:
    found.description = body.get("description", found.description)
    found.homepage = body.get("homepage", found.homepage) or None
    if "visibility" in body or "private" in body:
        found.private = body.get("visibility", "private" if body.get("private") else "public") == "private"
    found.settings |= {name: value for name, value in body.items() if name.startswith(("has_", "allow_", "archived"))}
    found.settings |= {name: body[name] for name in ("delete_branch_on_merge", "is_template") if name in body}


def _scoped(call: Call) -> None:
    token = call.caller.token
    if token is None or not {"repo", "public_repo"} & set(token.scopes):
        raise RefusedError(403, "Resource not accessible by personal access token")


def _shown(call: Call, found: Repository) -> dict[str, Any]:
    token = call.caller.token
    held = role(call.world, found, token.account) if token and token.installation is None else None
    shown = call.view.repository(found, held)
    if found.owner.kind == "Organization":
        shown["organization"] = call.view.account(found.owner)
    return shown


ROUTES = (
    Route("POST /user/repos", create_for_user, "user"),
    Route("POST /orgs/{org}/repos", create_in_organization),
    Route("GET /repos/{owner}/{repo}", repository, "metadata:read"),
    Route("PATCH /repos/{owner}/{repo}", update, "administration:write"),
    Route("DELETE /repos/{owner}/{repo}", delete, "administration:write"),
    Route("GET /repos/{owner}/{repo}/topics", topics, "metadata:read"),
    Route("PUT /repos/{owner}/{repo}/topics", replace_topics, "administration:write"),
    Route("PUT /repos/{owner}/{repo}/collaborators/{username}", add_collaborator, "administration:write"),
    Route("GET /repos/{owner}/{repo}/collaborators/{username}", collaborator, "metadata:read"),
)
