"""What webhooks tell of pushes and merge requests, and the headers with which they do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from typing import Any

from tests.fakes.gitlab import views
from tests.fakes.gitlab.call import Call
from tests.fakes.gitlab.model import VISIBILITY, MergeRequest, Project
from tests.fakes.shared.bare import NULL, Commit
from tests.fakes.shared.messages import Event

SIGNING = "whsec_"
"""A secret that begins so signs deliveries; any other one is sent with them."""
_TOUCHED = {"added": "ARC", "modified": "MT", "removed": "D"}
_MOST_COMMITS = 20


def delivery_headers(event: Event, secret: str, body: bytes) -> dict[str, str]:
    """The headers of one delivery."""
    identity, project = str(uuid.uuid4()), event.payload["project"]
    headers = {
        "User-Agent": "GitLab/19.5.0",
        "X-Gitlab-Event": event.name,
        "X-Gitlab-Event-UUID": str(uuid.uuid4()),
        "X-Gitlab-Webhook-UUID": str(uuid.uuid4()),
        "X-Gitlab-Instance": project["web_url"].removesuffix(f"/{project['path_with_namespace']}"),
        "Idempotency-Key": identity,
    }
    if not secret.startswith(SIGNING):
        return {**headers, "X-Gitlab-Token": secret}
    told = str(int(time.time()))
    signed = b".".join([identity.encode(), told.encode(), body])
    key = base64.b64decode(secret.removeprefix(SIGNING))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {**headers, "webhook-id": identity, "webhook-timestamp": told, "webhook-signature": f"v1,{signature}"}


def pushed(call: Call, project: Project, ref: str, before: str, after: str) -> None:
    """Note a push for webhooks."""
    git = project.git
    commits: list[Commit] = []
    if after != NULL:
        known = [before] if before != NULL else [sha for name, sha in git.refs("refs/heads/").items() if name != ref]
        commits = git.commits("--reverse", after, *(f"^{sha}" for sha in known))
    payload = {
        "object_kind": "push",
        "event_name": "push",
        "before": before,
        "after": after,
        "ref": ref,
        "ref_protected": ref.removeprefix("refs/heads/") in project.protected,
        "checkout_sha": None if after == NULL else after,
        "message": None,
        "user_id": call.user.id,
        "user_name": call.user.name,
        "user_username": call.user.username,
        "user_email": "",
        "user_avatar": None,
        "project_id": project.id,
        "project": _project(call, project),
        "commits": [_commit(call, project, each) for each in commits[-_MOST_COMMITS:]],
        "total_commits_count": len(commits),
        "push_options": {},
        "repository": _repository(call, project),
    }
    call.events.append(Event("Push Hook", "", payload))


def told(call: Call, project: Project, about: MergeRequest, action: str) -> None:
    """Note for webhooks what became of a merge request."""
    base, head = views.ends(project, about)
    shown = views.merge_request(call, project, about)
    attributes = {
        **{name: shown[name] for name in ("id", "iid", "title", "description", "state", "created_at", "updated_at")},
        **{name: shown[name] for name in ("source_branch", "target_branch", "source_project_id", "target_project_id")},
        **{name: shown[name] for name in ("draft", "work_in_progress", "merge_status", "detailed_merge_status")},
        **{name: shown[name] for name in ("merge_commit_sha", "merge_when_pipeline_succeeds")},
        "author_id": about.author.id,
        "assignee_id": None,
        "assignee_ids": [],
        "reviewer_ids": [each.id for each in about.reviewers],
        "url": shown["web_url"],
        "last_commit": _commit(call, project, project.git.commit(head)) if head else None,
        "source": _project(call, project),
        "target": _project(call, project),
        "labels": [],
        "action": action,
        **({"oldrev": base} if action == "update" else {}),
    }
    payload = {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": {**views.user(call, call.user), "email": "[REDACTED]"},
        "project": _project(call, project),
        "repository": _repository(call, project),
        "object_attributes": attributes,
        "labels": [],
        "changes": {},
        "reviewers": [views.user(call, each) for each in about.reviewers],
    }
    call.events.append(Event("Merge Request Hook", action, payload))


def _project(call: Call, project: Project) -> dict[str, Any]:
    web = f"{call.web}/{project.full_path}"
    ssh = f"git@gitlab.example:{project.full_path}.git"
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "web_url": web,
        "avatar_url": None,
        "git_ssh_url": ssh,
        "git_http_url": f"{web}.git",
        "namespace": project.full_path.rpartition("/")[0],
        "visibility_level": VISIBILITY[project.visibility],
        "path_with_namespace": project.full_path,
        "default_branch": project.default_branch,
        "ci_config_path": None,
        "homepage": web,
        "url": ssh,
        "ssh_url": ssh,
        "http_url": f"{web}.git",
    }


def _repository(call: Call, project: Project) -> dict[str, Any]:
    about = _project(call, project)
    return {name: about[name] for name in ("name", "url", "description", "homepage")}


def _commit(call: Call, project: Project, commit: Commit) -> dict[str, Any]:
    shown = views.commit(call, project, commit)
    touched = project.git.changes(commit.parents[0] if commit.parents else None, commit.sha)
    return {
        "id": commit.sha,
        "message": commit.message,
        "title": shown["title"],
        "timestamp": shown["committed_date"],
        "url": shown["web_url"],
        "author": {"name": commit.author.name, "email": commit.author.email},
        **{word: [each.path for each in touched if each.status in letters] for word, letters in _TOUCHED.items()},
    }
