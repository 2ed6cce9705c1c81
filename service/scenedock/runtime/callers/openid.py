"""Signing in with an OpenID provider: there and back, and who has come back."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from scenedock.errors import AuthenticationError, NotAllowedError
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.runtime.callers.people import group_references, user_reference
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from scenedock.effects.openid.provider import OpenIdProvider

_SECONDS_TO_SIGN_IN: Final = 600
_LONGEST_STATE: Final = 4_096
_AGAIN: Final = "this sign-in was begun too long ago, or in another browser; sign in again"


@dataclass(frozen=True, slots=True)
class Person:
    """Who has signed in, and where they wanted to go. `groups` is None if Backstage's catalog has them."""

    user: str
    groups: frozenset[str] | None
    wanted: str


@dataclass(frozen=True, slots=True)
class OpenId:
    """The provider, and what of its claims counts. `secret` encrypts what a person takes along.

    All that a sign-in needs is in its `state`, encrypted and bound to a browser: nothing is kept here, two sign-ins in
    two tabs don't meet, and any replica with the same key may receive whoever comes back.
    """

    provider: OpenIdProvider
    scopes: Sequence[str]
    user_claim: str
    groups_claim: str
    domains: Sequence[str]
    secret: Callable[[], bytes]

    def address(self, browser: str, wanted: str) -> str:
        """The provider's address at which a person signs in who wants to see a page in a browser with an id.

        Raises
        ------
        TemporaryError   the provider can't be asked
        """
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        taken = {"nonce": nonce, "verifier": verifier, "browser": _hash(browser), "wanted": wanted}
        state = self._fernet().encrypt(json.dumps(taken).encode()).decode()
        return self.provider.address(" ".join(self.scopes), state, nonce, verifier)

    def person(self, browser: str, state: str, code: str, issuer: str | None) -> Person:
        """Who has come back to a browser, with a `state` of ours and a code of the provider.

        Raises
        ------
        AuthenticationError   they didn't begin here, or the provider doesn't prove who it is
        NotAllowedError       they may not use the service
        TemporaryError        the provider can't be asked
        """
        from scenedock.effects.openid.provider import RefusedError

        taken = self._taken(browser, state)
        if not self.provider.issues(issuer):
            raise AuthenticationError(_AGAIN) from RefusedError("the response is another provider's")
        claims = self.provider.claims(code, as_text(taken["nonce"]), as_text(taken["verifier"]))
        return Person(self._user(claims), self._groups(claims), as_text(taken["wanted"]))

    def wanted(self, browser: str, state: str) -> str:
        """The page that a person wanted who has come back with nothing but a `state`.

        Raises
        ------
        AuthenticationError   they didn't begin here
        """
        return as_text(self._taken(browser, state)["wanted"])

    def _taken(self, browser: str, state: str) -> JsonObject:
        from cryptography.fernet import InvalidToken

        from scenedock.effects.openid.provider import RefusedError

        try:
            opened = self._fernet().decrypt(state[:_LONGEST_STATE].encode(), ttl=_SECONDS_TO_SIGN_IN)
        except (InvalidToken, ValueError):
            raise AuthenticationError(_AGAIN) from RefusedError("its state is not ours, or old")
        taken = as_object(json.loads(opened))
        if not browser or not hmac.compare_digest(as_text(taken["browser"]), _hash(browser)):
            raise AuthenticationError(_AGAIN) from RefusedError("its state is another browser's")
        return taken

    def _user(self, claims: JsonObject) -> str:
        name = as_text(claims.get(self.user_claim))
        if not name:
            raise NotAllowedError(
                f"the provider doesn't say `{self.user_claim}`; an administrator must set SCENEDOCK_OIDC_USER_CLAIM"
            )
        verified = as_text(claims.get("email")) if claims.get("email_verified") is True else ""
        if self.user_claim == "email" and not verified:
            raise NotAllowedError("the provider has not verified the e-mail address")
        return user_reference(name, self.domains, verified)

    def _groups(self, claims: JsonObject) -> frozenset[str] | None:
        if not self.groups_claim:
            return None
        if self.groups_claim in as_object(claims.get("_claim_names")):  # of rules that deny, none must be missing
            raise NotAllowedError("there are too many groups for the provider's token; it must be told to send fewer")
        listed = claims.get(self.groups_claim)
        return group_references([listed] if isinstance(listed, str) else as_list(listed))

    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(urlsafe_b64encode(self.secret()))


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
