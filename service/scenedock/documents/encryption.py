"""Recognise by their bytes alone files that are encrypted, or that git-lfs has not fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Encryption: TypeAlias = Literal["git-crypt", "ansible-vault", "age", "pgp", "sops"]

_HEADERS: Mapping[bytes, Encryption] = {
    b"\0GITCRYPT\0": "git-crypt",
    b"$ANSIBLE_VAULT;": "ansible-vault",
    b"age-encryption.org/": "age",
    b"-----BEGIN AGE ENCRYPTED FILE-----": "age",
    b"-----BEGIN PGP MESSAGE-----": "pgp",
}
CIPHERTEXT: Final = "ENC[AES256_GCM,"
"""How SOPS begins what it has encrypted."""
_CIPHERTEXT = CIPHERTEXT.encode()
_BEGINNINGS = tuple(_HEADERS)
# SOPS encrypts only the values, keeps the keys readable, and adds this key, in YAML or JSON.
_SOPS_KEY = re.compile(rb"""(?:^[ \t]*|[{,]\s*)["']?sops["']?\s*:""", re.MULTILINE)


def encryption_of(data: bytes) -> Encryption | None:
    """What a file is encrypted with, or None; `sops` files are YAML and can be read, but hold ciphertext."""
    if data.startswith(_BEGINNINGS):
        return next(encryption for header, encryption in _HEADERS.items() if data.startswith(header))
    if _CIPHERTEXT in data and _SOPS_KEY.search(data):
        return "sops"
    return None


def is_lfs_pointer(data: bytes) -> bool:
    """Whether a file is what git-lfs leaves in the place of one that it has not fetched."""
    return data.startswith(b"version https://git-lfs.github.com/spec/")
