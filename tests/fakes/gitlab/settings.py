"""What belongs to a project beside its code: CI/CD variables, protected branches, approval rules."""

from __future__ import annotations

import re

from tests.fakes.gitlab import views
from tests.fakes.gitlab.call import Call, RefusedError, Route, invalid, not_found, wrong_parameter
from tests.fakes.gitlab.model import MAINTAINER, ApprovalRule, ProtectedBranch, Variable
from tests.fakes.shared.messages import Answer

_MASKED = re.compile(r"[A-Za-z0-9_+=/@:.~-]{8,}")
_MASKED_AS_IT_IS = re.compile(r"\S{8,}")
_FREE = ("free",)


def variables(call: Call) -> Answer:
    """GET /projects/:id/variables."""
    return call.page([views.variable(each) for each in call.project.variables.values()])


def variable(call: Call) -> Answer:
    """GET /projects/:id/variables/:key."""
    return Answer(200, views.variable(_variable(call)))


def create_variable(call: Call) -> Answer:
    """POST /projects/:id/variables."""
    held, given = call.project.variables, call.given
    key = given["key"]
    if not re.fullmatch(r"[A-Za-z0-9_]{1,255}", key):
        raise invalid("key", "can contain only letters, digits and '_'.")
    if key in held:
        raise invalid("key", f"({key}) has already been taken")
    made = Variable(key, given["value"])
    _fill(made, call)
    held[key] = made
    return Answer(201, views.variable(made))


def update_variable(call: Call) -> Answer:
    """PUT /projects/:id/variables/:key."""
    found = _variable(call)
    changed = Variable(found.key, call.given.get("value", found.value), found.masked, found.protected, found.raw)
    changed.hidden = found.hidden
    _fill(changed, call)
    call.project.variables[found.key] = changed
    return Answer(200, views.variable(changed))


def delete_variable(call: Call) -> Answer:
    """DELETE /projects/:id/variables/:key."""
    del call.project.variables[_variable(call).key]
    return Answer(204)


def protected_branches(call: Call) -> Answer:
    """GET /projects/:id/protected_branches."""
    return call.page([views.protected_branch(each) for each in call.project.protected.values()])


def protected_branch(call: Call) -> Answer:
    """GET /projects/:id/protected_branches/:name."""
    return Answer(200, views.protected_branch(_protected(call)))


def protect(call: Call) -> Answer:
    """POST /projects/:id/protected_branches."""
    held, given = call.project.protected, call.given
    name = given["name"]
    if name in held:
        raise RefusedError(409, f"Protected branch '{name}' already exists")
    push, merge = given.get("push_access_level", MAINTAINER), given.get("merge_access_level", MAINTAINER)
    if not {push, merge} <= {0, 30, 40, 60}:
        raise wrong_parameter("push_access_level does not have a valid value")
    made = ProtectedBranch(call.world.new_id(), name, push, merge, bool(given.get("allow_force_push")))
    held[name] = made
    return Answer(201, views.protected_branch(made))


def unprotect(call: Call) -> Answer:
    """DELETE /projects/:id/protected_branches/:name."""
    del call.project.protected[_protected(call).name]
    return Answer(204)


def approval_rules(call: Call) -> Answer:
    """GET /projects/:id/approval_rules."""
    refuse_on_free_plan(call)
    return call.page([views.approval_rule(each) for each in call.project.rules.values()])


def create_approval_rule(call: Call) -> Answer:
    """POST /projects/:id/approval_rules."""
    refuse_on_free_plan(call)
    made = new_rule(call, call.project.rules)
    call.project.rules[made.id] = made
    return Answer(201, views.approval_rule(made))


def update_approval_rule(call: Call) -> Answer:
    """PUT /projects/:id/approval_rules/:rule."""
    refuse_on_free_plan(call)
    found = call.project.rules.get(int(call.path["rule"]))
    if found is None:
        raise not_found()
    found.required = call.given.get("approvals_required", found.required)
    found.name = call.given.get("name", found.name)
    return Answer(200, views.approval_rule(found))


def refuse_on_free_plan(call: Call) -> None:
    """Refuse what only paid plans have.

    Raises
    ------
    RefusedError   404 or 403
    """
    if call.project.plan in _FREE:
        raise not_found() if call.world.without_approvals == 404 else RefusedError(403, "403 Forbidden")


def new_rule(call: Call, held: dict[int, ApprovalRule]) -> ApprovalRule:
    """The approval rule that a call gives, beside those that there are.

    Raises
    ------
    RefusedError   400: there is such a rule already
    """
    given = call.given
    kind = given.get("rule_type", "regular")
    if kind == "any_approver" and any(each.rule_type == kind for each in held.values()):
        raise invalid("base", "any-approver for the project already exists")
    if any(each.name == given["name"] for each in held.values()):
        raise invalid("name", "has already been taken")
    groups = tuple(given.get("group_ids") or ())
    return ApprovalRule(call.world.new_id(), given["name"], kind, given["approvals_required"], groups)


def _fill(variable: Variable, call: Call) -> None:
    given = call.given
    hidden = bool(given.get("masked_and_hidden")) or variable.hidden
    variable.masked = bool(given.get("masked", variable.masked)) or hidden
    variable.hidden = hidden
    variable.protected = bool(given.get("protected", variable.protected))
    variable.raw = bool(given.get("raw", variable.raw))
    variable.description = given.get("description", variable.description)
    variable.environment_scope = given.get("environment_scope", variable.environment_scope)
    allowed = _MASKED_AS_IT_IS if variable.raw else _MASKED
    if variable.masked and not allowed.fullmatch(variable.value):
        raise invalid("value", "is invalid")


def _variable(call: Call) -> Variable:
    found = call.project.variables.get(call.path["key"])
    if found is None:
        raise not_found("Variable")
    return found


def _protected(call: Call) -> ProtectedBranch:
    found = call.project.protected.get(call.path["name"])
    if found is None:
        raise not_found()
    return found


_VARIABLE = "protected:bool masked:bool raw:bool variable_type environment_scope description"
ROUTES = (
    Route("GET /projects/:id/variables", variables, level=MAINTAINER),
    Route(
        "POST /projects/:id/variables", create_variable, f"key! value! masked_and_hidden:bool {_VARIABLE}", MAINTAINER
    ),
    Route("GET /projects/:id/variables/:key", variable, level=MAINTAINER),
    Route("PUT /projects/:id/variables/:key", update_variable, f"value {_VARIABLE}", MAINTAINER),
    Route("DELETE /projects/:id/variables/:key", delete_variable, level=MAINTAINER),
    Route("GET /projects/:id/protected_branches", protected_branches, level=MAINTAINER),
    Route(
        "POST /projects/:id/protected_branches",
        protect,
        "name! push_access_level:int merge_access_level:int allow_force_push:bool",
        MAINTAINER,
    ),
    Route("GET /projects/:id/protected_branches/:name", protected_branch, level=MAINTAINER),
    Route("DELETE /projects/:id/protected_branches/:name", unprotect, level=MAINTAINER),
    Route("GET /projects/:id/approval_rules", approval_rules, level=MAINTAINER),
    Route(
        "POST /projects/:id/approval_rules",
        create_approval_rule,
        "name! approvals_required:int! rule_type group_ids:list",
        MAINTAINER,
    ),
    Route("PUT /projects/:id/approval_rules/:rule", update_approval_rule, "name approvals_required:int", MAINTAINER),
)
