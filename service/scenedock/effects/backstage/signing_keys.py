"""Our signing key: an EC P-256 key from a setting or a file, the same in all replicas that share the file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenedock.effects.local.key_files import shared_key
from scenedock.errors import InputError
from scenedock.model.json import JsonObject

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ALGORITHM: Final = "ES256"


class SigningKey:
    """A private key, which `read` reads on first use."""

    def __init__(self, read: Callable[[], EllipticCurvePrivateKey]) -> None:
        self._read = read

    @cached_property
    def private(self) -> EllipticCurvePrivateKey:
        """The key itself.

        Raises
        ------
        InputError   it can't be read
        """
        return self._read()

    @cached_property
    def public_jwk(self) -> JsonObject:
        """The public key as JWKS has it."""
        numbers = self.private.public_key().public_numbers()
        x, y = (_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
        return {**members, "kid": _base64url(thumbprint), "alg": ALGORITHM, "use": "sig"}

    @property
    def kid(self) -> str:
        """The id of the key: the thumbprint of the public key (RFC 7638)."""
        return str(self.public_jwk["kid"])

    @property
    def fingerprint(self) -> str:
        """A digest by which only those who have the key can tell which one it is."""
        return self.secret("scenedock: which key").hex()[:16]

    def secret(self, purpose: str) -> bytes:
        """A secret for another purpose, derived from the key."""
        number = self.private.private_numbers().private_value.to_bytes(32, "big")
        return hmac.digest(number, purpose.encode(), "sha256")


def read_signing_key(pem: bytes, label: str) -> SigningKey:
    """A key from its PEM form; `label` is its name in errors.

    Raises
    ------
    InputError   it is not an EC P-256 private key in PEM form, or it is encrypted
    """
    private = _parsed(pem, label)
    return SigningKey(lambda: private)


def shared_signing_key(path: Path) -> SigningKey:
    """The key in a file that replicas share; the first to use it creates it.

    Its properties raise InputError if the file contains no such key, or can't be written.
    """
    return SigningKey(lambda: _parsed(shared_key(path, _new_key, "our signing key"), str(path)))


def _parsed(pem: bytes, label: str) -> EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{label}: this is not a private key in PEM form without a password") from error
    if not isinstance(private, EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise InputError(
            f"{label}: this is not an EC P-256 key; create one: openssl ecparam -name prime256v1 -genkey -noout"
        )
    return private


def _new_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
