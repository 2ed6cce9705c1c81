"""Find out who calls, from the bearer token of a request: Backstage's plugins and their users, or a static token.

Source of the rules: Backstage's `PluginTokenHandler` and `UserTokenHandler`. Whatever is wrong with a token, the one
who sent it learns only that it isn't accepted; the log learns why.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from scenedock.documents.reading import BACKSTAGE, DocumentError, read_document
from scenedock.effects.backstage.backend import PLUGIN_TOKEN, USER_KEYS, PublicKeys, plugin_keys
from scenedock.effects.backstage.signing_keys import ALGORITHM
from scenedock.errors import AuthenticationError, InputError
from scenedock.model.action import PLUGIN_ID, SCOPES, Caller, Scope
from scenedock.model.json import Json, as_list, as_object, as_text

USER_TOKEN = "vnd.backstage.limited-user"  # noqa: S105 - the type of a token
LONGEST_TOKEN = 8192
_USER = re.compile(r"^user:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/[a-zA-Z0-9][-a-zA-Z0-9_.]{0,62}$", re.IGNORECASE)
_MOST_SECONDS = 3600
_LEEWAY = 30
_SHORTEST_SECRET = 16
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token for a caller that isn't Backstage, kept as the SHA-256 of its secret.

    `actions` are the names of those that it may run; empty for all that its scope covers.
    """

    name: str
    digest: bytes
    scope: Scope
    actions: tuple[str, ...] = ()


def read_static_tokens(data: bytes, label: str) -> tuple[StaticToken, ...]:
    """The tokens in a YAML file, `tokens: [{name, token or sha256, scope, actions}]`.

    Raises
    ------
    InputError   one or more of them are wrong; no secret is in the message
    """
    try:
        listed = as_list(as_object(read_document(data, meaning=BACKSTAGE).value).get("tokens"))
    except DocumentError as error:
        raise InputError(f"{label}: {error}") from error
    tokens: list[StaticToken] = []
    problems: list[str] = []
    for number, each in enumerate(listed):
        try:
            tokens.append(_static_token(each))
        except ValueError as error:
            problems.append(f"{label}: tokens[{number}]: {error}")
    names = [token.name for token in tokens]
    problems += [f"{label}: two tokens are called {name}" for name in sorted(set(names)) if names.count(name) > 1]
    if problems:
        raise InputError("\n".join(problems))
    if not tokens:
        raise InputError(f"{label}: lists no tokens; write `tokens: [{{name: ci, token: …, scope: run}}]`")
    return tuple(tokens)


def _static_token(given: Json) -> StaticToken:
    entry = as_object(given)
    if unknown := sorted(set(entry) - {"name", "token", "sha256", "scope", "actions"}):
        raise ValueError(f"there is no field {unknown[0]!r}; there are: name, token, sha256, scope, actions")
    name, secret, digest, scope = (as_text(entry.get(key)) for key in ("name", "token", "sha256", "scope"))
    if not _NAME.fullmatch(name):
        raise ValueError("`name` must be of letters, digits, `_`, `.` and `-`")
    known = next((each for each in SCOPES if each == scope), None)
    if known is None:
        raise ValueError(f"`scope` must be one of {', '.join(SCOPES)}")
    actions = tuple(map(as_text, as_list(entry.get("actions"))))
    if "actions" in entry and not (actions and all(map(_NAME.fullmatch, actions))):
        raise ValueError("`actions` must be a list of names of actions; without it all are meant that the scope covers")
    if bool(secret) == bool(digest):
        raise ValueError("give either `token` or `sha256`")
    if digest:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError("`sha256` must be 64 hexadecimal digits in lower case")
        return StaticToken(name, bytes.fromhex(digest), known, actions)
    if len(secret) < _SHORTEST_SECRET:
        raise ValueError(f"`token` must have at least {_SHORTEST_SECRET} characters; make one: openssl rand -hex 32")
    return StaticToken(name, hashlib.sha256(secret.encode()).digest(), known, actions)


class RefusedError(Exception):
    """Why a token isn't accepted, for the log only."""


@dataclass(frozen=True, slots=True)
class VerifiedUser:
    """The user of a token, with the key that verified it and when it expires."""

    user: str
    kid: str
    key: object
    until: float


class VerifiedUsers:
    """Users by the digest of their tokens, the last few.

    A plugin's token is a new one for each call, the user's inside it is the same for many: so its signature needs to be
    verified once. It counts only while Backstage publishes that very key, and until it expires.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._held: OrderedDict[bytes, VerifiedUser] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> VerifiedUser | None:
        """What is known of a token."""
        with self._lock:
            return self._held.get(digest)

    def keep(self, digest: bytes, verified: VerifiedUser) -> None:
        """Know a token from now on."""
        with self._lock:
            self._held[digest] = verified
            if len(self._held) > self._most:
                self._held.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What tokens are judged by. Without `keys`, no token of Backstage is accepted."""

    static: Sequence[StaticToken]
    keys: PublicKeys | None
    plugins: Collection[str]
    clock: Callable[[], float] = time.time
    users: VerifiedUsers = field(default_factory=VerifiedUsers)

    def caller(self, authorization: str, note: Callable[[str], None]) -> Caller:
        """Who sent this `Authorization` header; `note` is told why one isn't accepted.

        Raises
        ------
        AuthenticationError   nobody known, or the token isn't accepted
        TemporaryError        Backstage's keys can't be asked for
        """
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise AuthenticationError("a token is needed: send the header `Authorization: Bearer …`")
        try:
            return self._judge(token)
        except RefusedError as refused:
            note(str(refused))
        raise AuthenticationError("the token is not accepted; it may have expired, or isn't meant for this service")

    def _judge(self, token: str) -> Caller:
        if len(token) > LONGEST_TOKEN:
            raise RefusedError("longer than a token may be")
        if static := self._static(token):
            return Caller(f"token:{static.name}", "token", scope=static.scope, actions=static.actions)
        if token.count(".") != 2:
            raise RefusedError("no known static token, and no JWT")
        return self._plugin(token)

    def _static(self, token: str) -> StaticToken | None:
        """The static token that this is; every one is compared, each in constant time."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        found = None
        for known in self.static:
            if hmac.compare_digest(known.digest, digest):
                found = known
        return found

    def _plugin(self, token: str) -> Caller:
        header, unverified = _unverified(token)
        plugin = unverified.get("sub")
        if not isinstance(plugin, str) or plugin not in self.plugins:
            raise RefusedError("`sub` is not a plugin that may call")
        try:
            path = plugin_keys(plugin)
        except ValueError as error:
            raise RefusedError(str(error)) from None
        claims = self._verified(token, header, PLUGIN_TOKEN, path, audience=PLUGIN_ID)
        if claims["exp"] - claims["iat"] > _MOST_SECONDS + _LEEWAY:
            raise RefusedError("valid for more than an hour")
        user = self._user(claims["obo"]) if claims.get("obo") is not None else None
        return Caller(f"plugin:{plugin}", "backstage", user, "run")

    def _user(self, token: object) -> str:
        """The entity reference of the user on whose behalf the plugin calls, in lower case."""
        if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
            raise RefusedError("`obo` is no token")
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        held = self.users.get(digest)
        if held and self.keys and self.clock() < held.until and self.keys.key(USER_KEYS, held.kid) is held.key:
            return held.user
        header, _ = _unverified(token)
        claims = self._verified(token, header, USER_TOKEN, USER_KEYS, audience=None)
        user = claims["sub"]
        if not isinstance(user, str) or not _USER.fullmatch(user):
            raise RefusedError("the `sub` of `obo` is no user")
        if self.keys:
            kid = header["kid"]
            key = self.keys.key(USER_KEYS, kid)
            self.users.keep(digest, VerifiedUser(user.lower(), kid, key, float(claims["exp"])))
        return user.lower()

    def _verified(
        self, token: str, header: dict[str, Any], typ: str, path: str, audience: str | None
    ) -> dict[str, Any]:
        """The claims of a token, after all of it has been checked."""
        import jwt

        if self.keys is None:
            raise RefusedError("no Backstage is configured (`SCENEDOCK_BACKSTAGE_URL`)")
        kid = header.get("kid")
        if header.get("typ") != typ or header.get("alg") != ALGORITHM or not isinstance(kid, str):
            raise RefusedError(f"not of type {typ} with {ALGORITHM} and a key id")
        key = self.keys.key(path, kid)
        if key is None:
            raise RefusedError("its key is unknown to Backstage")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=audience,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "sub"], "verify_aud": audience is not None, "strict_aud": False},
            )
        except jwt.exceptions.PyJWTError as error:
            raise RefusedError(f"{type(error).__name__}: {error}") from None
        return claims


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they stand there, only to know whose key to check them with."""
    import jwt

    try:
        read = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.exceptions.PyJWTError, ValueError, RecursionError) as error:
        raise RefusedError(f"{type(error).__name__}") from None
    return read["header"], read["payload"]
