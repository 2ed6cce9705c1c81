"""The list of skeletons that may be baked: where each is, and what it may do beyond rendering."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from scenedock.documents.reading import BACKSTAGE, DocumentError, read_document
from scenedock.errors import InputError
from scenedock.model.json import as_list, as_object

if TYPE_CHECKING:
    import jsonschema_rs

Permission: TypeAlias = Literal["hooks", "extensions", "host"]

NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
GIT_ADDRESS = r"^https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~/-]+$"
"""No other protocol, no credentials, no query."""
GIT_REF = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"
"""git's grammar of refs is wider; this is what no git command takes for an option or an expression."""
DIRECTORY = r"^(?!.*(^|/)\.\.(/|$))[^/\\\x00-\x1f-][^\\\x00-\x1f]*$"

SCHEMA: dict[str, Any] = {
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
                "dependentRequired": {"ref": ["git"]},
                "properties": {
                    "name": {"type": "string", "pattern": NAME, "description": "What it is called when baked"},
                    "path": {"type": "string", "minLength": 1, "description": "A folder, relative to this file"},
                    "git": {"type": "string", "pattern": GIT_ADDRESS, "description": "A repository, over https"},
                    "ref": {
                        "type": "string",
                        "pattern": GIT_REF,
                        "not": {"pattern": r"\.\.|\.lock$|//|/$|\.$"},
                        "description": "The tag, branch or commit that is baked",
                    },
                    "directory": {"type": "string", "pattern": DIRECTORY, "description": "The skeleton's folder in it"},
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

_WANTED = {
    "name": "write lower-case letters, digits and hyphens, at most 63, for example `service-python`",
    "git": "write https://HOST/PATH, without a name or password in it",
    "ref": "write the name of a tag or branch, or the id of a commit; it may not begin with `-`",
    "directory": "write a folder of the repository, for example `charts/library`, without `..`",
}
"""What may stand under a word of the list, where its pattern would be hard to read."""


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
    InputError   it is no YAML, doesn't fit the schema, or has a name twice; every problem is named with its line
    """
    import jsonschema_rs

    try:
        document = read_document(data, meaning=BACKSTAGE)
    except DocumentError as error:
        raise InputError(f"{file}:{error.line or 1}: {error}") from error
    validator = jsonschema_rs.Draft202012Validator(SCHEMA)
    problems = [(document.line_of(list(e.instance_path)), _said(e)) for e in validator.iter_errors(document.value)]
    if problems:
        raise InputError("\n".join(f"{file}:{line}: {message}" for line, message in sorted(problems)))
    sources = [_source(item) for item in as_list(as_object(document.value).get("skeletons"))]
    seen: set[str] = set()
    for index, source in enumerate(sources):
        if source.name in seen:
            raise InputError(f"{file}:{document.line_of(['skeletons', index])}: {source.name!r} is listed twice")
        seen.add(source.name)
    return tuple(sources)


def is_commit(ref: str) -> bool:
    """Whether a ref is the full id of a commit, which always means the same."""
    return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", ref) is not None


def _said(error: jsonschema_rs.ValidationError) -> str:
    """What is wrong, in words; what stands under `git` is not repeated: it may have a password in it."""
    path = ".".join(str(part) for part in error.instance_path) or "the file"
    if error.schema_path and error.schema_path[-1] == "oneOf":
        return f"{path}: name either `path`, or `git` and `ref`"
    wanted = _WANTED.get(str(error.instance_path[-1])) if error.instance_path else None
    return f"{path}: {wanted or error.message}"


def _source(item: Any) -> SkeletonSource:
    about = as_object(item)
    return SkeletonSource(
        name=str(about["name"]),
        path=str(about.get("path", "")),
        git=str(about.get("git", "")),
        ref=str(about.get("ref", "")),
        directory=str(about.get("directory", "")).strip("/"),
        allow=frozenset(word for word in get_args(Permission) if word in as_list(about.get("allow"))),
    )
