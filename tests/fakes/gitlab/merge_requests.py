"""Merge requests, their notes, and merging them."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.gitlab import views
from tests.fakes.gitlab.call import Call, RefusedError, Route, forbidden, not_found, unauthorized, wrong_parameter
from tests.fakes.gitlab.events import pushed, told
from tests.fakes.gitlab.model import DEVELOPER, GUEST, REPORTER, MergeRequest, Note, Project, User, now
from tests.fakes.gitlab.settings import new_rule, refuse_on_free_plan
from tests.fakes.shared.bare import NULL
from tests.fakes.shared.messages import Answer

_LINES = re.compile(r"(?P<code>^```(?s:.+?)\n```$\n?)|^.*\n|^.+", re.MULTILINE)
_CHANGES = (
    "title description target_branch labels add_labels remove_labels reviewer_ids:list assignee_ids:list "
    "assignee_id:int remove_source_branch:bool squash:bool"
)


def merge_requests(call: Call) -> Answer:
    """GET /projects/:id/merge_requests: the newest first; those from forks, too."""
    found, given = call.project, call.given
    state, wanted = given.get("state", "all"), set(filter(None, given.get("labels", "").split(",")))
    listed = [
        each
        for each in found.merge_requests.values()
        if state in {"all", each.state}
        and given.get("source_branch", each.source_branch) == each.source_branch
        and given.get("target_branch", each.target_branch) == each.target_branch
        and wanted <= set(each.labels)
    ]
    listed.sort(key=lambda each: each.iid, reverse=given.get("sort", "desc") == "desc")
    return call.page([_body(call, found, each) for each in listed])


def merge_request(call: Call) -> Answer:
    """GET /projects/:id/merge_requests/:iid."""
    return _shown(call, _found(call))


def create(call: Call) -> Answer:
    """POST /projects/:id/merge_requests."""
    project, given = call.project, call.given
    source, target = given["source_branch"], given["target_branch"]
    if source == target:
        raise RefusedError(422, ["You can't use same project/branch for source and target"])
    if missing := next((name for name in (source, target) if project.branch(name) is None), None):
        which = "Source" if missing == source else "Target"
        raise RefusedError(422, [f'{which} branch "{missing}" does not exist'])
    for each in project.merge_requests.values():
        ends = (each.source_project, each.source_branch, each.target_branch)
        if each.state == "opened" and ends == (project.id, source, target):
            raise RefusedError(409, [f"Another open merge request already exists for this source branch: !{each.iid}"])
    made = _made(call, project, source, target)
    _change(call, project, made)
    told(call, project, made, "open")
    return _shown(call, made, 201)


def update(call: Call) -> Answer:
    """PUT /projects/:id/merge_requests/:iid."""
    project, found, given = call.project, _found(call), call.given
    if call.level(project) < DEVELOPER and call.user is not found.author:
        raise forbidden()
    if not given:
        raise wrong_parameter(f"{', '.join(_CHANGES.split())} are missing, at least one parameter must be provided")
    action = "update"
    match given.get("state_event"):
        case "close" if found.state == "opened":
            close(call, project, found)
            action = "close"
        case "reopen" if found.state == "closed":
            found.state, found.closed, found.closed_by, found.head_sha = "opened", None, None, None
            action = "reopen"
        case "close" | "reopen" | None:
            pass
        case _:
            raise wrong_parameter("state_event does not have a valid value")
    _change(call, project, found)
    told(call, project, found, action)
    return _shown(call, found)


def merge(call: Call) -> Answer:
    """PUT /projects/:id/merge_requests/:iid/merge: now, or when it can be, if that was asked for."""
    project, found, given = call.project, _found(call), call.given
    base, head = views.ends(project, found)
    if not _may_merge(call, project, found, call.user):
        raise unauthorized()
    if found.state != "opened" or found.draft or base is None or head is None:
        raise RefusedError(405, "405 Method Not Allowed")
    if given.get("sha", head) != head:
        raise RefusedError(409, f"SHA does not match HEAD of source branch: {head}")
    if not project.git.merged_tree(base, head):
        raise RefusedError(422, "Branch cannot be merged")
    found.squash = given.get("squash", found.squash)
    found.remove_source_branch = given.get("should_remove_source_branch", found.remove_source_branch)
    waits = _waits_for(project, found)
    if given.get("auto_merge") or given.get("merge_when_pipeline_succeeds"):
        # GitLab waits for what is there: without a pipeline, only `mergeable?` of a merge without this is asked.
        if not project.pipeline and waits != "approval":
            raise RefusedError(405, "405 Method Not Allowed")
        if waits:
            found.auto_merge = call.user
            return _shown(call, found)
    if waits and waits != "pipeline":
        raise RefusedError(405, "405 Method Not Allowed")
    _merge(call, project, found)
    return _shown(call, found)


def cancel_auto_merge(call: Call) -> Answer:
    """POST /projects/:id/merge_requests/:iid/cancel_merge_when_pipeline_succeeds."""
    found = _found(call)
    if not _may_merge(call, call.project, found, call.user):
        raise unauthorized()
    if found.state != "opened":
        raise RefusedError(405, "405 Method Not Allowed")
    if not found.auto_merge:
        raise RefusedError(406, "406 Not Acceptable")
    found.auto_merge = None
    return _shown(call, found, 201)


def notes(call: Call) -> Answer:
    """GET /projects/:id/merge_requests/:iid/notes: the newest first, unless the order is given."""
    found = _found(call)
    ordered = found.notes if call.given.get("sort") == "asc" else found.notes[::-1]
    return call.page([views.note(call, call.project, found, each) for each in ordered])


def create_note(call: Call) -> Answer:
    """POST /projects/:id/merge_requests/:iid/notes."""
    found = _found(call)
    made = Note(call.world.new_id(), call.user, _obey(call, found, call.given["body"]))
    found.notes.append(made)
    return Answer(201, views.note(call, call.project, found, made))


def update_note(call: Call) -> Answer:
    """PUT /projects/:id/merge_requests/:iid/notes/:note_id."""
    found = _found(call)
    its = _note(call, found)
    its.body = _obey(call, found, call.given["body"])
    return Answer(200, views.note(call, call.project, found, its))


def delete_note(call: Call) -> Answer:
    """DELETE /projects/:id/merge_requests/:iid/notes/:note_id."""
    found = _found(call)
    found.notes.remove(_note(call, found))
    return Answer(204)


def approval_rules(call: Call) -> Answer:
    """GET /projects/:id/merge_requests/:iid/approval_rules."""
    refuse_on_free_plan(call)
    return call.page([views.approval_rule(each) for each in _found(call).rules.values()])


def create_approval_rule(call: Call) -> Answer:
    """POST /projects/:id/merge_requests/:iid/approval_rules."""
    refuse_on_free_plan(call)
    found = _found(call)
    made = new_rule(call, found.rules)
    found.rules[made.id] = made
    return Answer(201, views.approval_rule(made))


def close(call: Call, project: Project, found: MergeRequest) -> None:
    """Close a merge request without merging it."""
    found.base_sha, found.head_sha = views.ends(project, found)
    found.state, found.closed, found.closed_by, found.auto_merge = "closed", now(), call.user, None


def after_push(call: Call, project: Project, ref: str, before: str, after: str) -> None:
    """Let a push have its effect: a request whose branch is gone is closed, one whose commits came is merged."""
    branch = ref.removeprefix("refs/heads/")
    for each in [each for each in project.merge_requests.values() if each.state == "opened"]:
        if each.source_branch == branch and after == NULL:
            each.base_sha, each.head_sha = project.branch(each.target_branch), before
            each.state, each.closed, each.closed_by = "closed", now(), call.user
            told(call, project, each, "close")
        elif each.source_branch == branch:
            told(call, project, each, "update")
        elif each.target_branch == branch and after != NULL:
            head = project.branch(each.source_branch)
            if head and not project.git.is_ancestor(head, before) and project.git.is_ancestor(head, after):
                _is_merged(call, each, before, head)
                told(call, project, each, "merge")


def merge_what_waits(call: Call, project: Project) -> None:
    """Merge what was to be merged as soon as it can be, and can be now."""
    for each in project.merge_requests.values():
        if each.state == "opened" and each.auto_merge and not _waits_for(project, each):
            _merge(call, project, each)


def _waits_for(project: Project, found: MergeRequest) -> str:
    """What has to happen before it can be merged; `pipeline` holds nobody up who asks to merge now."""
    if views.missing_approvals(project, found):
        return "approval"
    if project.settings.get("only_allow_merge_if_pipeline_succeeds") and project.pipeline != "success":
        return "successful pipeline"
    return "pipeline" if project.pipeline == "running" else ""


def _note(call: Call, found: MergeRequest) -> Note:
    its = next((each for each in found.notes if str(each.id) == call.path["note_id"]), None)
    if its is None:
        raise not_found()
    if its.author is not call.user:
        raise forbidden()
    return its


def _merge(call: Call, project: Project, found: MergeRequest) -> None:
    git, target, source = project.git, f"refs/heads/{found.target_branch}", f"refs/heads/{found.source_branch}"
    base, head = views.ends(project, found)
    assert base
    assert head
    signature, by = call.user.signature(), call.token.user if call.token else found.author
    tree = git.merged_tree(base, head)
    assert tree
    top = head
    if found.squash:
        message = call.given.get("squash_commit_message") or found.title
        top = found.squash_commit_sha = git.write_commit(tree, [base], message, signature, signature)
    if project.settings.get("merge_method") != "ff":
        message = f"Merge branch '{found.source_branch}' into '{found.target_branch}'\n\n{found.title}"
        message = call.given.get("merge_commit_message") or f"{message}\n\nSee merge request !{found.iid}"
        top = found.merge_commit_sha = git.write_commit(tree, [base, top], message, signature, signature)
    git.move(target, top)
    _is_merged(call, found, base, head)
    found.merged_by = by
    pushed(call, project, target, base, top)
    told(call, project, found, "merge")
    if found.remove_source_branch:
        git.move(source, NULL)
        pushed(call, project, source, head, NULL)


def _is_merged(call: Call, found: MergeRequest, base: str, head: str) -> None:
    found.base_sha, found.head_sha = base, head
    found.state, found.merged, found.merged_by, found.updated = "merged", now(), call.user, now()


def _may_merge(call: Call, project: Project, found: MergeRequest, user: User) -> bool:
    rules = project.rules_of(found.target_branch)
    level = call.world.level(project, user)
    return level >= DEVELOPER and (rules is None or (rules.merge > 0 and level >= rules.merge))


def _made(call: Call, project: Project, source: str, target: str) -> MergeRequest:
    iid = len(project.merge_requests) + 1
    made = MergeRequest(
        call.world.new_id(),
        iid,
        call.user,
        call.given["title"],
        None,
        source,
        target,
        project.id,
        late=call.world.late_shas,
    )
    project.merge_requests[iid] = made
    return made


def _change(call: Call, project: Project, found: MergeRequest) -> None:
    given = call.given
    if "target_branch" in given and project.branch(given["target_branch"]) is None:
        raise RefusedError(422, [f'Target branch "{given["target_branch"]}" does not exist'])
    for name in ("title", "description", "target_branch", "squash", "remove_source_branch"):
        if name in given:
            setattr(found, name, given[name])
    if "description" in given:
        found.description = _obey(call, found, given["description"])
    if "labels" in given:
        found.labels = []
    for name in _names(given.get("labels")) + _names(given.get("add_labels")):
        project.labels.setdefault(name, call.world.new_id())
        if name not in found.labels:
            found.labels.append(name)
    found.labels = [name for name in found.labels if name not in _names(given.get("remove_labels"))]
    if "reviewer_ids" in given:
        # On the free plan there is one reviewer at most; whoever can't see the project isn't one.
        asked = _people(call, project, given["reviewer_ids"])
        found.reviewers = asked[:1] if project.plan == "free" else asked
    if "assignee_ids" in given:
        found.assignees = _people(call, project, given["assignee_ids"])
    found.updated = now()


def _obey(call: Call, found: MergeRequest, text: str) -> str:
    """Do what the quick actions in a text say, as far as the fake knows them; the text without them.

    They are found as GitLab's `QuickActions::Extractor` does: at the begin of a line, not in a code block.
    """
    kept = []
    for line, code in ((match[0], match["code"]) for match in _LINES.finditer(text)):
        asked = None if code else re.match(r"\s*/(approve|close|target_branch)\b *(.*)", line)
        if asked is None:
            kept.append(line)
        elif asked[1] == "approve":
            found.approvals += 1
        elif asked[1] == "close":
            close(call, call.project, found)
        else:
            found.target_branch = asked[2].strip()
    return "".join(kept).strip("\n")


def _names(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else str(given or "").split(",")
    return [name.strip() for name in listed if name.strip()]


def _people(call: Call, project: Project, ids: list[int]) -> list[User]:
    known = {each.id: each for each in call.world.users.values()}
    return [known[each] for each in ids if each in known and call.world.level(project, known[each]) >= GUEST]


def _found(call: Call) -> MergeRequest:
    found = call.project.merge_requests.get(int(call.path["iid"]))
    if found is None:
        raise not_found()
    return found


def _shown(call: Call, found: MergeRequest, status: int = 200) -> Answer:
    return Answer(status, _body(call, call.project, found))


def _body(call: Call, project: Project, found: MergeRequest) -> dict[str, Any]:
    shown = views.merge_request(call, project, found)
    found.late = max(0, found.late - 1)
    return shown


_ONE = "/projects/:id/merge_requests/:iid"
_RULE = "name! approvals_required:int! group_ids:list user_ids:list rule_type"
ROUTES = (
    Route(
        "GET /projects/:id/merge_requests",
        merge_requests,
        "state source_branch target_branch order_by sort labels scope view",
        REPORTER,
    ),
    Route(
        "POST /projects/:id/merge_requests",
        create,
        f"source_branch! title! {_CHANGES.replace('target_branch', 'target_branch!')} target_project_id:int",
        DEVELOPER,
    ),
    Route(f"GET {_ONE}", merge_request, level=REPORTER),
    Route(f"PUT {_ONE}", update, f"{_CHANGES} state_event", REPORTER),
    Route(
        f"PUT {_ONE}/merge",
        merge,
        "sha auto_merge:bool merge_when_pipeline_succeeds:bool squash:bool should_remove_source_branch:bool "
        "merge_commit_message squash_commit_message",
        REPORTER,
    ),
    Route(f"POST {_ONE}/cancel_merge_when_pipeline_succeeds", cancel_auto_merge, level=REPORTER),
    Route(f"GET {_ONE}/notes", notes, "order_by sort", REPORTER),
    Route(f"POST {_ONE}/notes", create_note, "body!", REPORTER),
    Route(f"PUT {_ONE}/notes/:note_id", update_note, "body!", REPORTER),
    Route(f"DELETE {_ONE}/notes/:note_id", delete_note, level=REPORTER),
    Route(f"GET {_ONE}/approval_rules", approval_rules, level=REPORTER),
    Route(f"POST {_ONE}/approval_rules", create_approval_rule, _RULE, DEVELOPER),
)
