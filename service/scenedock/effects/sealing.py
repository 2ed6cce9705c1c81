"""Sealing: what is secret in a task is kept only encrypted, with a key that is not in the database."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from scenedock.errors import InputError
from scenedock.model.json import JsonObject, as_object


class Seal:
    """Encrypts the secrets of tasks (Fernet: AES-128-CBC with HMAC-SHA256).

    Of several keys the first seals and any opens, so that a key can be replaced while tasks wait.

    Raises
    ------
    InputError   a key is none
    """

    def __init__(self, *keys: str) -> None:
        from cryptography.fernet import Fernet, MultiFernet

        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise InputError(
                "the seal key must be 32 bytes in URL-safe base64, as `openssl rand -base64 32` and "
                "`tr +/ -_` make them"
            ) from None

    def close(self, task_id: str, secrets: JsonObject) -> str | None:
        """The secrets of a task, sealed; None where there are none."""
        if not any(secrets.values()):
            return None
        return self._fernet.encrypt(json.dumps({"task": task_id, "secrets": secrets}).encode()).decode()

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


def seal_of(keys: str, data: Path) -> Seal:
    """The seal with the configured keys (commas between them), or with one made and kept in the data folder."""
    if keys:
        return Seal(*(key.strip() for key in keys.split(",")))
    path = data / "seal.key"
    data.mkdir(parents=True, exist_ok=True)
    beside = data / f".seal.key.{os.getpid()}"
    if not path.exists():
        from cryptography.fernet import Fernet

        beside.touch(mode=0o600)
        beside.write_bytes(Fernet.generate_key())
        with suppress(FileExistsError):  # another process was faster
            os.link(beside, path)
        beside.unlink()
    return Seal(path.read_text("ascii").strip())
