"""The list of skeletons that may be baked: their locations, and what they may do beyond rendering."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

from scenedock.documents.configuration import read_configuration, repeated_names
from scenedock.documents.problems import DocumentProblem
from scenedock.model.file_paths import without_dots
from scenedock.model.json import Json, JsonObject, as_list, as_object
from scenedock.structs import dataclass

Permission: TypeAlias = Literal["hooks", "extensions", "host"]

NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
GIT_ADDRESS = r"^https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~/-]+$"
"""No other protocol, no credentials, no query."""
GIT_REF = r"^(?!.*(\.\.|//))(?!.*(\.lock|/|\.)$)[A-Za-z0-9][A-Za-z0-9._/-]*$"
"""git allows more in refs; this is the part that no git command interprets as an option or an expression."""
DIRECTORY = r"^(?!.*(^|/)\.\.(/|$))[^/\\\x00-\x1f-][^\\\x00-\x1f]*$"
PURPOSE = r"^[^\x00-\x1f]{1,200}$"

SCHEMA: JsonObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["skeletons"],
    "properties": {
        "skeletons": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "oneOf": [{"required": ["path"]}, {"required": ["git", "ref"]}],
                "oneOfErrorMessage": "must have either `path`, or `git` and `ref`",
                "dependentRequired": {"ref": ["git"]},
                "properties": {
                    "name": {
                        "type": "string",
                        "pattern": NAME,
                        "patternErrorMessage": "must be at most 63 lower-case letters, digits and hyphens, "
                        "for example `service-python`",
                        "description": "Its name in commands and actions",
                    },
                    "path": {"type": "string", "minLength": 1, "description": "A folder, relative to this file"},
                    "git": {
                        "type": "string",
                        "pattern": GIT_ADDRESS,
                        "patternErrorMessage": "must be https://HOST/PATH, without a user name or password",
                        "description": "Address of a repository, over https",
                    },
                    "ref": {
                        "type": "string",
                        "pattern": GIT_REF,
                        "patternErrorMessage": "must be the name of a tag or branch, or the id of a commit, "
                        "and must not begin with `-`",
                        "description": "The tag, branch or commit to bake",
                    },
                    "directory": {
                        "type": "string",
                        "pattern": DIRECTORY,
                        "patternErrorMessage": "must be a folder of the repository, for example `charts/library`, "
                        "without `..`",
                        "description": "The skeleton's folder in it",
                    },
                    "purpose": {
                        "type": "string",
                        "pattern": PURPOSE,
                        "patternErrorMessage": "must be one line of at most 200 characters",
                        "description": "What it bakes, in one line; by default, what its cookiecutter.json says",
                    },
                    "allow": {
                        "type": "array",
                        "uniqueItems": True,
                        "items": {"enum": list(get_args(Permission))},
                        "description": "What it may do beyond rendering, in a confined process",
                    },
                },
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class SkeletonSource:
    """One skeleton of the list: in a local folder (`path`) or in a git repository (`git` and `ref`).

    `allow` lists what it may do beyond rendering: `hooks`, `extensions`, and `host` if they may run without a sandbox.
    `purpose` says in a line what it bakes; it is empty where nobody says it.
    """

    name: str
    path: str = ""
    git: str = ""
    ref: str = ""
    directory: str = ""
    allow: frozenset[Permission] = frozenset()
    purpose: str = ""


def read_sources(data: bytes, file: str) -> tuple[SkeletonSource, ...]:
    """The sources in a YAML file, in its order; `file` names it in errors.

    Raises
    ------
    InputError   it isn't YAML, doesn't match the schema, or has a name twice; every problem has its place
    """
    listed = read_configuration(data, file, schema=SCHEMA, rules=_rules)
    return tuple(map(_source, as_list(listed.value["skeletons"])))


def _rules(value: JsonObject) -> Iterable[DocumentProblem]:
    return repeated_names(value, "skeletons", "name")


def is_commit(ref: str) -> bool:
    """Whether a ref is the full id of a commit, which always means the same."""
    return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", ref) is not None


def _source(item: Json) -> SkeletonSource:
    about = as_object(item)
    return SkeletonSource(
        name=str(about["name"]),
        path=str(about.get("path", "")),
        git=str(about.get("git", "")),
        ref=str(about.get("ref", "")),
        directory=without_dots(str(about.get("directory", ""))),
        allow=frozenset(word for word in get_args(Permission) if word in as_list(about.get("allow"))),
        purpose=str(about.get("purpose", "")),
    )
