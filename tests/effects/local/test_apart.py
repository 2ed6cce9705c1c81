"""Work apart gives its result or its refusal back, and a process that dies or hangs is no hang of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenedock.effects.local import apart
from scenedock.effects.local.apart import ApartLimits, run_apart
from scenedock.effects.local.disk import read_file
from scenedock.errors import InputError, NotFoundError, TemporaryError, TooManyRequestsError

MEMORY = 2 << 30
MINUTE = ApartLimits(60, MEMORY)


def test_the_result_comes_back_from_another_process() -> None:
    assert run_apart(MINUTE, os.getpid) != os.getpid()


def test_a_refusal_comes_back_as_one_of_its_class(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no such file"):
        run_apart(MINUTE, read_file, tmp_path / "nope")
    with pytest.raises(InputError, match="this is a folder"):
        run_apart(MINUTE, read_file, tmp_path)


class _SlowError(TooManyRequestsError):
    """One that isn't in the table of errors."""


def raise_slow() -> None:
    raise _SlowError("slowly", retry_after=7)


def test_a_refusal_for_now_says_when_to_come_back() -> None:
    with pytest.raises(TooManyRequestsError, match="slowly") as caught:
        run_apart(MINUTE, raise_slow)

    assert caught.value.retry_after == 7


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(TemporaryError, match=r"died \(exit code 7; it may have 2048 MiB"):
        run_apart(MINUTE, os._exit, 7)


def test_a_process_whose_asker_has_ended_ends_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    here, there = apart._processes.Pipe()
    process = apart._processes.Process(target=apart._call, args=(there, MEMORY))
    process.start()
    there.close()
    here.close()
    process.join(60)

    assert process.exitcode == 0
    assert "Traceback" not in capfd.readouterr().err


class Deadly:
    """Something large that ends the process which reads it, before it has read all."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (7,), None, iter([b"x" * (64 * 1024 * 1024)])


def test_a_process_that_dies_while_it_reads_what_it_is_given_is_told() -> None:
    with pytest.raises(TemporaryError, match="died"):
        run_apart(MINUTE, str, Deadly())
    with pytest.raises(TemporaryError, match="1 MiB of memory"):
        run_apart(ApartLimits(60, 1 << 20), len, b"x" * (64 * 1024 * 1024))


def test_a_process_that_hangs_is_ended() -> None:
    with pytest.raises(TemporaryError, match="longer than"):
        run_apart(ApartLimits(0.1, MEMORY), time.sleep, 600)


def test_a_process_that_needs_more_memory_than_it_may_have_is_told_so() -> None:
    with pytest.raises(TemporaryError, match="needs more than 256 MiB of memory"):
        run_apart(ApartLimits(60, 256 << 20), bytes, 1 << 30)


def test_processes_that_it_starts_may_not_have_more_either() -> None:
    with pytest.raises(TemporaryError, match="needs more than 256 MiB of memory"):
        run_apart(ApartLimits(60, 256 << 20), allocate_in_a_child)


def allocate_in_a_child() -> None:
    done = subprocess.run([sys.executable, "-c", "bytes(1 << 30)"], check=False, capture_output=True)
    if b"MemoryError" in done.stderr:
        raise MemoryError


def test_what_is_imported_once_is_there_when_a_process_begins() -> None:
    asked = (
        "import sys\n"
        "from scenedock.effects.local.apart import ApartLimits, import_once, run_apart\n"
        "from scenedock.runtime.wiring import RUN_APART\n"
        "if __name__ == '__main__':\n"
        "    import_once(RUN_APART)\n"
        "    there = run_apart(ApartLimits(60, 2 << 30), eval, '[*__import__(\"sys\").modules]')\n"
        "    print(sorted({*RUN_APART} - {*there}), {*RUN_APART} <= {*sys.modules})\n"
    )
    done = subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True, text=True)

    assert (done.stdout.strip(), done.stderr) == ("[] False", "")
