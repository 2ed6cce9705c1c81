"""Tokens that authenticate us to plugins of Backstage, signed with our key."""

from __future__ import annotations

import time

from scenedock.effects.backstage.signing_keys import ALGORITHM, SigningKey
from scenedock.model.action import PLUGIN_ID
from scenedock.structs import dataclass, field

PLUGIN_TOKEN = "vnd.backstage.plugin"  # noqa: S105 - the type of a token
_SECONDS_OF_A_TOKEN = 3600
_SECONDS_TO_RENEW = 600
_SECONDS_OF_A_CALL = 60


@dataclass(slots=True)
class PluginTokens:
    """Tokens for plugins by their ids, each kept until shortly before it expires."""

    key: SigningKey
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def token(self, plugin: str) -> str:
        """A token for a plugin, valid for at least ten minutes."""
        held, until = self._tokens.get(plugin, ("", 0.0))
        now = time.time()
        if until - now < _SECONDS_TO_RENEW:
            until = now + _SECONDS_OF_A_TOKEN
            held = self._signed(plugin, now, until)
            self._tokens[plugin] = held, until
        return held

    def token_of_user(self, plugin: str, user_token: str) -> str:
        """A token for one call of a plugin on behalf of the user whose token this is."""
        now = time.time()
        return self._signed(plugin, now, now + _SECONDS_OF_A_CALL, obo=user_token)

    def _signed(self, plugin: str, now: float, until: float, **more: str) -> str:
        import jwt

        claims = {"sub": PLUGIN_ID, "aud": plugin, "iat": int(now), "exp": int(until), **more}
        headers = {"kid": self.key.kid, "typ": PLUGIN_TOKEN}
        return jwt.encode(claims, self.key.private, algorithm=ALGORITHM, headers=headers)
