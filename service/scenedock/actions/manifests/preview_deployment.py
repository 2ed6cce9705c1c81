"""`scenedock:preview-deployment`: what a change does to each environment, before it is merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, JsonValue

from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import EditInput, FileInput, edit_of, new_files
from scenedock.errors import InputError
from scenedock.model.action import Context, Example, action
from scenedock.model.code_hosts.code_host import LONGEST_ADDRESS, checked_path, read_repository
from scenedock.model.json_documents import JsonDocument, Model

if TYPE_CHECKING:
    from scenedock.usecases.manifests.preview import Asked


class Input(Model):
    """What to preview: changes of files, or what has changed since a revision, or what differs in an environment."""

    repository: Annotated[
        str,
        "A repository that the service reads: its name, its address, or the value of RepoUrlPicker",
        Field(max_length=LONGEST_ADDRESS),
    ]
    edits: Annotated[
        tuple[EditInput, ...], "Values to set in YAML files, as for `propose-change`", Field(max_length=100)
    ] = ()
    files: Annotated[tuple[FileInput, ...], "Files to write, new or not", Field(max_length=100)] = ()
    delete: Annotated[tuple[str, ...], "Files or folders to delete", Field(max_length=100)] = ()
    since: Annotated[str | None, "Instead: a branch, tag or commit to compare with"] = None
    until: Annotated[
        str | None, "With `since`, the other branch, tag or commit; by default, what the service reads"
    ] = None
    services: Annotated[
        tuple[str, ...], "Only these, by name, folder or Application; by default, all", Field(max_length=100)
    ] = ()
    environment: Annotated[str | None, "Only this environment"] = None
    against: Annotated[str | None, "Instead: another environment to compare `environment` with"] = None


class Output(JsonDocument):
    """What differs. Only what has changed inputs is rendered; the values of secrets are never shown."""

    changed: Annotated[int, "How many deployments differ: services in an environment"]
    compared: Annotated[int, "How many deployments were rendered and compared"]
    unrendered: Annotated[int, "How many deployments couldn't be rendered; the others say nothing of these"]
    markdown: Annotated[str, "All of it for people, at most 60 kB: the text of a pull request, or a comment"]
    diff: Annotated[dict[str, JsonValue], "All of it for programs, as of `scenedock manifests diff --format json`"]


EXAMPLES = [
    Example(
        "What another version does",
        {
            "repository": "acme-apps",
            "edits": [{"path": "billing/values-qa.yaml", "set": {"workload.image.tag": "2.8.0"}}],
        },
    ),
    Example(
        "How QA differs from production",
        {"repository": "acme-apps", "environment": "qa", "against": "production"},
    ),
]


@action("preview-deployment", read_only=True, idempotent=True, examples=EXAMPLES)
def preview_deployment_action(context: Context[Effects], request: Input) -> Output:
    """Show what a change does to the manifests of each environment, rendered before and after it, or how two differ.

    Raises
    ------
    InputError        nothing to compare is given, an edit isn't possible, or the repository can't be read
    NotFoundError     there is no such repository, file, revision or environment
    NotAllowedError   this machine can't sandbox a process
    TemporaryError    others are being answered, or it needs too much time or memory
    """
    from scenedock.manifests.described import as_json
    from scenedock.manifests.markdown import as_markdown
    from scenedock.usecases.manifests.preview import preview_asked

    asked = _asked(request)
    found = context.effects.apart.read(preview_asked, asked, context.effects.rendering)
    unrendered = sum(len(each.pairs) for each in found.unrendered)
    context.log(f"{len(found.pairs)} of {found.compared} deployments differ, {unrendered} can't be rendered")
    return Output(
        changed=len(found.pairs),
        compared=found.compared,
        unrendered=unrendered,
        markdown=as_markdown(found),
        diff=dict(as_json(found)),  # type: ignore[arg-type]  # pydantic's JSON is mutable
    )


def _asked(request: Input) -> Asked:
    from scenedock.usecases.manifests.preview import Asked

    changes = bool(request.edits or request.files or request.delete)
    if changes + bool(request.since) + bool(request.against) != 1:
        raise InputError("give one of these: changes (`edits`, `files`, `delete`), `since`, or `against`")
    if request.against and not request.environment:
        raise InputError("`against` needs an `environment` to compare with")
    if request.until and not request.since:
        raise InputError("`until` needs `since`")
    repository = request.repository
    if "?" in repository:
        repository = f"https://{read_repository(repository)}"
    return Asked(
        repository,
        new_files(request.files),
        tuple(map(checked_path, request.delete)),
        tuple(map(edit_of, request.edits)),
        request.since or "",
        request.until or "",
        request.services,
        request.environment,
        request.against or "",
    )
