"""Two replicas that start together on a fresh folder have one key, that of the folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from scenedock.effects.backstage.signing_keys import shared_signing_key
from scenedock.runtime.tasks.wiring import seal_of
from tests.faults.replica import REFUSED, TASK, start_on_each

STARTS = 300
SECONDS_TO_WAIT = 120
"""A hang fails."""


@pytest.mark.parametrize("hard_links", [True, False])
def test_two_replicas_with_the_same_process_id_agree_on_the_keys_of_a_fresh_folder(
    tmp_path: Path, *, hard_links: bool
) -> None:
    folders = [tmp_path / str(number) for number in range(STARTS)]

    with replicas(folders, hard_links=hard_links) as (one, other):
        sealed, kids = ([received(one), received(other)] for _ in range(2))

    assert [each for each in (*sealed[0], *sealed[1]) if each.startswith(REFUSED)] == []
    for number, folder in enumerate(folders):
        seal = seal_of("", folder)
        assert [seal.open(TASK, each[number]) for each in sealed] == [{"token": "secret"}] * 2
        assert {each[number] for each in kids} == {shared_signing_key(folder / "signing-key.pem").kid}
        assert {path.name for path in folder.iterdir() if path.suffix != ".lock"} == {
            ".gitignore",
            "seal.key",
            "signing-key.pem",
        }


def received(pipe: Connection) -> list[str]:
    assert pipe.poll(SECONDS_TO_WAIT)
    texts: list[str] = pipe.recv()
    return texts


@contextmanager
def replicas(folders: list[Path], *, hard_links: bool) -> Iterator[list[Connection]]:
    """Two processes that start on each of the folders, and the pipes on which they tell of it."""
    spawn = get_context("spawn")
    turns = spawn.RawArray("i", 2)
    pipes = [spawn.Pipe(duplex=False) for _ in range(2)]
    started = [
        spawn.Process(target=start_on_each, args=(folders, number, turns, sender), kwargs={"hard_links": hard_links})
        for number, (_, sender) in enumerate(pipes)
    ]
    try:
        for process in started:
            process.start()
        yield [receiver for receiver, _ in pipes]
    finally:
        for process in started:
            process.kill()
            process.join()
