"""Where the sign-in of the pages is built; nobody is asked before somebody signs in."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from scenedock.effects.backstage.signing_keys import SigningKey
from scenedock.effects.local.session_files import SessionFiles, SessionStore
from scenedock.effects.tasks.storage.database import database_address
from scenedock.errors import InputError
from scenedock.runtime.callers.openid import OpenId
from scenedock.runtime.callers.sessions import Sessions
from scenedock.runtime.callers.sign_in import SignIn
from scenedock.runtime.callers.static_tokens import StaticTokens
from scenedock.runtime.callers.trusted_proxy import TrustedProxy
from scenedock.runtime.settings import Settings, variable

CALLBACK: Final = "/sign-in/callback"
"""The path to which people come back from the OpenID provider."""


def open_sign_in(settings: Settings, tokens: StaticTokens, key: SigningKey) -> SignIn:
    """How people sign in.

    Raises
    ------
    InputError   settings are missing, or contradict each other
    """
    if (settings.oidc_issuer or settings.trusted_proxy) and urlsplit(settings.public_url).path:
        raise InputError(
            f"{variable('public_url')} must be an address without a path, because people sign in: the pages, their "
            "links and cookies are at the root of a host"
        )
    return SignIn(
        sessions=Sessions(
            store=_session_store(settings),
            tokens=tokens,
            issuer=settings.oidc_issuer,
            seconds=60 * settings.session_minutes,
            idle=60 * settings.session_idle_minutes,
        ),
        openid=_openid(settings, key) if settings.oidc_issuer else None,
        proxy=TrustedProxy.at(
            settings.trusted_proxy, settings.proxy_user_header, settings.proxy_groups_header, settings.email_domains
        )
        if settings.trusted_proxy
        else None,
    )


def _session_store(settings: Settings) -> SessionStore:
    """Where sessions are kept: the PostgreSQL of tasks if there is one, else the data folder."""
    address = database_address(settings.database_url, settings.data)
    if address.file:
        return SessionFiles(settings.data / "sessions")
    from scenedock.effects.tasks.storage.session_table import SessionTable

    return SessionTable(address)


def _openid(settings: Settings, key: SigningKey) -> OpenId:
    from scenedock.effects.openid.provider import Client, OpenIdProvider

    for name in ("oidc_client_id", "oidc_client_secret", "oidc_user_claim"):
        if not getattr(settings, name):
            raise InputError(f"{variable(name)} must be set, because {variable('oidc_issuer')} is")
    if "openid" not in settings.oidc_scopes:
        raise InputError(f"{variable('oidc_scopes')} must have `openid`, without which there is no id token")
    if not settings.public_url and not settings.listen.is_loopback:
        raise InputError(
            f"{variable('public_url')} must be set: people come back from the OpenID provider to "
            f"{variable('public_url')}{CALLBACK}, which must be allowed there"
        )
    client = Client(settings.oidc_client_id, settings.oidc_client_secret, f"{settings.url}{CALLBACK}")
    return OpenId(
        provider=OpenIdProvider(settings.oidc_issuer, client, most=max(1, settings.threads // 8)),
        scopes=settings.oidc_scopes,
        user_claim=settings.oidc_user_claim,
        groups_claim=settings.oidc_groups_claim,
        domains=settings.email_domains,
        secret=lambda: key.secret("sign-in"),
    )
