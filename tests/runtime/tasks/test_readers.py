"""Readers of events: so many altogether, a quarter of them for one owner."""

from __future__ import annotations

import pytest

from scenedock.errors import TemporaryError
from scenedock.runtime.tasks.readers import Readers


def test_one_owner_leaves_places_to_others() -> None:
    readers = Readers(8)
    for _ in range(2):
        readers.enter("jane")

    with pytest.raises(TemporaryError, match="you follow 2 tasks already"):
        readers.enter("jane")
    for owner in ("joe", "jim", "jill"):
        for _ in range(2):
            readers.enter(owner)
    with pytest.raises(TemporaryError, match="too many clients"):
        readers.enter("jack")


def test_a_place_is_returned_once() -> None:
    readers = Readers(8)
    leave = readers.enter("jane")
    readers.enter("jane")
    for _ in range(3):
        leave()

    readers.enter("jane")
    with pytest.raises(TemporaryError, match="already"):
        readers.enter("jane")
    readers.enter("joe")


def test_one_place_is_a_place() -> None:
    leave = Readers(1).enter("jane")
    leave()
