"""A cluster with Sealed Secrets: its key, its certificate, and how its controller opens a SealedSecret.

Written from the documentation of Sealed Secrets ("Crypto", "Scopes"); it shares no code with what is tested.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    """Its key; making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Cluster:
    """A cluster by its name."""

    name: str = "production"

    def certificate(self, days: int = 3_650, since: int = 1, issuer: str | None = None) -> bytes:
        """Its certificate in PEM, which ends in some days; self-signed, unless another cluster issues it."""
        now = datetime.now(UTC)
        by = issuer or self.name
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, by)]))
            .public_key(_key(self.name).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=since))
            .not_valid_after(now + timedelta(days=days))
            .sign(_key(by), hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    def private_key(self) -> bytes:
        """Its private key in PEM, which nobody should have."""
        return _key(self.name).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def opens(self, manifest: Mapping[str, Any], namespace: str = "") -> dict[str, bytes]:
        """The values of a SealedSecret, as its controller opens it in a namespace.

        Raises
        ------
        ValueError   it can't be opened
        """
        metadata = manifest["metadata"]
        annotations = metadata.get("annotations") or {}
        namespace = metadata.get("namespace", namespace)
        label = f"{namespace}/{metadata['name']}"
        if annotations.get("sealedsecrets.bitnami.com/namespace-wide") == "true":
            label = namespace
        if annotations.get("sealedsecrets.bitnami.com/cluster-wide") == "true":
            label = ""
        return {key: self._open(value, label) for key, value in manifest["spec"]["encryptedData"].items()}

    def _open(self, text: str, label: str) -> bytes:
        data = base64.b64decode(text, validate=True)
        (length,) = struct.unpack_from(">H", data)
        wrapped, body, tag = data[2 : 2 + length], data[2 + length : -16], data[-16:]
        oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label.encode())
        session = _key(self.name).decrypt(wrapped, oaep)
        opener = Cipher(algorithms.AES256(session), modes.GCM(b"\0" * 12, tag)).decryptor()
        return opener.update(body) + opener.finalize()


def documents(text: str) -> dict[str, dict[str, Any]]:
    """The SealedSecrets in a text, by name."""
    found = [each for each in yaml.safe_load_all(text) if each and each.get("kind") == "SealedSecret"]
    return {each["metadata"]["name"]: each for each in found}
