"""Which code hosts have sent a webhook: those whose secret has signed it, or whose secret it has."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import urlsplit

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.errors import AuthenticationError
from scenedock.model.code_hosts.code_host import SIGNED_WITH
from scenedock.structs import dataclass

TOLERANCE_SECONDS = 300.0
"""How old or new a signed delivery may be."""
_SIGNATURE = re.compile(r"^sha256=[0-9a-f]{64}$")
_TIMESTAMP = re.compile(r"^[0-9]{1,12}$")


@dataclass(frozen=True, slots=True)
class GitLabHeaders:
    """The headers with which GitLab proves who it is: the secret token, or the signature with its id and time."""

    token: str = ""
    id: str = ""
    timestamp: str = ""
    signature: str = ""
    instance: str = ""


def github_senders(hosts: CodeHosts, body: bytes, signature: str) -> frozenset[str]:
    """The hosts of type `github` whose webhook secret has signed a body; each secret is compared in constant time.

    Source: GitHub, "Validating webhook deliveries": the signature is the body's HMAC.

    Raises
    ------
    AuthenticationError   it is not a signature, or no host's secret has signed it
    """
    if not _SIGNATURE.fullmatch(signature):
        raise AuthenticationError(
            "the header `X-Hub-Signature-256` must be `sha256=` and the body's HMAC in hexadecimal"
        )
    signed = frozenset(
        host
        for host, secret in hosts.webhook_secrets("github").items()
        if hmac.compare_digest(f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}", signature)
    )
    if not signed:
        raise AuthenticationError("the webhook is not signed with the secret of any code host in the list")
    return signed


def gitlab_senders(hosts: CodeHosts, body: bytes, headers: GitLabHeaders, now: float) -> frozenset[str]:
    """The hosts of type `gitlab` that have sent a body: by the secret token, or by the signature if a signing token is
    their secret, which then is the only proof. Each secret is compared in constant time.

    Source: GitLab, "Webhooks": `X-Gitlab-Token`; `webhook-signature` since 19.0.

    Raises
    ------
    AuthenticationError   there is no proof, it is not of a host in the list or of another instance, or it is too old
    """
    secrets = hosts.webhook_secrets("gitlab")
    sent = frozenset(host for host, secret in secrets.items() if _proves(secret, body, headers))
    if not sent:
        raise AuthenticationError("the webhook has neither the token nor the signature of any code host in the list")
    is_signed = any(secrets[host].startswith(SIGNED_WITH) for host in sent)
    if is_signed and abs(now - float(headers.timestamp)) > TOLERANCE_SECONDS:
        raise AuthenticationError("the webhook was signed more than five minutes ago, or the clocks differ")
    if headers.instance and _host_of(headers.instance) not in sent:
        raise AuthenticationError("the webhook has the secret of another instance than `X-Gitlab-Instance` names")
    return sent


def _proves(secret: str, body: bytes, headers: GitLabHeaders) -> bool:
    if not secret.startswith(SIGNED_WITH):
        return hmac.compare_digest(secret.encode(), headers.token.encode())
    if not _TIMESTAMP.fullmatch(headers.timestamp):
        return False
    key = base64.b64decode(secret.removeprefix(SIGNED_WITH))
    signed = b".".join([headers.id.encode(), headers.timestamp.encode(), body])
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    # A list, for tokens that are being replaced.
    return any(hmac.compare_digest(f"v1,{expected}".encode(), each.encode()) for each in headers.signature.split())


def _host_of(instance: str) -> str:
    try:
        return urlsplit(instance).netloc.lower()
    except ValueError:
        return ""
