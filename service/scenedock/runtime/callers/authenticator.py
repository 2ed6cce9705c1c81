"""Authenticate the bearer token of a request: Backstage's plugins and their users, or a static token.

Source of the rules: Backstage's `PluginTokenHandler` and `UserTokenHandler`. Whatever is wrong with a token, the
caller learns only that it isn't accepted; the log has the reason.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection
from typing import Any

from scenedock.effects.backstage.plugin_tokens import PLUGIN_TOKEN
from scenedock.effects.backstage.public_keys import USER_KEYS, PublicKeys, plugin_keys
from scenedock.effects.backstage.signing_keys import ALGORITHM
from scenedock.errors import AuthenticationError
from scenedock.model.action import PLUGIN_ID, Caller
from scenedock.runtime.callers.static_tokens import StaticTokens
from scenedock.runtime.callers.verified_users import VerifiedUser, VerifiedUsers
from scenedock.structs import dataclass, field, replace

USER_TOKEN = "vnd.backstage.limited-user"  # noqa: S105 - the type of a token
LONGEST_TOKEN = 8192
_USER = re.compile(r"^user:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/[a-zA-Z0-9][-a-zA-Z0-9_.]{0,62}$", re.IGNORECASE)
_MOST_SECONDS = 3600
_LEEWAY = 30


class RefusedError(Exception):
    """The reason why a token isn't accepted, for the log only."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The keys and static tokens that verify tokens. Without `keys`, no token of Backstage is accepted."""

    static: StaticTokens
    keys: PublicKeys | None
    plugins: Collection[str]
    clock: Callable[[], float] = time.time
    users: VerifiedUsers = field(default_factory=VerifiedUsers)

    def caller(self, authorization: str, note: Callable[[str], None]) -> Caller:
        """The caller that sent this `Authorization` header; `note` gets the reason if it isn't accepted.

        Raises
        ------
        AuthenticationError   there is no token, or it isn't accepted
        TemporaryError        Backstage's keys can't be fetched
        """
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise AuthenticationError(
                "a token is needed: send the header `Authorization: Bearer …`, with one of SCENEDOCK_TOKENS_FILE. "
                "People with a browser use the pages, and sign in at /sign-in"
            )
        try:
            return self._identify(token)
        except RefusedError as refused:
            note(str(refused))
        raise AuthenticationError(
            "the token is not accepted; it may have expired, or may not be meant for this service"
        )

    def impatient(self) -> Authenticator:
        """The same, for requests that must not wait until another one has asked Backstage for its keys."""
        return replace(self, keys=replace(self.keys, patience=0.0)) if self.keys else self

    def _identify(self, token: str) -> Caller:
        if len(token) > LONGEST_TOKEN:
            raise RefusedError("longer than the maximum for tokens")
        if holder := self.static.caller(token_digest(token)):
            return holder
        if token.count(".") != 2:
            raise RefusedError("not a known static token, and not a JWT")
        return self._plugin(token)

    def _plugin(self, token: str) -> Caller:
        header, unverified = _unverified(token)
        plugin = unverified.get("sub")
        if not isinstance(plugin, str) or plugin not in self.plugins:
            raise RefusedError("`sub` is not a plugin that is allowed to call")
        try:
            path = plugin_keys(plugin)
        except ValueError as error:
            raise RefusedError(str(error)) from None
        claims = self._verified(token, header, PLUGIN_TOKEN, path, audience=PLUGIN_ID)
        if claims["exp"] - claims["iat"] > _MOST_SECONDS + _LEEWAY:
            raise RefusedError("valid for more than an hour")
        user = self._user(claims["obo"]) if claims.get("obo") is not None else None
        return Caller(f"plugin:{plugin}", "backstage", user, "run", user_token=claims["obo"] if user else "")

    def _user(self, token: object) -> str:
        """The entity reference of the user on whose behalf the plugin calls, in lower case."""
        if not isinstance(token, str):
            raise RefusedError("`obo` is no token")
        digest = token_digest(token)
        held = self.users.get(digest)
        if held and self.keys and self.clock() < held.until and self.keys.key(USER_KEYS, held.kid) is held.key:
            return held.user
        header, _ = _unverified(token)
        claims = self._verified(token, header, USER_TOKEN, USER_KEYS, audience=None)
        user = claims["sub"]
        if not isinstance(user, str) or not _USER.fullmatch(user):
            raise RefusedError("the `sub` of `obo` is not a user")
        if self.keys:
            kid = header["kid"]
            key = self.keys.key(USER_KEYS, kid)
            self.users.keep(digest, VerifiedUser(user.lower(), kid, key, float(claims["exp"])))
        return user.lower()

    def _verified(
        self, token: str, header: dict[str, Any], typ: str, path: str, audience: str | None
    ) -> dict[str, Any]:
        """The claims of a token, after the whole token was verified."""
        import jwt

        if self.keys is None:
            raise RefusedError("no Backstage is configured (`SCENEDOCK_BACKSTAGE_URL`)")
        kid = header.get("kid")
        if header.get("typ") != typ or header.get("alg") != ALGORITHM or not isinstance(kid, str):
            raise RefusedError(f"not of type {typ} with {ALGORITHM} and a key id")
        key = self.keys.key(path, kid)
        if key is None:
            raise RefusedError("Backstage doesn't have its key")
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


def token_digest(token: str) -> bytes:
    """The SHA-256 of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified; only to choose the key that verifies them.

    What verifies them is strict, and reads the same: without this, it would read every token twice.
    """
    try:
        header, claims = (json.loads(urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{type(error).__name__}") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise RefusedError("its header or its claims are no object")
    return header, claims
