"""Who calls is known by the token alone, and a token that isn't right in every way is no token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from scenedock.effects.backstage.public_keys import PublicKeys
from scenedock.errors import AuthenticationError, TemporaryError
from scenedock.model.action import Caller
from scenedock.runtime.callers.authenticator import LONGEST_TOKEN, Authenticator
from scenedock.runtime.callers.static_tokens import StaticTokens, read_static_tokens
from tests.tools.tokens import USER_KEYS, Backstage, new_key

SECRET = "ci-0123456789abcdef"  # noqa: S105 - a test's own
TOKENS = f"tokens: [{{name: ci, token: {SECRET}, scope: run}}]".encode()
SCAFFOLDER_KEYS = "scaffolder/.backstage/auth/v1/jwks.json"


@pytest.fixture
def backstage() -> Backstage:
    return Backstage()


@pytest.fixture
def authenticator(backstage: Backstage) -> Authenticator:
    static = read_static_tokens(TOKENS, "tokens.yaml")
    return Authenticator(static, PublicKeys(backstage.fetch), ("scaffolder", "mcp-actions", "../auth"))


def ask(authenticator: Authenticator, token: str) -> Caller:
    return authenticator.caller(f"Bearer {token}", lambda _why: None)


def why_refused(authenticator: Authenticator, token: str) -> str:
    """What the log is told; the caller is always told the same."""
    said: list[str] = []
    with pytest.raises(AuthenticationError) as refused:
        authenticator.caller(f"Bearer {token}", said.append)
    assert str(refused.value) == "the token is not accepted; it may have expired, or isn't meant for this service"
    assert token not in "".join(said)
    return said[0]


def encoded(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_plugin_is_known_by_its_token(authenticator: Authenticator, backstage: Backstage) -> None:
    assert ask(authenticator, backstage.plugin_token()) == Caller("plugin:scaffolder", "backstage", None, "run")
    assert backstage.asked == [SCAFFOLDER_KEYS]


def test_the_user_inside_a_plugins_token_is_known(authenticator: Authenticator, backstage: Backstage) -> None:
    token = backstage.plugin_token(obo=backstage.user_token(sub="User:default/Jane"))

    assert ask(authenticator, token).user == "user:default/jane"
    assert backstage.asked == [SCAFFOLDER_KEYS, USER_KEYS]


def test_we_may_be_one_of_those_that_a_token_is_for(authenticator: Authenticator, backstage: Backstage) -> None:
    token = backstage.plugin_token(aud=["catalog", "scenedock"])

    assert ask(authenticator, token).subject == "plugin:scaffolder"


def test_a_token_may_be_valid_for_an_hour_and_what_clocks_differ_by(
    authenticator: Authenticator, backstage: Backstage
) -> None:
    now = int(time.time())

    assert ask(authenticator, backstage.plugin_token(iat=now, exp=now + 3630)).subject == "plugin:scaffolder"
    assert "more than an hour" in why_refused(authenticator, backstage.plugin_token(iat=now, exp=now + 3631))


def test_a_token_may_be_as_long_as_the_longest() -> None:
    token = "x" * LONGEST_TOKEN
    static = read_static_tokens(f"tokens: [{{name: ci, token: {token}, scope: run}}]".encode(), "t")

    assert ask(Authenticator(static, None, ()), token).subject == "token:ci"


def test_a_static_token_is_known_by_its_name_and_scope(authenticator: Authenticator, backstage: Backstage) -> None:
    assert ask(authenticator, SECRET) == Caller("token:ci", "token", None, "run")
    assert backstage.asked == []


@pytest.mark.parametrize("token", [SECRET[:-1], f"{SECRET}x", SECRET.upper(), "x" * 40, "a.b", "é" * 40])
def test_a_static_token_that_is_not_listed_is_refused(authenticator: Authenticator, token: str) -> None:
    assert why_refused(authenticator, token) == "no known static token, and no JWT"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", SECRET, f"Basic {SECRET}", f"Token {SECRET}"])
def test_without_a_bearer_token_nobody_is_known(authenticator: Authenticator, header: str) -> None:
    with pytest.raises(AuthenticationError, match="a token is needed"):
        authenticator.caller(header, lambda _why: None)


def test_a_token_without_a_signature_is_refused(authenticator: Authenticator, backstage: Backstage) -> None:
    claims = claims_of(backstage.plugin_token())

    for algorithm, why in (
        ("none", "not of type"),
        ("None", "not of type"),
        ("", "not of type"),
        ("ES256", "Signature"),
    ):
        header = {"alg": algorithm, "typ": "vnd.backstage.plugin", "kid": backstage.plugin_key.kid}
        assert why in why_refused(authenticator, encoded(header, claims))


def test_a_public_key_is_no_shared_secret(authenticator: Authenticator, backstage: Backstage) -> None:
    public = backstage.plugin_key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "vnd.backstage.plugin", "kid": backstage.plugin_key.kid}
    unsigned = encoded(header, claims_of(backstage.plugin_token())).rstrip(".")
    signature = hmac.new(public, unsigned.encode(), hashlib.sha256).digest()
    token = f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    assert "not of type" in why_refused(authenticator, token)


@pytest.mark.parametrize("typ", ["JWT", "vnd.backstage.user", "vnd.backstage.limited-user", "VND.backstage.plugin", ""])
def test_a_token_of_another_type_is_refused(authenticator: Authenticator, backstage: Backstage, typ: str) -> None:
    assert "not of type" in why_refused(authenticator, backstage.plugin_token(typ=typ))


@pytest.mark.parametrize("audience", ["catalog", "proxy", "backstage", "", None, "scenedock2", 7])
def test_a_token_for_somebody_else_is_refused(
    authenticator: Authenticator, backstage: Backstage, audience: object
) -> None:
    assert re.search('udience|"aud"', why_refused(authenticator, backstage.plugin_token(aud=audience)))


@pytest.mark.parametrize(
    ("claim", "seconds_from_now", "why"),
    [
        ("exp", -60, "ExpiredSignatureError"),
        ("iat", 600, "ImmatureSignatureError"),
        ("nbf", 600, "ImmatureSignatureError"),
        ("exp", 86_400, "more than an hour"),
    ],
)
def test_a_token_at_the_wrong_time_is_refused(
    authenticator: Authenticator, backstage: Backstage, claim: str, seconds_from_now: int, why: str
) -> None:
    claims: dict[str, Any] = {claim: int(time.time()) + seconds_from_now}

    assert why in why_refused(authenticator, backstage.plugin_token(**claims))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"iat": None}, "MissingRequiredClaimError"),
        ({"exp": "soon"}, "DecodeError"),
    ],
)
def test_a_token_without_a_time_is_refused(
    authenticator: Authenticator, backstage: Backstage, claims: dict[str, Any], why: str
) -> None:
    assert why in why_refused(authenticator, backstage.plugin_token(**claims))


@pytest.mark.parametrize(
    "plugin",
    [
        "",
        None,
        7,
        ["scaffolder"],
        "evil",
        "Scaffolder",
        "scaffolder ",
        "../auth",
        "a/b",
        "a@evil.example",
        "a?b",
        "a%2fb",
    ],
)
def test_a_sub_that_may_not_call_makes_no_request(
    authenticator: Authenticator, backstage: Backstage, plugin: object
) -> None:
    header = {"alg": "ES256", "typ": "vnd.backstage.plugin", "kid": "x"}
    claims = claims_of(backstage.plugin_token()) | {"sub": plugin}

    why_refused(authenticator, encoded(header, claims, b"x" * 64))

    assert backstage.asked == []


@given(st.text())
def test_no_sub_leads_to_a_request_outside_of_the_plugins_keys(plugin: str) -> None:
    backstage = Backstage()
    authenticator = Authenticator(StaticTokens(), PublicKeys(backstage.fetch), (plugin,))
    header = {"alg": "ES256", "typ": "vnd.backstage.plugin", "kid": "x"}

    why_refused(authenticator, encoded(header, {"sub": plugin, "aud": "scenedock"}, b"x" * 64))

    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert backstage.asked == ([f"{plugin}/.backstage/auth/v1/jwks.json"] if plugin and set(plugin) <= allowed else [])


def test_an_address_in_the_header_is_never_followed(authenticator: Authenticator, backstage: Backstage) -> None:
    forger = new_key()
    token = jwt.encode(
        claims_of(backstage.plugin_token()),
        forger.private,
        algorithm="ES256",
        headers={
            "typ": "vnd.backstage.plugin",
            "kid": backstage.plugin_key.kid,
            "jku": "http://evil.example/jwks.json",
            "x5u": "http://evil.example/x",
            "jwk": forger.public_jwk,
        },
    )

    assert "InvalidSignatureError" in why_refused(authenticator, token)
    assert backstage.asked == [SCAFFOLDER_KEYS]


def test_a_token_signed_by_another_key_is_refused(authenticator: Authenticator, backstage: Backstage) -> None:
    forger = new_key()

    assert "unknown to Backstage" in why_refused(authenticator, backstage.plugin_token(key=forger))
    forged = backstage.plugin_token(key=forger, kid=backstage.plugin_key.kid)
    assert "InvalidSignatureError" in why_refused(authenticator, forged)


def test_a_changed_token_is_refused(authenticator: Authenticator, backstage: Backstage) -> None:
    header, _, signature = backstage.plugin_token().split(".")
    _, payload, _ = encoded({}, claims_of(backstage.plugin_token()) | {"admin": True}).split(".")

    assert "InvalidSignatureError" in why_refused(authenticator, f"{header}.{payload}.{signature}")


@pytest.mark.parametrize(
    "user",
    [
        lambda backstage: backstage.user_token(key=new_key()),
        lambda backstage: backstage.user_token(typ="vnd.backstage.user"),
        lambda backstage: backstage.user_token(exp=int(time.time()) - 60),
        lambda backstage: backstage.user_token(sub="jane"),
        lambda backstage: backstage.user_token(sub="group:default/admins"),
        lambda backstage: backstage.user_token(sub="user:default/jane\nuser:default/root"),
        lambda backstage: backstage.user_token(sub=None),
        lambda backstage: backstage.plugin_token(),
        lambda _backstage: "x",
        lambda _backstage: {"sub": "user:default/jane"},
        lambda _backstage: "",
        lambda _backstage: f"{base64.urlsafe_b64encode(b'[' * 5000).decode()}.e30.e30",
        lambda _backstage: f"e30.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.e30",
    ],
)
def test_a_plugins_token_with_a_wrong_user_is_refused_as_a_whole(
    authenticator: Authenticator, backstage: Backstage, user: Any
) -> None:
    why_refused(authenticator, backstage.plugin_token(obo=user(backstage)))


def test_a_token_that_is_too_long_is_not_looked_at(authenticator: Authenticator, backstage: Backstage) -> None:
    assert "longer" in why_refused(authenticator, backstage.plugin_token(filler="x" * LONGEST_TOKEN))
    assert backstage.asked == []


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(), st.text())
def test_whatever_looks_like_a_token_is_refused_and_no_crash(one: str, two: str, three: str) -> None:
    authenticator = Authenticator(StaticTokens(), PublicKeys(Backstage().fetch), ("scaffolder",))

    with pytest.raises(AuthenticationError):
        ask(authenticator, f"{one}.{two}.{three}")


def test_a_restarted_backstage_is_known_at_once(authenticator: Authenticator, backstage: Backstage) -> None:
    ask(authenticator, backstage.plugin_token())
    old = backstage.plugin_token()
    backstage.restart()

    assert ask(authenticator, backstage.plugin_token()).subject == "plugin:scaffolder"
    assert "unknown to Backstage" in why_refused(authenticator, old)


def test_forged_key_ids_are_no_flood_of_requests_to_backstage(
    authenticator: Authenticator, backstage: Backstage
) -> None:
    for number in range(100):
        why_refused(authenticator, backstage.plugin_token(kid=f"forged-{number}"))

    assert len(backstage.asked) <= 6


def test_a_known_key_still_counts_while_backstage_is_away(authenticator: Authenticator, backstage: Backstage) -> None:
    ask(authenticator, backstage.plugin_token())
    backstage.down = True

    assert ask(authenticator, backstage.plugin_token()).subject == "plugin:scaffolder"
    with pytest.raises(TemporaryError):
        ask(authenticator, backstage.plugin_token(key=new_key()))


def test_a_key_that_backstage_has_withdrawn_is_forgotten_in_time(backstage: Backstage) -> None:
    now = 0.0
    keys = PublicKeys(backstage.fetch, clock=lambda: now)
    authenticator = Authenticator(StaticTokens(), keys, ("scaffolder",))
    old = backstage.plugin_token()
    ask(authenticator, old)
    backstage.restart()

    now = keys.keep + 1

    assert "unknown to Backstage" in why_refused(authenticator, old)


def test_a_user_that_was_verified_counts_only_with_its_key_and_until_it_expires(backstage: Backstage) -> None:
    now = time.time()
    later = 0.0
    keys = PublicKeys(backstage.fetch, clock=lambda: later)
    authenticator = Authenticator(StaticTokens(), keys, ("scaffolder",), clock=lambda: now)
    user = backstage.user_token()
    for _ in range(2):
        assert ask(authenticator, backstage.plugin_token(obo=user)).user == "user:default/jane"

    backstage.user_key = new_key()
    later = keys.keep + 1
    assert "unknown to Backstage" in why_refused(authenticator, backstage.plugin_token(obo=user))

    other = backstage.user_token(exp=int(now) + 5)
    ask(authenticator, backstage.plugin_token(obo=other))
    header, payload, signature = other.split(".")
    assert ask(authenticator, backstage.plugin_token(obo=other)).user == "user:default/jane"
    tampered = f"{header}.{payload}.{signature[:-4]}AAAA"
    assert "InvalidSignatureError" in why_refused(authenticator, backstage.plugin_token(obo=tampered))


def test_the_signature_of_a_users_token_is_verified_once_while_the_token_is_valid(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    clock = float(now)
    verified: list[str] = []
    decode = jwt.decode

    def noted(token: str, *arguments: Any, **options: Any) -> Any:
        verified.append(token)
        return decode(token, *arguments, **options)

    monkeypatch.setattr("jwt.decode", noted)
    authenticator = Authenticator(StaticTokens(), PublicKeys(backstage.fetch), ("scaffolder",), clock=lambda: clock)
    user = backstage.user_token(exp=now + 600)

    times = []
    for later in (0, 599.9, 600):
        clock = now + later
        ask(authenticator, backstage.plugin_token(obo=user))
        times.append(verified.count(user))

    assert times == [1, 1, 2]


def test_without_a_backstage_no_token_of_one_is_accepted(backstage: Backstage) -> None:
    authenticator = Authenticator(StaticTokens(), None, ("scaffolder",))

    assert "no Backstage" in why_refused(authenticator, backstage.plugin_token())
