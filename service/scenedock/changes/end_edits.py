"""Ends of environments written into the bytes of a scenedock.yaml; every other byte stays."""

from __future__ import annotations

from datetime import date
from typing import Final

from scenedock.catalog.vocabulary.settings import FILE_NAME, read_settings
from scenedock.errors import InputError
from scenedock.gitops.values_edits import add_value, remove_value
from scenedock.model.locks import is_day

SIGNS: Final = str.maketrans({each: f"\\{each}" for each in ".|\\[]"})
"""How the signs of a path are written that stand for themselves."""


def with_end(data: bytes, service: str, environment: str, until: str) -> bytes:
    """The settings with the day on which an environment of a service ends; where it is empty, with none.

    `data` is empty where there is no such file yet.

    Raises
    ------
    InputError   the file can't be read or edited, or it has no end that could be taken away
    """
    path = f"expires.{service.translate(SIGNS)}.{environment.translate(SIGNS)}"
    edited = add_value(data, path, until, FILE_NAME) if until else remove_value(data, path, FILE_NAME)
    read_settings(edited)
    return edited


def checked_end(until: str, today: date) -> str:
    """A day on which an environment may end; empty, if it shall have no end.

    Raises
    ------
    InputError   it isn't a day, or not in the future
    """
    if until and not is_day(until):
        raise InputError(f"`until` must be a day, such as 2027-01-15, not {until!r}")
    if until and date.fromisoformat(until) <= today:
        raise InputError(f"`until` must be in the future, not {until}")
    return until
