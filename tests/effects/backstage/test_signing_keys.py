"""Our key is one for all replicas that share its file, and what isn't such a key is refused."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from scenedock.effects.backstage.signing_keys import read_signing_key, shared_signing_key
from scenedock.errors import InputError


def pem(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, encryption: KeySerializationEncryption | None = None
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def test_replicas_that_start_together_have_one_key(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key.pem"

    with ThreadPoolExecutor(8) as replicas:
        keys = list(replicas.map(lambda _: shared_signing_key(path).kid, range(16)))

    assert len(set(keys)) == 1
    assert {each.name for each in path.parent.iterdir()} == {"key.pem", ".gitignore"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_published_is_the_public_half_only(tmp_path: Path) -> None:
    key = shared_signing_key(tmp_path / "key.pem")

    assert set(key.public_jwk) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (key.public_jwk["alg"], key.public_jwk["kid"]) == ("ES256", key.kid)
    assert "private" not in repr(key.public_jwk)


def test_a_secret_is_for_one_purpose(tmp_path: Path) -> None:
    key = shared_signing_key(tmp_path / "key.pem")

    assert key.secret("folders") == shared_signing_key(tmp_path / "key.pem").secret("folders") != key.secret("other")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----",
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 2048)),
        pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"password")),
    ],
)
def test_what_is_no_such_key_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^key\.pem: this is not a"):
        read_signing_key(data, "key.pem")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(InputError, match="can't be written here"):
        _ = shared_signing_key(tmp_path / "data" / "key.pem").private
