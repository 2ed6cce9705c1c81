"""The inputs of actions that change a repository, and the user they act for."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field, JsonValue

from scenedock.actions.effects import Effects
from scenedock.errors import InputError
from scenedock.model.action import Context
from scenedock.model.code_hosts.code_host import GROUPS, LONGEST_ADDRESS, PERSON, checked_path
from scenedock.model.code_hosts.commit import Attempt, Mark
from scenedock.model.json_documents import Address, Model, TaskInput

if TYPE_CHECKING:
    from scenedock.gitops.changes import ChangeRequest, Edit, NewFile

RepoUrl: TypeAlias = Annotated[
    Address,
    "The repository: `https://github.com/acme/apps`, or the value of RepoUrlPicker, `github.com?owner=acme&repo=apps`; "
    "on GitLab `owner` may have groups (`acme/platform`)",
    Field(max_length=LONGEST_ADDRESS),
]

Labels: TypeAlias = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=50)], ...], "Labels", Field(max_length=100)
]
PassLock: TypeAlias = Annotated[
    str,
    "Why a lock of the environment is passed; only who the rules allow `pass-lock` may. The pull request and the "
    "audit log have it",
    Field(max_length=500),
]
Reviewers: TypeAlias = Annotated[
    tuple[Annotated[str, Field(pattern=PERSON)], ...],
    "Login names of people to request a review from",
    Field(max_length=15),
]
TeamReviewers: TypeAlias = Annotated[
    tuple[Annotated[str, Field(pattern=GROUPS)], ...],
    "Teams to request a review from, by their slugs; on GitLab groups that must approve, by their full paths",
    Field(max_length=15),
]


class FileInput(Model):
    """A file."""

    path: Annotated[str, "Its path in the repository"]
    content: Annotated[str, "Its content"]
    encoding: Annotated[Literal["utf-8", "base64"], "How `content` is written; binary files need base64"] = "utf-8"
    executable: Annotated[
        bool | None, "Whether the file is executable; by default unchanged, and false for a new file"
    ] = None


class RenameInput(Model):
    """A file or folder to rename."""

    source: Annotated[str, "Its present path", Field(alias="from")]
    target: Annotated[str, "Its new path, where nothing may exist", Field(alias="to")]


class EditInput(Model):
    """Values of a YAML file. It needs `set` or `add`."""

    path: Annotated[str, "The file's path in the repository, such as `billing/values.yaml`"]
    document: Annotated[
        Annotated[int, Field(ge=1)] | str | None,
        "The document in a file of several: its number from 1, or its kind and name, such as `Deployment/web`; by "
        "default the first",
    ] = None
    values: Annotated[
        dict[str, str | int | float | bool | None],
        "Values by their paths in the document, such as `workload.image.tag`; each must exist already. "
        "`env[name=TAG].value` names an item of a list",
        Field(alias="set", max_length=100),
    ] = Field(default_factory=dict)
    add: Annotated[
        dict[str, JsonValue],
        "As `set`, but what is missing is made, behind its siblings; `args.-` is a new item of a list",
        Field(max_length=100),
    ] = Field(default_factory=dict)


class ChangeInput(TaskInput):
    """The changes to a repository."""

    folder: Annotated[str | None, "Name of a result folder: the output `folder` of `bake-skeleton`"] = None
    target_path: Annotated[str, "Folder of the repository to put the files of `folder` into"] = "."
    overwrite: Annotated[bool, "Whether the files of `folder` may replace existing ones"] = False
    files: Annotated[tuple[FileInput, ...], "Files to write, new or not"] = ()
    delete: Annotated[tuple[str, ...], "Files or folders to delete", Field(max_length=100)] = ()
    rename: Annotated[tuple[RenameInput, ...], "Files or folders to rename", Field(max_length=100)] = ()
    edits: Annotated[
        tuple[EditInput, ...],
        "Values to set in YAML files, in place: comments, quotes and layout are kept",
        Field(max_length=100),
    ] = ()
    commit_message: Annotated[str | None, "Message of the commit"] = None

    def changes(self, effects: Effects) -> ChangeRequest:
        """The requested changes, with every path validated.

        Raises
        ------
        InputError      a path or a content can't be used
        NotFoundError   there is no such result folder
        """
        from scenedock.gitops.changes import ChangeRequest, checked_folder, placed

        folder = checked_folder(self.target_path)
        added = placed(effects.results.files(self.folder), folder) if self.folder else ()
        return ChangeRequest(
            added=added,
            overwrite=self.overwrite,
            files=new_files(self.files),
            delete=tuple(map(checked_path, self.delete)),
            rename=tuple((checked_path(each.source), checked_path(each.target)) for each in self.rename),
            edits=tuple(map(edit_of, self.edits)),
        )


def new_files(files: tuple[FileInput, ...]) -> tuple[NewFile, ...]:
    """The files of a request.

    Raises
    ------
    InputError   a path or a content can't be used
    """
    from scenedock.gitops.changes import NewFile

    return tuple(NewFile(checked_path(each.path), _content(each), each.executable) for each in files)


def attempt_of(context: Context[Any]) -> Attempt:
    """This attempt of a step; outside of tasks, every call is a first attempt."""
    mark = Mark(context.task_id or str(uuid.uuid4()), context.step_id or "step")
    return Attempt(mark, context.caller.user, context.tried_before, context.log)


def edit_of(edit: EditInput) -> Edit:
    """The edit of a request.

    Raises
    ------
    InputError   its path can't be used, or it changes nothing
    """
    from scenedock.gitops.changes import Edit

    path = checked_path(edit.path)
    if not (edit.values or edit.add):
        raise InputError(f"the edit of {path!r} has neither `set` nor `add`")
    return Edit(path, edit.values, edit.add, document=edit.document)


def _content(file: FileInput) -> bytes:
    try:
        if file.encoding == "utf-8":
            return file.content.encode()
        return base64.b64decode(file.content, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"the content of {file.path!r} is not {file.encoding}") from None
