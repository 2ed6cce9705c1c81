"""A small OpenID provider: metadata, keys, codes with PKCE, and id tokens as right or wrong as a test wants them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from werkzeug.wrappers import Request, Response

from tests.tools.wsgi import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CLIENT, SECRET = "scenedock", "client-secret-canary-4f0c9a7be1"


@dataclass
class Key:
    """A key of the provider, and its id."""

    private: Any
    algorithm: str
    kid: str = field(default_factory=lambda: secrets.token_hex(4))

    @classmethod
    def rsa(cls) -> Key:
        return cls(rsa.generate_private_key(65_537, 2_048), "RS256")

    @classmethod
    def ec(cls) -> Key:
        return cls(ec.generate_private_key(ec.SECP256R1()), "ES256")

    @property
    def published(self) -> dict[str, Any]:
        kind = RSAAlgorithm if self.algorithm == "RS256" else ECAlgorithm
        return {**kind.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, "use": "sig"}


@dataclass
class OpenIdProvider:
    """Signs in whoever `claims` describes. `distort` may change the claims of a token; `forge` may make another one."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "1", "preferred_username": "Jane"})
    url: str = ""
    key: Key = field(default_factory=Key.ec)
    metadata: dict[str, Any] = field(default_factory=dict)
    distort: Callable[[dict[str, Any]], object] = lambda _claims: None
    forge: Callable[[dict[str, Any], Key], str] | None = None
    before: Callable[[str], object] = lambda _path: None
    down: bool = False
    calls: list[str] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    """All codes and tokens."""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self.calls.append(f"{request.method} {request.path}")
        self.before(request.path)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if self.down:
            return Response("<html>down</html>", 503)
        match request.path:
            case "/realm/.well-known/openid-configuration":
                return _json(
                    {
                        "issuer": self.issuer,
                        "authorization_endpoint": f"{self.url}/authorize",
                        "token_endpoint": f"{self.url}/token",
                        "jwks_uri": f"{self.url}/keys",
                    }
                    | self.metadata
                )
            case "/keys":
                return _json({"keys": [self.key.published]})
            case "/authorize":
                return self._authorize(request.args.to_dict())
            case "/token":
                return self._token(request)
        return Response(status=404)

    @property
    def issuer(self) -> str:
        return f"{self.url}/realm"

    def _authorize(self, asked: dict[str, str]) -> Response:
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(24)
        self._codes[code] = asked
        self.issued.append(code)
        back = urlencode({"code": code, "state": asked["state"]})
        return Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{back}"})

    def _token(self, request: Request) -> Response:
        given = request.form.to_dict()
        wanted = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        by_body = (given.get("client_id"), given.get("client_secret")) == (CLIENT, SECRET)
        if request.headers.get("Authorization") != f"Basic {wanted}" and not by_body:
            return _json({"error": "invalid_client"}, 401)
        asked = self._codes.pop(given["code"], None)
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not asked or (challenge, given["redirect_uri"]) != (asked["code_challenge"], asked["redirect_uri"]):
            return _json({"error": "invalid_grant"}, 400)
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **self.claims}
        self.distort(said)
        token = self.forge(said, self.key) if self.forge else signed(said, self.key)
        self.issued.append(token)
        return _json({"access_token": "at-canary-92be11", "token_type": "Bearer", "id_token": token})


def signed(claims: dict[str, Any], key: Key, **header: Any) -> str:
    """A token of these claims, without those that are None."""
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(said, key.private, algorithm=key.algorithm, headers={"kid": key.kid} | header)


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """A provider on a free port."""
    provider = OpenIdProvider()
    with served(provider) as provider.url:
        yield provider


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
