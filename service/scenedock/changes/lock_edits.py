"""Locks added to, and removed from, the bytes of a scenedock.yaml; every other byte stays."""

from __future__ import annotations

from datetime import datetime

from scenedock.catalog.vocabulary.settings import FILE_NAME, read_settings
from scenedock.errors import ConflictError, NotFoundError
from scenedock.gitops.values_edits import add_value, remove_value
from scenedock.model.json import JsonObject
from scenedock.model.locks import Lock


def with_lock(data: bytes, lock: Lock, now: datetime) -> bytes:
    """The settings with one more lock, behind the others, instead of one of the same that has ended.

    `data` is empty where there is no such file yet.

    Raises
    ------
    ConflictError   the same is locked already
    InputError      the file can't be read or edited, or the lock isn't valid
    """
    there = _find(data, lock.environment, lock.service)
    if there and there[1].is_active(now):
        raise ConflictError(f"{there[1]}; unlock it first")
    if there:
        data = remove_value(data, f"locks.{there[0]}", FILE_NAME)
    written: JsonObject = {
        "environment": lock.environment,
        **({"service": lock.service} if lock.service else {}),
        "reason": lock.reason,
        "until": lock.until,
        **({"by": lock.by} if lock.by else {}),
    }
    edited = add_value(data, "locks.-", written, FILE_NAME)
    read_settings(edited)
    return edited


def without_lock(data: bytes, environment: str, service: str = "") -> bytes:
    """The settings without the lock of an environment, or of a service there.

    Raises
    ------
    NotFoundError   there is no such lock
    InputError      the file can't be read or edited
    """
    there = _find(data, environment, service)
    if there is None:
        what = f"{service} in {environment}" if service else environment
        raise NotFoundError(f"{what} isn't locked in {FILE_NAME}")
    return remove_value(data, f"locks.{there[0]}", FILE_NAME)


def _find(data: bytes, environment: str, service: str) -> tuple[int, Lock] | None:
    locks = read_settings(data).locks if data.strip() else ()
    found = ((at, each) for at, each in enumerate(locks) if (each.environment, each.service) == (environment, service))
    return next(found, None)
