from __future__ import annotations

import pytest

from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import DocumentError, read_document

SOPS = b"""\
db:
  password: ENC[AES256_GCM,data:3Fxz,iv:q4A=,tag:Qm8=,type:str]
sops:
  mac: ENC[AES256_GCM,data:aa==,iv:bb==,tag:cc==,type:str]
  version: 3.9.0
"""
UNREADABLE = {
    "git-crypt": b"\0GITCRYPT\0\x8f\x12binary",
    "ansible-vault": b"$ANSIBLE_VAULT;1.1;AES256\n6238\n",
    "age": b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n",
    "pgp": b"-----BEGIN PGP MESSAGE-----\n\nhQ\n",
}


@pytest.mark.parametrize("encryption", UNREADABLE)
def test_an_encrypted_file_is_recognised_and_reading_it_says_what_to_do(encryption: str) -> None:
    data = UNREADABLE[encryption]

    assert encryption_of(data) == encryption
    with pytest.raises(DocumentError, match=f"encrypted with {encryption}; decrypt it first"):
        read_document(data)


@pytest.mark.parametrize("data", [SOPS, b'{"a": "ENC[AES256_GCM,data:3F]", "sops": {"version": "3.9.0"}}'])
def test_a_sops_file_is_recognised_and_can_be_read(data: bytes) -> None:
    assert encryption_of(data) == "sops"
    assert isinstance(read_document(data).value, dict)


@pytest.mark.parametrize(
    "data", [b"", b"a: 1\n", b"sops: true\n", b"note: ENC[AES256_GCM,data:3F]\n", b"# sops: ENC[AES256_GCM,\n"]
)
def test_a_file_that_only_mentions_encryption_is_plain(data: bytes) -> None:
    assert encryption_of(data) is None
