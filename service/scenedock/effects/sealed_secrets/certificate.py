"""The public certificate of a Sealed Secrets controller, and what it encrypts.

Source: Sealed Secrets, "Crypto": AES-256-GCM with a key of its own for each value, which RSA-OAEP (SHA-256) encrypts.
"""

from __future__ import annotations

import os
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from scenedock.errors import InputError
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

WARNING_DAYS: Final = 30
_SESSION_KEY_BYTES: Final = 32
_ZERO_NONCE: Final = bytes(12)
"""It may be zero, because each key encrypts one value only."""
_LEAST_BITS: Final = 2048
_FETCH: Final = "`kubeseal --fetch-cert` writes the present one"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate; `source` is its file or address, `ends` when it expires."""

    source: str
    begins: datetime
    ends: datetime
    key: RSAPublicKey = field(repr=False)

    @classmethod
    def read(cls, data: bytes, source: str) -> Certificate:
        """The certificate in PEM: a single one, or the first of a chain, as the controller serves it.

        Raises
        ------
        InputError   there is none, there are several, or it has no RSA key that is long enough
        """
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.x509 import load_pem_x509_certificates

        if b"PRIVATE KEY" in data:
            raise InputError(f"{source}: it has a private key; only the public certificate belongs here: {_FETCH}")
        try:
            first, *others = load_pem_x509_certificates(data)
            key = first.public_key()
        except Exception as error:
            raise InputError(f"{source}: it has no certificate in PEM that can be read; {_FETCH}") from error
        if not _is_chain(first, others):
            raise InputError(
                f"{source}: it has {len(others) + 1} certificates, and nothing says which is the present one; {_FETCH}"
            )
        if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
            raise InputError(f"{source}: its key must be of RSA, with {_LEAST_BITS} bits or more; {_FETCH}")
        return cls(source, first.not_valid_before_utc, first.not_valid_after_utc, key)

    def check(self, now: datetime) -> None:
        """Refuse a certificate that isn't valid now.

        Raises
        ------
        InputError   it has expired, or isn't valid yet
        """
        if now >= self.ends:
            raise InputError(f"{self.source}: the certificate expired on {self.ends:%Y-%m-%d}; {_FETCH}")
        if now < self.begins:
            raise InputError(
                f"{self.source}: the certificate is valid from {self.begins:%Y-%m-%d}; check the clock, or use another"
            )

    def warning(self, now: datetime) -> str:
        """That it expires soon; empty if it doesn't."""
        days = (self.ends - now.astimezone(UTC)).days
        if days >= WARNING_DAYS:
            return ""
        when = "today" if days < 1 else "in one day" if days == 1 else f"in {days} days"
        return f"{self.source}: the certificate expires {when}, on {self.ends:%Y-%m-%d}; {_FETCH}"

    def encrypt(self, value: bytes, label: str) -> str:
        """A value, encrypted for what the label says, in base64."""
        from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256

        session_key = os.urandom(_SESSION_KEY_BYTES)
        wrapped = self.key.encrypt(session_key, OAEP(MGF1(SHA256()), SHA256(), label.encode()))
        sealed = AESGCM(session_key).encrypt(_ZERO_NONCE, value, None)
        return b64encode(len(wrapped).to_bytes(2, "big") + wrapped + sealed).decode()


def _is_chain(first: x509.Certificate, others: list[x509.Certificate]) -> bool:
    """Whether each certificate was issued by the next one."""
    issued = first
    for issuer in others:
        try:
            issued.verify_directly_issued_by(issuer)
        except Exception:  # noqa: BLE001 - ValueError, TypeError or InvalidSignature: in any case, it wasn't
            return False
        issued = issuer
    return True
