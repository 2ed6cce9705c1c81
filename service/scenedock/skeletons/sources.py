"""The list of skeletons that may be baked: where each is, and what it may do beyond rendering."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from scenedock.documents.configuration import read_configuration, repeated_names
from scenedock.documents.problems import DocumentProblem
from scenedock.model.json import Json, JsonObject, as_list, as_object

Permission: TypeAlias = Literal["hooks", "extensions", "host"]

NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
GIT_ADDRESS = r"^https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~/-]+$"
"""No other protocol, no credentials, no query."""
GIT_REF = r"^(?!.*(\.\.|//))(?!.*(\.lock|/|\.)$)[A-Za-z0-9][A-Za-z0-9._/-]*$"
"""git's grammar of refs is wider; this is what no git command takes for an option or an expression."""
DIRECTORY = r"^(?!.*(^|/)\.\.(/|$))[^/\\\x00-\x1f-][^\\\x00-\x1f]*$"

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
                "oneOfErrorMessage": "name either `path`, or `git` and `ref`",
                "dependentRequired": {"ref": ["git"]},
                "properties": {
                    "name": {
                        "type": "string",
                        "pattern": NAME,
                        "patternErrorMessage": "write lower-case letters, digits and hyphens, at most 63, "
                        "for example `service-python`",
                        "description": "What it is called when baked",
                    },
                    "path": {"type": "string", "minLength": 1, "description": "A folder, relative to this file"},
                    "git": {
                        "type": "string",
                        "pattern": GIT_ADDRESS,
                        "patternErrorMessage": "write https://HOST/PATH, without a name or password in it",
                        "description": "A repository, over https",
                    },
                    "ref": {
                        "type": "string",
                        "pattern": GIT_REF,
                        "patternErrorMessage": "write the name of a tag or branch, or the id of a commit; "
                        "it may not begin with `-`",
                        "description": "The tag, branch or commit that is baked",
                    },
                    "directory": {
                        "type": "string",
                        "pattern": DIRECTORY,
                        "patternErrorMessage": "write a folder of the repository, for example `charts/library`, "
                        "without `..`",
                        "description": "The skeleton's folder in it",
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

    `allow` has what it may do beyond rendering: `hooks`, `extensions`, and `host` where the machine can't confine them.
    """

    name: str
    path: str = ""
    git: str = ""
    ref: str = ""
    directory: str = ""
    allow: frozenset[Permission] = frozenset()


def read_sources(data: bytes, file: str) -> tuple[SkeletonSource, ...]:
    """The sources in a YAML file, in its order; `file` is how errors call it.

    Raises
    ------
    InputError   it is no YAML, doesn't fit the schema, or has a name twice; every problem is named with its place
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
        directory=str(about.get("directory", "")).strip("/"),
        allow=frozenset(word for word in get_args(Permission) if word in as_list(about.get("allow"))),
    )
