"""Work apart gives its result or its refusal back, and a process that dies or hangs is no hang of ours."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from scenedock.effects.local.apart import run_apart
from scenedock.effects.local.disk import read_file
from scenedock.errors import InputError, TemporaryError


def test_the_result_comes_back_from_another_process() -> None:
    assert run_apart(60, os.getpid) != os.getpid()


def test_a_refusal_comes_back_as_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        run_apart(60, read_file, tmp_path / "nope")


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(TemporaryError, match=r"died \(exit code 7\)"):
        run_apart(60, os._exit, 7)


def test_a_process_that_hangs_is_ended() -> None:
    with pytest.raises(TemporaryError, match="longer than"):
        run_apart(0.1, time.sleep, 600)
