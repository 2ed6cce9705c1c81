"""Projects, and with whom they are shared."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.gitlab import views
from tests.fakes.gitlab.call import Call, RefusedError, Route, forbidden, invalid, not_found, wrong_parameter
from tests.fakes.gitlab.model import DEVELOPER, MAINTAINER, OWNER, VISIBILITY, Group, Project, User
from tests.fakes.shared.bare import Entry
from tests.fakes.shared.messages import Answer

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_TAKEN = "has already been taken"
_SETTINGS = (
    "only_allow_merge_if_pipeline_succeeds",
    "merge_method",
    "squash_option",
    "remove_source_branch_after_merge",
)
_DESCRIBED = (
    "description topics:list visibility default_branch only_allow_merge_if_pipeline_succeeds:bool merge_method "
    "squash_option remove_source_branch_after_merge:bool"
)


def projects(call: Call) -> Answer:
    """GET /projects: those that the caller may see."""
    wanted = call.given.get("search", "").lower()
    seen = [each for each in call.world.projects.values() if call.sees(each) and wanted in each.full_path.lower()]
    return call.page([views.project(call, each) for each in sorted(seen, key=lambda each: -each.id)])


def project(call: Call) -> Answer:
    """GET /projects/:id."""
    return Answer(200, views.project(call, call.project))


def create(call: Call) -> Answer:
    """POST /projects."""
    given = call.given
    if not given.get("name") and not given.get("path"):
        raise wrong_parameter("name, path are missing, at least one parameter must be provided")
    path = str(given.get("path") or given["name"]).replace(" ", "-")
    if not _PATH.fullmatch(path) or path.endswith((".git", ".atom", ".")):
        raise invalid(
            "path",
            "can contain only letters, digits, '_', '-' and '.'. "
            "Cannot start with '-', end in '.git' or end in '.atom'",
        )
    namespace = _namespace(call)
    full = f"{namespace.full_path if isinstance(namespace, Group) else namespace.username}/{path}"
    if full.lower() in call.world.projects:
        raise RefusedError(400, {"project_namespace.name": [_TAKEN], "name": [_TAKEN], "path": [_TAKEN]})
    visibility = _visibility(namespace, given.get("visibility", "private"))
    made = call.world.create_project(
        namespace, path, name=given.get("name") or path, visibility=visibility, creator=call.user
    )
    made.default_branch = given.get("default_branch") or made.default_branch
    _describe(made, {name: value for name, value in given.items() if name not in {"visibility", "default_branch"}})
    if given.get("initialize_with_readme"):
        _first_commit(call, made)
    return Answer(201, views.project(call, made))


def update(call: Call) -> Answer:
    """PUT /projects/:id."""
    found, given = call.project, call.given
    if not given:
        raise wrong_parameter(f"{', '.join(_DESCRIBED.split())} are missing, at least one parameter must be provided")
    branch = given.get("default_branch")
    if branch and branch != found.default_branch:
        if found.branch(branch) is None:
            reason = f"Could not change HEAD: branch '{branch}' does not exist"
            raise RefusedError(400, {"base": [f"Could not set the default branch. {reason}", reason]})
        found.default_branch = branch
        found.git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    if "visibility" in given:
        if call.level(found) < OWNER:
            raise forbidden()
        found.visibility = _visibility(found.namespace, given["visibility"])
    if given.get("path") not in {None, found.path}:
        call.world.rename(found, given["path"])
    found.name = given.get("name") or found.name
    _describe(found, given)
    return Answer(200, views.project(call, found))


def delete(call: Call) -> Answer:
    """DELETE /projects/:id."""
    del call.world.projects[call.project.full_path.lower()]
    return Answer(202, {"message": "202 Accepted"})


def share(call: Call) -> Answer:
    """POST /projects/:id/share."""
    found, identity = call.project, call.given["group_id"]
    group = next((each for each in call.world.groups.values() if each.id == identity), None)
    if group is None or not call.world.group_level(group, call.user):
        raise not_found("Group")
    if call.given["group_access"] not in {10, 20, 30, 40, 50}:
        raise wrong_parameter("group_access does not have a valid value")
    if identity in found.shares:
        raise RefusedError(409, "Already shared with this group")
    found.shares[identity] = call.given["group_access"]
    shown = {"id": identity, "project_id": found.id, "group_id": identity, "group_access": found.shares[identity]}
    return Answer(201, {**shown, "expires_at": None})


def unshare(call: Call) -> Answer:
    """DELETE /projects/:id/share/:group_id."""
    if call.project.shares.pop(int(call.path["group_id"]), None) is None:
        raise not_found("Group Link")
    return Answer(204)


def _namespace(call: Call) -> Group | User:
    """Where a project shall be, in which the caller may make projects."""
    identity = call.given.get("namespace_id")
    if identity is None:
        return call.user
    group = next((each for each in call.world.groups.values() if each.id == identity), None)
    if group is not None and call.world.group_level(group, call.user) >= DEVELOPER:
        return group
    if identity == call.user.id:
        return call.user
    raise invalid("namespace", "is not valid")


def _visibility(namespace: Group | User, wanted: str) -> str:
    if wanted not in VISIBILITY:
        raise wrong_parameter("visibility does not have a valid value")
    if isinstance(namespace, Group) and VISIBILITY[wanted] > VISIBILITY[namespace.visibility]:
        raise invalid("visibility_level", f"{wanted} is not allowed in a {namespace.visibility} group.")
    return wanted


def _describe(project: Project, given: dict[str, Any] | Any) -> None:
    project.description = given.get("description", project.description)
    project.topics = list(given.get("topics", project.topics))
    project.settings |= {name: given[name] for name in _SETTINGS if name in given}


def _first_commit(call: Call, project: Project) -> None:
    git, signature = project.git, call.user.signature()
    tree = git.write_tree([Entry("README.md", "100644", "blob", git.write_blob(f"# {project.name}\n".encode()))])
    git.move(f"refs/heads/{project.default_branch}", git.write_commit(tree, [], "Initial commit", signature, signature))
    call.world.first_branch(project, project.default_branch)


ROUTES = (
    Route("GET /projects", projects, "search membership:bool owned:bool simple:bool"),
    Route("POST /projects", create, f"name path namespace_id:int initialize_with_readme:bool {_DESCRIBED}"),
    Route("GET /projects/:id", project),
    Route("PUT /projects/:id", update, f"name path {_DESCRIBED}", MAINTAINER),
    Route("DELETE /projects/:id", delete, level=OWNER),
    Route("POST /projects/:id/share", share, "group_id:int! group_access:int! expires_at", MAINTAINER),
    Route("DELETE /projects/:id/share/:group_id", unshare, level=MAINTAINER),
)
