"""Our signing key: an EC P-256 key in a file (or given), the same in all replicas that share the file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from scenedock.effects.disk import read_file
from scenedock.errors import InputError
from scenedock.model.json import JsonObject

ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its id, which is the thumbprint of the public one (RFC 7638)."""

    private: ec.EllipticCurvePrivateKey
    kid: str
    public_jwk: JsonObject
    """The public key as JWKS has it."""

    def secret(self, purpose: str) -> bytes:
        """A secret for another purpose, the same wherever the key is."""
        number = self.private.private_numbers().private_value.to_bytes(32, "big")
        return hmac.digest(number, purpose.encode(), "sha256")


def read_signing_key(pem: bytes, label: str) -> SigningKey:
    """A key from its PEM form; `label` is how errors call it.

    Raises
    ------
    InputError   it is no EC P-256 private key in PEM form, or it is encrypted
    """
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{label}: this is no private key in PEM form without a password") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise InputError(f"{label}: this is no EC P-256 key; make one: openssl ecparam -name prime256v1 -genkey -noout")
    numbers = private.public_key().public_numbers()
    x, y = (_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = _base64url(thumbprint)
    return SigningKey(private, kid, {**members, "kid": kid, "alg": ALGORITHM, "use": "sig"})


def shared_signing_key(path: Path) -> SigningKey:
    """The key in a file that replicas share; the first to come makes it.

    Raises
    ------
    InputError   the file holds no such key, or can't be written
    """
    if not path.exists():
        _make(path)
    return read_signing_key(read_file(path), str(path))


def _make(path: Path) -> None:
    """Write a new key whole under a name of our own, then link it in place: of several replicas one wins."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    except OSError as error:
        raise InputError(f"{path}: our signing key can't be written here: {error.strerror or error}") from error


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
