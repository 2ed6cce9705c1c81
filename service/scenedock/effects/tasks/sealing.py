"""Sealing: the secrets of a task are stored encrypted, with a key that is not in the database."""

from __future__ import annotations

import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from typing import TYPE_CHECKING, Final

from scenedock.errors import InputError
from scenedock.model.json import JsonObject, as_object

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_KEY_BYTES: Final = 32


class Seal:
    """Encrypts the secrets of tasks (Fernet: AES-128-CBC with HMAC-SHA256).

    With several keys, the first one encrypts and any of them decrypts, so that a key can be replaced while tasks wait.

    Raises
    ------
    InputError   a key is invalid
    """

    def __init__(self, *keys: str) -> None:
        self._keys = keys
        try:
            wrong = any(len(urlsafe_b64decode(key)) != _KEY_BYTES for key in keys)
        except ValueError:
            wrong = True
        if wrong:
            raise InputError(
                "the seal key must be 32 bytes in URL-safe base64, as `openssl rand -base64 32` and "
                "`tr +/ -_` make them"
            )

    @cached_property
    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self._keys])

    def close(self, task_id: str, secrets: JsonObject) -> str | None:
        """The secrets of a task, sealed; None if there are none."""
        if not any(secrets.values()):
            return None
        return self._fernet.encrypt(json.dumps({"task": task_id, "secrets": secrets}).encode()).decode()

    def digest(self, text: str) -> str:
        """The same for the same text; whoever lacks the key can't find out the text by trying."""
        return hmac.digest(self._keys[0].encode(), text.encode(), "sha256").hex()

    @property
    def prints(self) -> tuple[str, ...]:
        """A digest of each key, the first one's first; only those who have a key can tell which one it is."""
        return tuple(hmac.digest(key.encode(), b"scenedock: which key", "sha256").hex()[:16] for key in self._keys)

    def opens(self, sealed: str | None) -> bool:
        """Whether one of our keys opens this, or it has no secrets."""
        from cryptography.fernet import InvalidToken

        try:
            return sealed is None or bool(self._fernet.decrypt(sealed))
        except InvalidToken:
            return False

    def open(self, task_id: str, sealed: str | None) -> JsonObject:
        """The secrets of a task.

        Raises
        ------
        InputError   they were sealed with another key, or for another task
        """
        from cryptography.fernet import InvalidToken

        if sealed is None:
            return {}
        try:
            opened = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise InputError("the task's secrets were sealed with another key; retry it with its secrets") from None
        if opened["task"] != task_id:
            raise InputError("these are the secrets of another task; retry it with its own")
        return as_object(opened["secrets"])


def new_key() -> bytes:
    """A random key for `Seal`."""
    return urlsafe_b64encode(os.urandom(_KEY_BYTES))
