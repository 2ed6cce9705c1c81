"""The list of code hosts: which repositories may be written to, with which credentials, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import get_args

from scenedock.documents.configuration import read_configuration, repeated_names
from scenedock.documents.problems import DocumentProblem, Path
from scenedock.model.code_hosts.code_host import (
    GROUPS,
    HOST,
    OWNER,
    Author,
    CodeHost,
    HostType,
    SecretSource,
    Visibility,
    is_loopback,
)
from scenedock.model.json import JsonObject, as_list, as_object, as_text

_FILE: JsonObject = {"type": "string", "minLength": 1}
_VARIABLE: JsonObject = {
    "type": "string",
    "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$",
    "patternErrorMessage": "write the name of an environment variable, of letters, digits and `_`",
}

SCHEMA: JsonObject = {
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
                    "host": {
                        "type": "string",
                        "pattern": HOST,
                        "patternErrorMessage": "write the host name from its addresses, in lower case, for example "
                        "`github.com`",
                        "description": "Host name, as in addresses: `github.com`",
                    },
                    "type": {"enum": list(get_args(HostType)), "description": "Type of the host"},
                    "api": {
                        "type": "string",
                        "description": "Base address of the API, or of the repositories on a plain git server",
                    },
                    "owners": {
                        "type": "array",
                        "minItems": 1,
                        "minItemsErrorMessage": "list at least one owner",
                        "uniqueItems": True,
                        "items": {
                            "type": "string",
                            "pattern": GROUPS,
                            "patternErrorMessage": "write the name of an organisation, user or group, without "
                            "`/*`: `acme` is all its repositories, on GitLab also those of its sub-groups",
                        },
                        "description": "Organisations, users or groups whose repositories may be written to; on GitLab "
                        "their sub-groups belong to them",
                    },
                    "app": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["id"],
                        "oneOf": [{"required": ["private_key_file"]}, {"required": ["private_key_env"]}],
                        "oneOfErrorMessage": "set either `private_key_file` or `private_key_env`",
                        "properties": {
                            "id": {
                                "type": ["string", "integer"],
                                "pattern": r"^[A-Za-z0-9.]{1,64}$",
                                "patternErrorMessage": "write the App's id, or its client id",
                            },
                            "private_key_file": _FILE,
                            "private_key_env": _VARIABLE,
                        },
                        "description": "A GitHub App: its id (or client id) and private key",
                    },
                    "token_file": {**_FILE, "description": "File that contains the token, relative to this file"},
                    "token_env": {**_VARIABLE, "description": "Environment variable that contains the token"},
                    "username": {
                        "type": "string",
                        "pattern": r"^[^:\x00-\x20\x7f]{1,100}$",
                        "patternErrorMessage": "write a name without `:` or white space",
                        "description": "User name for the token, on a plain git server",
                    },
                    "webhook_secret_file": {
                        **_FILE,
                        "description": "File that contains the secret of webhooks: on GitLab the secret token or, "
                        "if it begins with `whsec_`, the signing token",
                    },
                    "webhook_secret_env": {
                        **_VARIABLE,
                        "description": "Environment variable that contains that secret",
                    },
                    "direct_commits": {
                        "type": "array",
                        "items": {
                            "type": "string",
                            "pattern": r"^[A-Za-z0-9._*-]+(/[A-Za-z0-9._*-]+)+$",
                            "patternErrorMessage": "write `OWNER/NAME`, or `OWNER/*`",
                        },
                        "description": "Where `commit-change` needs no pull request: `acme/apps`, `acme/*`",
                    },
                    "visibility": {
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": True,
                        "items": {"enum": list(get_args(Visibility))},
                        "description": "Visibilities allowed for new repositories; by default private and internal",
                    },
                    "author": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["name", "email"],
                        "properties": {
                            "name": {
                                "type": "string",
                                "pattern": r"^[^<>\x00-\x1f\x7f]{1,100}$",
                                "patternErrorMessage": "write a name without `<` or `>`, of at most 100 characters",
                            },
                            "email": {
                                "type": "string",
                                "pattern": r"^[^<>\s@]{1,100}@[^<>\s@]{1,150}$",
                                "patternErrorMessage": "write an e-mail address",
                            },
                        },
                        "description": "Author of commits; on GitHub, by default the user of the App or token",
                    },
                },
            },
        }
    },
}

_ADDRESS = re.compile(
    r"^(?P<scheme>https?)://(?P<host>\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$"
)


def read_code_hosts(data: bytes, file: str) -> tuple[CodeHost, ...]:
    """The hosts in a YAML file, in its order; `file` is its name in errors.

    Raises
    ------
    InputError   it is not YAML, doesn't match the schema, or contradicts itself; all problems are named with places
    """
    listed = read_configuration(data, file, schema=SCHEMA, rules=_rules)
    return tuple(
        _host(as_object(entry), partial(listed.line_of, "hosts", index))
        for index, entry in enumerate(as_list(listed.value["hosts"]))
    )


def _rules(value: JsonObject) -> Iterator[DocumentProblem]:
    for index, entry in enumerate(map(as_object, as_list(value.get("hosts")))):
        if entry.get("type") in get_args(HostType):
            yield from (DocumentProblem(("hosts", index, *key), problem) for key, problem in _contradictions(entry))
    yield from repeated_names(value, "hosts", "host")


def _contradictions(entry: JsonObject) -> Iterator[tuple[Path, str]]:
    """Problems of a host that a schema can't express well: the path in the entry, and the message."""
    kind = as_text(entry["type"])
    is_github = kind == "github"
    credentials = [key for key in entry if key in {"app", "token_file", "token_env"}]
    if len(credentials) != 1:
        choice = "`app`, `token_file` or `token_env`" if is_github else "`token_file` or `token_env`"
        yield tuple(credentials[-1:]), f"set exactly one of {choice}"
    if "webhook_secret_file" in entry and "webhook_secret_env" in entry:
        yield ("webhook_secret_env",), "set either `webhook_secret_file` or `webhook_secret_env`"
    for key in _FOREIGN[kind]:
        if key in entry:
            yield (key,), f"a host of type {kind} has no `{key}`"
    for index, owner in enumerate(as_list(entry.get("owners")) if is_github else ()):
        if not re.fullmatch(OWNER, str(owner)):
            yield ("owners", index), "this is not a valid owner on GitHub"
    yield from _impossible_commits(entry, kind)
    yield from _wrong_api(entry, kind)


def _wrong_api(entry: JsonObject, kind: str) -> Iterator[tuple[Path, str]]:
    if "api" in entry:
        address = _ADDRESS.fullmatch(as_text(entry["api"]))
        if not address:
            yield ("api",), "write https://HOST/PATH, without credentials or query"
        elif address["scheme"] == "http" and not is_loopback(address["host"]):
            yield ("api",), "use https, which keeps the token secret; http is only allowed for this machine"
        elif kind == "gitlab" and not as_text(entry["api"]).rstrip("/").endswith("/api/v4"):
            yield ("api",), "write the address of GitLab's API, which ends in `/api/v4`"


def _impossible_commits(entry: JsonObject, kind: str) -> Iterator[tuple[Path, str]]:
    """Where `direct_commits` names an owner that isn't in the list: nothing is written there at all."""
    fold = str if kind == "git" else str.lower
    owners = [fold(str(each)) for each in as_list(entry.get("owners"))]
    for index, pattern in enumerate(as_list(entry.get("direct_commits"))):
        owner = fold(str(pattern)).rpartition("/")[0]
        below = [f"{each}/" for each in owners] if kind == "gitlab" else []
        if "*" not in owner and owner not in owners and not f"{owner}/".startswith(tuple(below)):
            yield ("direct_commits", index), "its owner isn't among `owners`, so that nothing may be written there"


_FOREIGN: Mapping[str, tuple[str, ...]] = {
    "github": ("username",),
    "gitlab": ("app", "username"),
    "git": ("app", "webhook_secret_file", "webhook_secret_env", "visibility"),
}
"""The keys that hosts of a type can't have."""


def _host(entry: JsonObject, line_of: Callable[..., int]) -> CodeHost:
    host = str(entry["host"])
    kind = next(each for each in get_args(HostType) if each == entry["type"])
    app, author = as_object(entry.get("app")), as_object(entry.get("author"))
    in_cloud = host == "github.com" or host.endswith(".ghe.com")  # the latter: Enterprise Cloud with data residency
    github = f"https://api.{host}" if in_cloud else f"https://{host}/api/v3"
    usual = {"github": github, "gitlab": f"https://{host}/api/v4"}.get(kind, f"https://{host}")
    return CodeHost(
        host=host,
        type=kind,
        api=(as_text(entry.get("api")) or usual).rstrip("/"),
        owners=tuple(map(str, as_list(entry["owners"]))),
        app_id=str(app.get("id", "")),
        app_key=_secret(app, "private_key", partial(line_of, "app")),
        token=_secret(entry, "token", line_of),
        username=str(entry.get("username", "")),
        webhook_secret=_secret(entry, "webhook_secret", line_of),
        direct_commits=tuple(map(str, as_list(entry.get("direct_commits")))),
        visibility=tuple(each for each in get_args(Visibility) if each in as_list(entry["visibility"]))
        if "visibility" in entry
        else ("private", "internal"),
        author=Author(str(author["name"]), str(author["email"])) if author else None,
    )


def _secret(entry: JsonObject, name: str, line_of: Callable[..., int]) -> SecretSource | None:
    for key in (f"{name}_file", f"{name}_env"):
        if key in entry:
            value = str(entry[key])
            is_file = key.endswith("_file")
            return SecretSource(value if is_file else "", "" if is_file else value, line_of(key))
    return None
