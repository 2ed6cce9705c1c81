"""The list of code hosts: where repositories may be written to, with whose credentials, and what is allowed there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from scenedock.documents.reading import BACKSTAGE, Document, DocumentError, read_document
from scenedock.errors import InputError
from scenedock.model.code_hosts.code_host import (
    GROUPS,
    HOST,
    OWNER,
    Author,
    CodeHost,
    HostType,
    SecretSource,
    Visibility,
)
from scenedock.model.json import JsonObject, as_list, as_object, as_text

if TYPE_CHECKING:
    import jsonschema_rs

_FILE = {"type": "string", "minLength": 1}
_VARIABLE = {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$"}
_PATTERNS = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^[A-Za-z0-9._*-]+(/[A-Za-z0-9._*-]+)+$"},
}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["hosts"],
    "properties": {
        "hosts": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["host", "type", "owners"],
                "properties": {
                    "host": {"type": "string", "pattern": HOST, "description": "As in addresses: `github.com`"},
                    "type": {"enum": list(get_args(HostType)), "description": "What it is"},
                    "api": {"type": "string", "description": "Base address of the API, or of plain git's repositories"},
                    "owners": {
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": True,
                        "items": {"type": "string", "pattern": GROUPS},
                        "description": "Organisations, users or groups; nobody else's repositories are touched",
                    },
                    "app": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["id"],
                        "oneOf": [{"required": ["private_key_file"]}, {"required": ["private_key_env"]}],
                        "properties": {
                            "id": {"type": ["string", "integer"], "pattern": r"^[A-Za-z0-9.]{1,64}$"},
                            "private_key_file": _FILE,
                            "private_key_env": _VARIABLE,
                        },
                        "description": "A GitHub App: its id (or client id) and private key",
                    },
                    "token_file": {**_FILE, "description": "File of a token, relative to this file"},
                    "token_env": {**_VARIABLE, "description": "Environment variable of a token"},
                    "username": {
                        "type": "string",
                        "pattern": r"^[^:\x00-\x20\x7f]{1,100}$",
                        "description": "Who the token is for, in plain git",
                    },
                    "webhook_secret_file": {**_FILE, "description": "File of the secret that signs webhooks"},
                    "webhook_secret_env": {**_VARIABLE, "description": "Environment variable of that secret"},
                    "direct_commits": {
                        **_PATTERNS,
                        "description": "Where `commit-change` may commit without a pull request: `acme/apps`, `acme/*`",
                    },
                    "visibility": {
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": True,
                        "items": {"enum": list(get_args(Visibility))},
                        "description": "What new repositories may be; by default private and internal",
                    },
                    "author": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["name", "email"],
                        "properties": {
                            "name": {"type": "string", "pattern": r"^[^<>\x00-\x1f\x7f]{1,100}$"},
                            "email": {"type": "string", "pattern": r"^[^<>\s@]{1,100}@[^<>\s@]{1,150}$"},
                        },
                        "description": "Whom commits name as author; on GitHub by default the app or token's user",
                    },
                },
            },
        }
    },
}

_NAME_OF_A_VARIABLE = "write the name of an environment variable, of letters, digits and `_`"
_WANTED = {
    "host": "write a name as addresses have it, in lower case, for example `github.com`",
    "direct_commits": "write `OWNER/NAME`, or `OWNER/*`",
    "owners": "write the names of organisations, users or groups",
    "type": f"write {' or '.join(map(repr, get_args(HostType)))}",
    "visibility": f"write a list of {', '.join(map(repr, get_args(Visibility)))}",
    "id": "write the App's id, or its client id",
    "private_key_env": _NAME_OF_A_VARIABLE,
    "token_env": _NAME_OF_A_VARIABLE,
    "webhook_secret_env": _NAME_OF_A_VARIABLE,
    "email": "write an address of e-mail",
    "username": "write a name without `:` and white space",
}
_LOOPBACK = re.compile(r"^(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])$")
_ADDRESS = re.compile(
    r"^(?P<scheme>https?)://(?P<host>\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$"
)


def read_code_hosts(data: bytes, file: str) -> tuple[CodeHost, ...]:
    """The hosts in a YAML file, in its order; `file` is how errors call it.

    Raises
    ------
    InputError   it is no YAML, doesn't fit the schema, or contradicts itself; every problem is named with its line
    """
    try:
        document = read_document(data, meaning=BACKSTAGE)
    except DocumentError as error:
        raise InputError(f"{file}:{error.line or 1}: {error}") from error
    import jsonschema_rs

    validator = jsonschema_rs.Draft202012Validator(SCHEMA)
    problems = [(document.line_of(list(e.instance_path)), _said(e)) for e in validator.iter_errors(document.value)]
    hosts: list[CodeHost] = []
    if not problems:
        entries = as_list(as_object(document.value).get("hosts"))
        for index, entry in enumerate(entries):
            line_of = _lines(document, index)
            problems += [(line_of(key), said) for key, said in _contradictions(as_object(entry))]
            hosts.append(_host(as_object(entry), line_of))
            if hosts[-1].host in {earlier.host for earlier in hosts[:-1]}:
                problems.append((line_of("host"), f"{hosts[-1].host} is listed twice"))
    if problems:
        raise InputError("\n".join(f"{file}:{line}: {message}" for line, message in sorted(problems)))
    return tuple(hosts)


def _lines(document: Document, index: int) -> Callable[[str], int]:
    return lambda key: document.line_of(["hosts", index, *key.split(".")])


def _contradictions(entry: JsonObject) -> list[tuple[str, str]]:
    """What a schema can't say well: the key that is wrong, and why."""
    is_github = entry["type"] == "github"
    found: list[tuple[str, str]] = []
    credentials = [key for key in ("app", "token_file", "token_env") if key in entry]
    if len(credentials) != 1:
        choice = "`app`, `token_file` or `token_env`" if is_github else "`token_file` or `token_env`"
        found.append((credentials[-1] if credentials else "host", f"give one of {choice}"))
    if "webhook_secret_file" in entry and "webhook_secret_env" in entry:
        found.append(("webhook_secret_env", "give either `webhook_secret_file` or `webhook_secret_env`"))
    foreign = ("username",) if is_github else ("app", "webhook_secret_file", "webhook_secret_env", "visibility")
    found += [(key, f"a host of type {entry['type']} has no `{key}`") for key in foreign if key in entry]
    if is_github:
        bad = [str(owner) for owner in as_list(entry["owners"]) if not re.fullmatch(OWNER, str(owner))]
        found += [("owners", f"{owner!r} can't be an owner on GitHub") for owner in bad]
    address = _ADDRESS.fullmatch(as_text(entry.get("api"))) if "api" in entry else None
    if "api" in entry and not address:
        found.append(("api", "write https://HOST/PATH, without credentials and query"))
    if address and address["scheme"] == "http" and not _LOOPBACK.match(address["host"]):
        found.append(("api", "only https keeps a token secret; http is for this very machine"))
    return found


def _host(entry: JsonObject, line_of: Callable[[str], int]) -> CodeHost:
    host, is_github = str(entry["host"]), entry["type"] == "github"
    app, author = as_object(entry.get("app")), as_object(entry.get("author"))
    in_cloud = host == "github.com" or host.endswith(".ghe.com")  # the latter: Enterprise Cloud with data residency
    usual = f"https://api.{host}" if in_cloud else f"https://{host}/api/v3"
    return CodeHost(
        host=host,
        type="github" if is_github else "git",
        api=(as_text(entry.get("api")) or (usual if is_github else f"https://{host}")).rstrip("/"),
        owners=tuple(map(str, as_list(entry["owners"]))),
        app_id=str(app.get("id", "")),
        app_key=_secret(app, "private_key", lambda key: line_of(f"app.{key}")),
        token=_secret(entry, "token", line_of),
        username=str(entry.get("username", "")),
        webhook_secret=_secret(entry, "webhook_secret", line_of),
        direct_commits=tuple(map(str, as_list(entry.get("direct_commits")))),
        visibility=tuple(each for each in get_args(Visibility) if each in as_list(entry["visibility"]))
        if "visibility" in entry
        else ("private", "internal"),
        author=Author(str(author["name"]), str(author["email"])) if author else None,
    )


def _secret(entry: JsonObject, name: str, line_of: Callable[[str], int]) -> SecretSource | None:
    for key in (f"{name}_file", f"{name}_env"):
        if key in entry:
            value = str(entry[key])
            is_file = key.endswith("_file")
            return SecretSource(value if is_file else "", "" if is_file else value, line_of(key))
    return None


def _said(error: jsonschema_rs.ValidationError) -> str:
    """What is wrong, in words; no value is repeated: somebody may have written a secret where its file belongs."""
    path = ".".join(str(part) for part in error.instance_path) or "the file"
    named = next((str(part) for part in reversed(list(error.instance_path)) if isinstance(part, str)), "")
    rule = str(error.schema_path[-1]) if error.schema_path else ""
    if rule == "oneOf":
        return f"{path}: give either `private_key_file` or `private_key_env`"
    if rule in {"required", "additionalProperties"}:
        return f"{path}: {error.message}"
    return f"{path}: {_WANTED.get(named, 'this is not what may stand here')}"
