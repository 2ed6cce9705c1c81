"""Static tokens: a file lists them, for callers other than Backstage.

Functions validate its fields, not a JSON Schema: almost every service has such a file, and the JSON Schema library
would make the process a fifth larger.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping

from scenedock.documents.configuration import field_problems, read_configuration, repeated_names
from scenedock.documents.problems import DocumentProblem
from scenedock.model.action import SCOPES, Caller, Scope
from scenedock.model.json import Json, JsonObject, as_list, as_object
from scenedock.structs import dataclass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token for a caller other than Backstage, stored as the SHA-256 of its secret.

    `actions` are the names of the actions that it may run; if empty, it may run all that its scope covers.
    """

    name: str
    digest: bytes
    scope: Scope
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaticTokens:
    """The tokens that a file lists."""

    tokens: tuple[StaticToken, ...] = ()

    def find(self, digest: bytes) -> StaticToken | None:
        """The token with this digest; all are compared, each in constant time."""
        matches = [token for token in self.tokens if hmac.compare_digest(token.digest, digest)]
        return matches[-1] if matches else None

    def caller(self, digest: bytes) -> Caller | None:
        """The holder of the token with this digest."""
        found = self.find(digest)
        return Caller(f"token:{found.name}", "token", scope=found.scope, actions=found.actions) if found else None


def read_static_tokens(data: bytes, label: str) -> StaticTokens:
    """The tokens in a YAML file, `tokens: [{name, token or sha256, scope, actions}]`.

    Raises
    ------
    InputError   one or more of them are invalid, or there are none; the message contains no secret
    """
    listed = read_configuration(data, label, rules=_rules)
    return StaticTokens(tuple(_token(as_object(entry)) for entry in as_list(listed.value["tokens"])))


def _rules(value: JsonObject) -> Iterator[DocumentProblem]:
    yield from field_problems({"tokens": None, **value}, (), {"tokens": _entries})
    for index, entry in enumerate(as_list(value.get("tokens"))):
        path = ("tokens", index)
        if not isinstance(entry, Mapping):
            yield DocumentProblem(path, "must be an object, {name, token or sha256, scope, actions}")
            continue
        yield from field_problems({"name": None, "scope": None, **entry}, path, _READERS)
        if ("token" in entry) == ("sha256" in entry):
            yield DocumentProblem(path, "set either `token` or `sha256`")
    yield from repeated_names(value, "tokens", "name")


def _entries(value: Json) -> None:
    if not as_list(value):
        raise ValueError("must list tokens, `tokens: [{name: ci, token: …, scope: run}]`")


def _name(value: Json) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value.strip()):
        raise ValueError("must have letters, digits, `_`, `.` and `-`, at most 63")
    return value.strip()


def _secret(value: Json) -> bytes:
    if not isinstance(value, str) or len(value.strip()) < _SHORTEST_SECRET:
        raise ValueError(f"must be text of at least {_SHORTEST_SECRET} characters; create one: openssl rand -hex 32")
    return hashlib.sha256(value.strip().encode()).digest()


def _digest(value: Json) -> bytes:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value.strip()):
        raise ValueError("must be 64 hexadecimal digits in lower case, in quotes")
    return bytes.fromhex(value.strip())


def _scope(value: Json) -> Scope:
    for scope in SCOPES:
        if value == scope:
            return scope
    raise ValueError(f"must be one of {', '.join(SCOPES)}")


def _actions(value: Json) -> tuple[str, ...]:
    names = as_list(value)
    if not names:
        raise ValueError("must be a list of names of actions; without it, all that the scope covers are allowed")
    return tuple(map(_name, names))


_READERS: Mapping[str, Callable[[Json], object]] = {
    "name": _name,
    "token": _secret,
    "sha256": _digest,
    "scope": _scope,
    "actions": _actions,
}


def _token(entry: JsonObject) -> StaticToken:
    return StaticToken(
        name=_name(entry["name"]),
        digest=_secret(entry["token"]) if "token" in entry else _digest(entry["sha256"]),
        scope=_scope(entry["scope"]),
        actions=_actions(entry["actions"]) if "actions" in entry else (),
    )
