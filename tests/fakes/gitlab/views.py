"""What GitLab shows of its nouns: the fields that it documents, as far as somebody reads them."""

from __future__ import annotations

from typing import Any

from tests.fakes.gitlab.call import Call
from tests.fakes.gitlab.model import (
    ApprovalRule,
    Group,
    MergeRequest,
    Note,
    Project,
    ProtectedBranch,
    Token,
    User,
    Variable,
    at,
)
from tests.fakes.shared.bare import Commit

_LEVELS = {0: "No one", 30: "Developers + Maintainers", 40: "Maintainers", 60: "Instance admins"}


def user(call: Call, shown: User) -> dict[str, Any]:
    """A user, as it stands in other things."""
    return {
        "id": shown.id,
        "username": shown.username,
        "name": shown.name,
        "state": shown.state,
        "locked": False,
        "avatar_url": None,
        "web_url": f"{call.web}/{shown.username}",
    }


def token(shown: Token) -> dict[str, Any]:
    """A token, without its value."""
    return {
        "id": shown.id,
        "name": shown.name,
        "revoked": shown.revoked,
        "created_at": shown.created,
        "description": None,
        "scopes": list(shown.scopes),
        "user_id": shown.user.id,
        "last_used_at": None,
        "active": shown.active,
        "expires_at": shown.expires_at,
    }


def namespace(call: Call, shown: Group | User) -> dict[str, Any]:
    """A group or a person, as the owner of projects."""
    common = {"id": shown.id, "avatar_url": None}
    if isinstance(shown, User):
        named = {"name": shown.name, "path": shown.username, "full_path": shown.username, "parent_id": None}
        return {**common, **named, "kind": "user", "web_url": f"{call.web}/{shown.username}"}
    above = shown.parent.id if shown.parent else None
    named = {"name": shown.path, "path": shown.path, "full_path": shown.full_path}
    web = f"{call.web}/groups/{shown.full_path}"
    return {**common, **named, "parent_id": above, "kind": "group", "web_url": web, "plan": shown.top.plan}


def group(call: Call, shown: Group) -> dict[str, Any]:
    """A group."""
    return {
        "id": shown.id,
        "name": shown.path,
        "path": shown.path,
        "full_name": shown.full_path.replace("/", " / "),
        "full_path": shown.full_path,
        "parent_id": shown.parent.id if shown.parent else None,
        "description": "",
        "visibility": shown.visibility,
        "web_url": f"{call.web}/groups/{shown.full_path}",
    }


def project(call: Call, shown: Project) -> dict[str, Any]:
    """A project."""
    web = f"{call.web}/{shown.full_path}"
    named = namespace(call, shown.namespace)
    named.pop("plan", None)
    shared = [{"group_id": key, "group_access_level": level} for key, level in shown.shares.items()]
    return {
        "id": shown.id,
        "description": shown.description,
        "name": shown.name,
        "name_with_namespace": f"{named['name']} / {shown.name}",
        "path": shown.path,
        "path_with_namespace": shown.full_path,
        "created_at": shown.created,
        "default_branch": None if shown.empty else shown.default_branch,
        "topics": shown.topics,
        "tag_list": shown.topics,
        "ssh_url_to_repo": f"git@gitlab.example:{shown.full_path}.git",
        "http_url_to_repo": f"{web}.git",
        "web_url": web,
        "readme_url": None,
        "namespace": named,
        "visibility": shown.visibility,
        "empty_repo": shown.empty,
        "archived": False,
        "creator_id": shown.creator.id if shown.creator else None,
        "shared_with_groups": shared,
        "only_allow_merge_if_pipeline_succeeds": shown.settings.get("only_allow_merge_if_pipeline_succeeds", False),
        "merge_method": shown.settings.get("merge_method", "merge"),
        "squash_option": shown.settings.get("squash_option", "default_off"),
        "remove_source_branch_after_merge": shown.settings.get("remove_source_branch_after_merge", True),
        "permissions": {"project_access": {"access_level": call.level(shown)}, "group_access": None},
    }


def commit(call: Call, where: Project, shown: Commit) -> dict[str, Any]:
    """A commit."""
    written, made = (at(float(each.date.split()[0])) for each in (shown.author, shown.committer))
    return {
        "id": shown.sha,
        "short_id": shown.sha[:8],
        "title": shown.message.partition("\n")[0],
        "message": shown.message,
        "parent_ids": list(shown.parents),
        "author_name": shown.author.name,
        "author_email": shown.author.email,
        "authored_date": written,
        "committer_name": shown.committer.name,
        "committer_email": shown.committer.email,
        "committed_date": made,
        "created_at": made,
        "web_url": f"{call.web}/{where.full_path}/-/commit/{shown.sha}",
    }


def branch(call: Call, where: Project, name: str, sha: str) -> dict[str, Any]:
    """A branch."""
    return {
        "name": name,
        "commit": commit(call, where, where.git.commit(sha)),
        "merged": False,
        "protected": name in where.protected,
        "developers_can_push": False,
        "developers_can_merge": False,
        "can_push": True,
        "default": name == where.default_branch,
        "web_url": f"{call.web}/{where.full_path}/-/tree/{name}",
    }


def protected_branch(shown: ProtectedBranch) -> dict[str, Any]:
    """Who may do what with a branch."""

    def level(number: int) -> list[dict[str, Any]]:
        return [{"id": shown.id, "access_level": number, "access_level_description": _LEVELS[number]}]

    return {
        "id": shown.id,
        "name": shown.name,
        "push_access_levels": level(shown.push),
        "merge_access_levels": level(shown.merge),
        "allow_force_push": shown.force,
        "code_owner_approval_required": False,
    }


def approval_rule(shown: ApprovalRule) -> dict[str, Any]:
    """How many have to approve."""
    return {
        "id": shown.id,
        "name": shown.name,
        "rule_type": shown.rule_type,
        "approvals_required": shown.required,
        "groups": [{"id": each} for each in shown.groups],
        "users": [],
        "eligible_approvers": [],
    }


def variable(shown: Variable) -> dict[str, Any]:
    """A CI/CD variable; nobody sees the value of a hidden one again."""
    return {
        "variable_type": "env_var",
        "key": shown.key,
        "value": None if shown.hidden else shown.value,
        "hidden": shown.hidden,
        "protected": shown.protected,
        "masked": shown.masked,
        "raw": shown.raw,
        "environment_scope": shown.environment_scope,
        "description": shown.description,
    }


def note(call: Call, where: Project, about: MergeRequest, shown: Note) -> dict[str, Any]:
    """A comment on a merge request."""
    return {
        "id": shown.id,
        "type": None,
        "body": shown.body,
        "author": user(call, shown.author),
        "created_at": shown.created,
        "updated_at": shown.created,
        "system": False,
        "noteable_id": about.id,
        "noteable_type": "MergeRequest",
        "noteable_iid": about.iid,
        "project_id": where.id,
        "resolvable": False,
        "internal": False,
    }


def ends(where: Project, shown: MergeRequest) -> tuple[str | None, str | None]:
    """The commits of the target and of the source: as they are while it is open, then as they were."""
    if shown.state != "opened":
        return shown.base_sha, shown.head_sha
    return where.branch(shown.target_branch), where.branch(shown.source_branch)


def merge_request(call: Call, where: Project, shown: MergeRequest) -> dict[str, Any]:
    """A merge request."""
    base, head = ends(where, shown)
    head = None if shown.late else head
    short = f"!{shown.iid}"
    return {
        "id": shown.id,
        "iid": shown.iid,
        "project_id": where.id,
        "title": shown.title,
        "description": shown.description,
        "state": shown.state,
        "created_at": shown.created,
        "updated_at": shown.updated,
        "merged_by": user(call, shown.merged_by) if shown.merged_by else None,
        "merge_user": user(call, shown.merged_by) if shown.merged_by else None,
        "merged_at": shown.merged,
        "closed_by": user(call, shown.closed_by) if shown.closed_by else None,
        "closed_at": shown.closed,
        "target_branch": shown.target_branch,
        "source_branch": shown.source_branch,
        "user_notes_count": len(shown.notes),
        "author": user(call, shown.author),
        "assignees": [user(call, each) for each in shown.assignees],
        "assignee": user(call, shown.assignees[0]) if shown.assignees else None,
        "reviewers": [user(call, each) for each in shown.reviewers],
        "source_project_id": shown.source_project,
        "target_project_id": where.id,
        "labels": sorted(shown.labels),
        "draft": shown.draft,
        "work_in_progress": shown.draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": shown.auto_merge is not None,
        "merge_status": "can_be_merged" if head else "checking",
        "detailed_merge_status": _status(where, shown, base, head),
        "sha": head,
        "merge_commit_sha": shown.merge_commit_sha,
        "squash_commit_sha": shown.squash_commit_sha,
        "squash": shown.squash,
        "should_remove_source_branch": shown.remove_source_branch or None,
        "force_remove_source_branch": shown.remove_source_branch,
        "reference": short,
        "references": {"short": short, "relative": short, "full": f"{where.full_path}{short}"},
        "web_url": f"{call.web}/{where.full_path}/-/merge_requests/{shown.iid}",
        "has_conflicts": False,
        "head_pipeline": {"status": where.pipeline} if where.pipeline else None,
    }


def _status(where: Project, shown: MergeRequest, base: str | None, head: str | None) -> str:
    if shown.state != "opened":
        return "not_open"
    if head is None or base is None:
        return "preparing"
    if shown.draft:
        return "draft_status"
    if missing_approvals(where, shown):
        return "not_approved"
    if where.pipeline == "running":
        return "ci_still_running"
    if where.settings.get("only_allow_merge_if_pipeline_succeeds") and where.pipeline != "success":
        return "ci_must_pass"
    return "mergeable" if where.git.merged_tree(base, head) else "conflict"


def missing_approvals(where: Project, shown: MergeRequest) -> bool:
    """Whether somebody still has to approve."""
    rules = [*where.rules.values(), *shown.rules.values()]
    return shown.approvals < max((each.required for each in rules), default=0)
