"""Secrets of code hosts: read from their files or environment variables when the service starts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from scenedock.effects.local.disk import read_file
from scenedock.errors import InputError, ScenedockError
from scenedock.model.code_hosts.code_host import SIGNED_WITH, CodeHost, SecretSource
from scenedock.structs import dataclass, field

_LONGEST = 20_000
_SHORTEST_KEY = 24


@dataclass(frozen=True, slots=True)
class HostSecrets:
    """The secrets of one host; those that it doesn't have are empty."""

    token: str = field(default="", repr=False)
    app_key: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)


def read_host_secrets(host: CodeHost, listed_in: Path, environment: Mapping[str, str]) -> HostSecrets:
    """The secrets of a host, whose files are relative to the list that names it.

    Raises
    ------
    InputError   one is missing, empty or invalid; the message names the line of the list, never the secret
    """

    def read(source: SecretSource | None) -> str:
        return _read(source, listed_in, environment) if source else ""

    secrets = HostSecrets(read(host.token), read(host.app_key), read(host.webhook_secret))
    if any(sign.isspace() or not sign.isprintable() for sign in secrets.token):
        raise InputError(
            f"{_place(host.token, listed_in)}: a token can't contain white space; check that this is the right file"
        )
    if host.app_key and not _is_private_key(secrets.app_key):
        place = _place(host.app_key, listed_in)
        raise InputError(
            f"{place}: this is not an RSA private key in PEM form; generate one in the App's settings on GitHub"
        )
    if host.type == "gitlab" and secrets.webhook_secret.startswith(SIGNED_WITH):
        _check_signing_token(secrets.webhook_secret, _place(host.webhook_secret, listed_in))
    return secrets


def _check_signing_token(token: str, place: str) -> None:
    try:
        key = base64.b64decode(token.removeprefix(SIGNED_WITH), validate=True)
    except ValueError:  # also for what is not ASCII
        key = b""
    if len(key) < _SHORTEST_KEY:
        raise InputError(
            f"{place}: after `{SIGNED_WITH}`, a signing token has base64 of at least {_SHORTEST_KEY} bytes; copy all "
            "of it from the webhook's page on GitLab"
        )


def _read(source: SecretSource, listed_in: Path, environment: Mapping[str, str]) -> str:
    place = _place(source, listed_in)
    if source.variable:
        value = environment.get(source.variable, "").strip()
        if not value:
            raise InputError(f"{place}: the environment variable {source.variable} is not set")
        return value
    try:
        data = read_file(listed_in.parent / Path(source.file).expanduser())
    except RuntimeError:
        raise InputError(f"{place}: there is no such home folder; write the path without `~`") from None
    except ScenedockError as error:
        raise InputError(f"{place}: {error}") from None
    try:
        value = data[:_LONGEST].decode("utf-8").strip()
    except UnicodeDecodeError:
        raise InputError(f"{place}: {source.file} is not text") from None
    if not value:
        raise InputError(f"{place}: {source.file} is empty")
    return value


def _is_private_key(text: str) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return isinstance(load_pem_private_key(text.encode(), password=None), RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _place(source: SecretSource | None, listed_in: Path) -> str:
    return f"{listed_in}:{source.line if source else 1}"
