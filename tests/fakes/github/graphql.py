"""GitHub's other API: who asks, and mutations that the REST API lacks, checked against GitHub's schema."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_ast_schema,
    build_schema,
    parse,
    print_ast,
    validate,
)
from graphql.execution import get_argument_values, get_variable_values
from graphql.language import DefinitionNode, NamedTypeNode, TypeNode
from graphql.language.ast import FieldDefinitionNode, InputObjectTypeDefinitionNode, ObjectTypeDefinitionNode

from tests.fakes.github.access import authorise_repository
from tests.fakes.github.branches import pushed, refuse_move
from tests.fakes.github.call import Call, RefusedError, not_found
from tests.fakes.github.description import NODE
from tests.fakes.github.model import Pull, Repository
from tests.fakes.github.pull_views import mergeable_state
from tests.fakes.github.pulls import close_without_branch
from tests.fakes.shared.bare import NULL
from tests.fakes.shared.messages import Answer
from tests.tools.cache import keep
from tests.tools.node import node_modules

PATHS = {"/graphql", "/api/graphql"}
_PUBLISHED = "node_modules/@octokit/graphql-schema/schema.graphql"
_KINDS = {401: "FORBIDDEN", 403: "FORBIDDEN", 404: "NOT_FOUND"}


class UnlikeGitHubError(Exception):
    """A request that GitHub's schema doesn't allow, or that the fake doesn't know."""


def answer(call: Call) -> Answer:
    """POST /graphql: who asks, or one mutation of those in `MUTATIONS`.

    Raises
    ------
    UnlikeGitHubError   the request is not as GitHub's schema has it, or the mutation is not one of these
    """
    name, values = _asked(call.body)
    if name == "viewer":
        return Answer(200, {"data": {name: {"login": call.caller.account.login}}})
    shown: dict[str, Any] = {"data": {name: {"clientMutationId": values.get("clientMutationId")}}}
    try:
        MUTATIONS[name](call, values)
    except RefusedError as refused:
        kind = _KINDS.get(refused.answer.status, "UNPROCESSABLE")
        error = {"type": kind, "path": [name], "locations": [{"line": 1, "column": 1}], "message": str(refused)}
        shown = {"data": {name: None}, "errors": [error]}
    return Answer(200, shown)


def update_refs(call: Call, values: Mapping[str, Any]) -> None:
    """The mutation `updateRefs`: all or none, each only from where it is said to be."""
    repository = _repository_of(call, _number(values["repositoryId"], "Repository"), ["contents"])
    git = repository.git
    for each in values["refUpdates"]:
        before = each.get("beforeOid")
        if before is not None and git.refs().get(each["name"], "0" * 40) != before:
            raise RefusedError(422, f"Reference {each['name']} does not point to {before}")
        if each["afterOid"] != NULL and git.kind(each["afterOid"]) != "commit":
            raise RefusedError(422, f"Object {each['afterOid']} does not exist")
        refuse_move(call, repository, each["name"], each["afterOid"], force=each.get("force", False))
    for each in values["refUpdates"]:
        old = git.refs().get(each["name"], "0" * 40)
        git.move(each["name"], each["afterOid"])
        pushed(call, repository, each["name"], old, each["afterOid"])
        if each["afterOid"] == NULL:
            close_without_branch(call, each["name"].removeprefix("refs/heads/"), old)


def enable_auto_merge(call: Call, values: Mapping[str, Any]) -> None:
    """The mutation `enablePullRequestAutoMerge`, which refuses what can be merged, and what never can."""
    number = _number(values["pullRequestId"], "PullRequest")
    repository, pull = _pull(call, number)
    _repository_of(call, repository.id, ["pull_requests", "contents"])
    if pull.state != "open":
        raise RefusedError(422, "Pull request Pull request is closed")
    if values.get("expectedHeadOid", head := repository.branch(pull.head)) != head:
        raise RefusedError(422, "Pull request Head sha didn't match expected head oid")
    if not repository.settings.get("allow_auto_merge", False):
        raise RefusedError(422, "Pull request Auto merge is not allowed for this repository")
    if (state := mergeable_state(call, pull)) != "blocked":
        raise RefusedError(422, f"Pull request Pull request is in {state} status")
    if values.get("expectedHeadOid", repository.branch(pull.head)) != repository.branch(pull.head):
        raise RefusedError(422, "Head branch was modified. Review and try the merge again.")
    pull.auto_merge = values.get("mergeMethod", "MERGE").lower()
    pull.auto_merge_by = call.caller.account


def disable_auto_merge(call: Call, values: Mapping[str, Any]) -> None:
    """The mutation `disablePullRequestAutoMerge`, which refuses what isn't to be merged by itself."""
    repository, pull = _pull(call, _number(values["pullRequestId"], "PullRequest"))
    _repository_of(call, repository.id, ["pull_requests", "contents"])
    if not pull.auto_merge:
        raise RefusedError(422, "Can't disable auto-merge for this pull request")
    pull.auto_merge, pull.auto_merge_by = "", None


MUTATIONS: dict[str, Callable[[Call, Mapping[str, Any]], None]] = {
    "disablePullRequestAutoMerge": disable_auto_merge,
    "enablePullRequestAutoMerge": enable_auto_merge,
    "updateRefs": update_refs,
}


def _asked(body: Any) -> tuple[str, Mapping[str, Any]]:
    """The mutation and its input; of a query, its only field."""
    try:
        document = parse(body["query"])
        (operation,) = document.definitions
        problems: list[GraphQLError] = validate(_schema(), document)
        if problems or not isinstance(operation, OperationDefinitionNode):
            raise UnlikeGitHubError("; ".join(each.message for each in problems) or "one operation is expected")
        values = get_variable_values(_schema(), operation.variable_definitions or (), body.get("variables") or {})
    except (GraphQLError, KeyError, TypeError, ValueError) as error:
        raise UnlikeGitHubError(str(error)) from None
    if isinstance(values, list):
        raise UnlikeGitHubError("; ".join(each.message for each in values))
    (field,) = operation.selection_set.selections
    if operation.operation is OperationType.QUERY and isinstance(field, FieldNode):
        return field.name.value, {}
    if not isinstance(field, FieldNode) or field.name.value not in MUTATIONS:
        raise UnlikeGitHubError(f"the fake has only the mutations {', '.join(MUTATIONS)}")
    mutation = _schema().mutation_type
    assert mutation
    return field.name.value, get_argument_values(mutation.fields[field.name.value], field, values)["input"]


def _repository_of(call: Call, identity: int, permissions: list[str]) -> Repository:
    found = next((each for each in call.world.repositories.values() if each.id == identity), None)
    if found is None:
        raise not_found()
    call.path = {"owner": found.owner.login, "repo": found.name}
    for permission in permissions:
        authorise_repository(call, found, [permission], "write")
    return found


def _pull(call: Call, identity: int) -> tuple[Repository, Pull]:
    for repository in call.world.repositories.values():
        for pull in repository.pulls.values():
            if pull.id == identity:
                call.path = {"owner": repository.owner.login, "repo": repository.name}
                return repository, pull
    raise not_found()


def _number(node: str, kind: str) -> int:
    """The identity in a node's id."""
    try:
        found = re.fullmatch(rf"{kind}:(\d+)", base64.b64decode(node).decode())
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        raise RefusedError(404, f"Could not resolve to a node with the global id of '{node}'")
    return int(found[1])


@cache
def _schema() -> GraphQLSchema:
    """GitHub's schema, cut to `viewer { login }` and the mutations that the fake has, with the texts they return."""
    made_from = (NODE / "package-lock.json").read_bytes() + Path(__file__).read_bytes()
    kept = keep(f"github-graphql-{hashlib.sha256(made_from).hexdigest()[:16]}", _extract)
    return build_schema((kept / "schema.graphql").read_text("utf-8"))


def _extract(folder: Path) -> None:
    published = parse((node_modules(NODE) / _PUBLISHED).read_text("utf-8"), no_location=True)
    types = {node.name.value: node for node in published.definitions if hasattr(node, "name")}
    mutation = types["Mutation"]
    assert isinstance(mutation, ObjectTypeDefinitionNode)
    fields = tuple(each for each in mutation.fields or () if each.name.value in MUTATIONS)
    query, user = types["Query"], types["User"]
    assert isinstance(query, ObjectTypeDefinitionNode)
    assert isinstance(user, ObjectTypeDefinitionNode)
    made: dict[str, DefinitionNode] = {
        "Query": _with(query, [each for each in query.fields or () if each.name.value == "viewer"]),
        "User": _with(user, [each for each in user.fields or () if each.name.value == "login"]),
        "Mutation": _with(mutation, fields),
    }
    wanted = [_name(argument.type) for field in fields for argument in field.arguments or ()]
    for field in fields:
        payload = types[_name(field.type)]
        assert isinstance(payload, ObjectTypeDefinitionNode)
        texts = [each for each in payload.fields or () if _name(each.type) == "String"]
        made[payload.name.value] = _with(payload, texts)
    while wanted:
        name = wanted.pop()
        if name not in made and (node := types.get(name)):
            made[name] = node
            if isinstance(node, InputObjectTypeDefinitionNode):
                wanted += [_name(each.type) for each in node.fields or ()]
    document = DocumentNode(definitions=tuple(made.values()))
    build_ast_schema(document)
    (folder / "schema.graphql").write_text(print_ast(document), encoding="utf-8")


def _with(node: ObjectTypeDefinitionNode, fields: Any) -> ObjectTypeDefinitionNode:
    shown: tuple[FieldDefinitionNode, ...] = tuple(fields)
    return ObjectTypeDefinitionNode(name=node.name, fields=shown, directives=(), interfaces=())


def _name(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value
