"""A Backstage that only issues tokens and publishes its keys."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from scenedock.effects.backstage.signing_keys import ALGORITHM, SigningKey, read_signing_key
from scenedock.errors import TemporaryError
from scenedock.model.json import JsonObject

PLUGIN = "vnd.backstage.plugin"
LIMITED_USER = "vnd.backstage.limited-user"
USER_KEYS = "auth/.well-known/jwks.json"


def new_key() -> SigningKey:
    """A fresh EC P-256 key."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return read_signing_key(pem, "test")


@dataclass
class Backstage:
    """Keys of the scaffolder and of users; `asked` has every path that was fetched."""

    plugin_key: SigningKey = field(default_factory=new_key)
    user_key: SigningKey = field(default_factory=new_key)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def fetch(self, path: str) -> JsonObject:
        """What the backend publishes at a path below `/api`."""
        self.asked.append(path)
        if self.down:
            raise TemporaryError("Backstage can't be reached", retry_after=5)
        key = self.user_key if path == USER_KEYS else self.plugin_key
        return {"keys": [key.public_jwk]}

    def restart(self) -> None:
        """Forget the keys and make new ones, as a restarted Backstage does."""
        self.plugin_key, self.user_key = new_key(), new_key()

    def plugin_token(
        self, *, typ: str = PLUGIN, key: SigningKey | None = None, kid: str | None = None, **claims: Any
    ) -> str:
        """The scaffolder's token for us; claims replace its own, those that are None are left out."""
        now = int(time.time())
        said = {"sub": "scaffolder", "aud": "scenedock", "iat": now, "exp": now + 3600} | claims
        return sign(key or self.plugin_key, typ, said, kid)

    def user_token(self, *, typ: str = LIMITED_USER, key: SigningKey | None = None, **claims: Any) -> str:
        """The token of a user, as it stands inside a plugin's."""
        now = int(time.time())
        said = {"sub": "user:default/jane", "iat": now, "exp": now + 3600} | claims
        return sign(key or self.user_key, typ, said)


def sign(key: SigningKey, typ: str, claims: dict[str, Any], kid: str | None = None) -> str:
    """A token with these claims."""
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(said, key.private, algorithm=ALGORITHM, headers={"kid": kid or key.kid, "typ": typ})
