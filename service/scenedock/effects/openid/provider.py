"""An OpenID provider: where people sign in, and what its tokens say of them (OpenID Connect Core 1.0, with PKCE).

Requests are limited in time, size and number, and follow no redirect: one has the client's secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from scenedock.effects.backstage.public_keys import PublicKeys
from scenedock.effects.network.connections import Connections, why
from scenedock.errors import AuthenticationError, TemporaryError
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass, field

_ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "EdDSA",
)
"""Signatures with a public key only: `none` needs no key, and the key of HS256 is no secret from whoever holds it."""
_MOST_BYTES: Final = 1024 * 1024
_LONGEST_TOKEN: Final = 65_536
_TIMEOUT: Final = urllib3.Timeout(connect=3.0, read=8.0)
_SECONDS_OF_METADATA: Final = 3_600.0
_LEEWAY: Final = 30
_TRY_AGAIN: Final = "the OpenID provider's answer is not accepted; sign in again"


class RefusedError(Exception):
    """The reason why an answer of the provider isn't accepted, for the log only."""


@dataclass(frozen=True, slots=True)
class Client:
    """What this service is to the provider, and the address to which people come back."""

    id: str
    secret: str = field(repr=False)
    redirect_url: str


@dataclass(frozen=True, slots=True)
class _Metadata:
    """The part of the provider's metadata that is used."""

    authorization: str
    token: str
    keys: str
    by_header: bool
    """Whether the client's secret is sent in a header, else in the body."""


class OpenIdProvider:
    """The provider with an issuer; it is asked when somebody signs in, and never by more than `most` people at once."""

    def __init__(self, issuer: str, client: Client, most: int) -> None:
        self._issuer = issuer
        self._client = client
        self._pool = Connections(maxsize=4, retries=False)
        self._room = threading.BoundedSemaphore(most)
        self._keys = PublicKeys(self._get, _keys_by_id, "the OpenID provider", patience=10.0, most_waiting=most)
        self._known: tuple[_Metadata, float] | None = None

    def address(self, scopes: str, state: str, nonce: str, verifier: str) -> str:
        """The address at which a person signs in; they come back with `state`.

        Raises
        ------
        TemporaryError   the provider can't be asked
        """
        with self._a_place():
            authorization = self._metadata().authorization
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": self._client.redirect_url,
            "scope": scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{authorization}{'&' if urlsplit(authorization).query else '?'}{urlencode(query)}"

    def claims(self, code: str, nonce: str, verifier: str) -> JsonObject:
        """What the provider says of the person who came back with a code.

        Raises
        ------
        AuthenticationError   the code or the token for it isn't accepted; the cause has the reason
        TemporaryError        the provider can't be asked, or doesn't accept this service
        """
        with self._a_place():
            metadata = self._metadata()
            try:
                return self._verified(self._token(metadata, code, verifier), metadata, nonce)
            except RefusedError as refused:
                raise AuthenticationError(_TRY_AGAIN) from refused

    def issues(self, issuer: str | None) -> bool:
        """Whether a response may be this provider's, which may name itself in it (RFC 9207)."""
        return issuer in {None, self._issuer}

    @contextmanager
    def _a_place(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise TemporaryError("too many people wait for the OpenID provider; try again", retry_after=5)
        try:
            yield
        finally:
            self._room.release()

    def _metadata(self) -> _Metadata:
        """The provider's metadata, asked for once an hour."""
        known = self._known
        if known and time.monotonic() < known[1]:
            return known[0]
        said = self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != self._issuer:
            raise TemporaryError(
                "the OpenID provider names another issuer than SCENEDOCK_OIDC_ISSUER; an administrator must set it to "
                "exactly what the provider publishes",
                retry_after=60,
            )
        methods = as_list(said.get("token_endpoint_auth_methods_supported")) or ["client_secret_basic"]
        metadata = _Metadata(
            authorization=self._endpoint(said, "authorization_endpoint"),
            token=self._endpoint(said, "token_endpoint"),
            keys=self._endpoint(said, "jwks_uri"),
            by_header="client_secret_basic" in methods,
        )
        self._known = metadata, time.monotonic() + _SECONDS_OF_METADATA
        return metadata

    def _endpoint(self, said: JsonObject, name: str) -> str:
        """An address in the metadata: what is sent there must be as safe on its way as to the issuer itself."""
        url = as_text(said.get(name))
        split = urlsplit(url)
        if split.scheme not in {"https", urlsplit(self._issuer).scheme} or not split.hostname or split.fragment:
            raise TemporaryError(f"the OpenID provider publishes no safe `{name}`", retry_after=60)
        return url

    def _token(self, metadata: _Metadata, code: str, verifier: str) -> str:
        """The id token for a code."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_url,
            "code_verifier": verifier,
        }
        headers = {}
        if metadata.by_header:
            credentials = f"{quote(self._client.id, safe='')}:{quote(self._client.secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        else:
            fields |= {"client_id": self._client.id, "client_secret": self._client.secret}
        status, answer = self._ask("POST", metadata.token, urlencode(fields), headers)
        if status == 400 and answer.get("error") == "invalid_grant":
            raise RefusedError("the provider refuses the code")
        if status >= 500:
            raise _answers(status)
        if status != 200:
            raise TemporaryError(
                f"the OpenID provider refuses this service ({status}); an administrator must check the client's id and "
                "secret, and that its redirect address is allowed there",
                retry_after=60,
            )
        return as_text(answer.get("id_token"))

    def _verified(self, token: str, metadata: _Metadata, nonce: str) -> JsonObject:
        """The claims of an id token, after the whole token was verified."""
        import jwt

        if not 0 < len(token) <= _LONGEST_TOKEN:
            raise RefusedError("there is no id token, or it is too long")
        try:
            header = jwt.get_unverified_header(token)
            kid, algorithm = header.get("kid"), header.get("alg")
            if algorithm not in _ALGORITHMS or not isinstance(kid, str):
                raise RefusedError("not signed with a public key that it names")
            key = self._keys.key(metadata.keys, kid)
            if key is None:
                raise RefusedError("the provider doesn't have its key")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._client.id,
                issuer=self._issuer,
                leeway=_LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.exceptions.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise RefusedError(f"{type(error).__name__}: {error}") from None
        others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (others or "azp" in claims) and claims.get("azp") != self._client.id:
            raise RefusedError("issued to another client")
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise RefusedError("issued for another sign-in: its nonce is not ours")
        return claims

    def _get(self, url: str) -> JsonObject:
        status, document = self._ask("GET", url)
        if status != 200:
            raise _answers(status)
        return document

    def _ask(
        self, method: str, url: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, JsonObject]:
        """The status of a response, and its JSON object; 502 for success without one."""
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            answer = self._pool.request(
                method, url, body=body, headers=sent, timeout=_TIMEOUT, redirect=False, preload_content=False
            )
            try:
                data = answer.read(_MOST_BYTES + 1, decode_content=True)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise TemporaryError(
                f"the OpenID provider can't be reached ({why(error)}); try again later", retry_after=10
            ) from None
        try:
            return answer.status, as_object(json.loads(data[:_MOST_BYTES]))
        except (ValueError, RecursionError):
            return (answer.status if answer.status != 200 else 502), {}


def _answers(status: int) -> TemporaryError:
    return TemporaryError(f"the OpenID provider answers {status}; try again later", retry_after=10)


def _keys_by_id(published: JsonObject) -> Mapping[str, Any]:
    """The public keys for signatures in a JWKS, by id; all others are ignored."""
    import jwt

    keys: dict[str, Any] = {}
    for each in map(as_object, as_list(published.get("keys"))):
        if isinstance(each.get("kid"), str) and each.get("use") != "enc" and each.get("kty") in {"RSA", "EC", "OKP"}:
            try:
                keys[str(each["kid"])] = jwt.PyJWK(dict(each)).key
            except jwt.exceptions.PyJWTError:
                continue
    return keys
