"""A file of facts is replaced whatever became of it, and what killed writers left goes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scenedock.effects.local.facts_file import FactsFile


def _huge(path: Path) -> None:
    os.truncate(path, 3 << 30)  # it takes no room on the disk


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [_huge, _pipe, _empty])
def test_what_is_no_file_of_facts_is_as_good_as_none(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    file = FactsFile(tmp_path / "facts")
    file.save({"a": 1})
    assert file.load() == {"a": 1}
    spoil(file.path)

    assert file.load() is None

    file.save({"a": 2})
    assert file.load() == {"a": 2}


def test_what_killed_writers_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, new, other = (tmp_path / f".scenedock-{name}" for name in ("0" * 16, "1" * 16, "of-somebody"))
    for path in (old, new, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (1, 1))

    FactsFile(tmp_path / "facts").save({})

    assert {each.name for each in tmp_path.iterdir()} == {"facts", new.name, other.name}


@pytest.mark.parametrize(
    ("facts", "is_kept"),
    [
        (["https://jane:s3cret@acme.test"], False),
        (["https://t0ken@acme.test/apps"], False),
        (["postgres://billing:s3cret@ledger/billing"], False),
        (["x" * 300 + "redis://:s3cret@cache"], False),
        (["ssh://git@acme.test/apps", "https://acme.test", "jane@acme.test"], True),
    ],
)
def test_facts_with_credentials_in_an_address_are_kept_only_where_that_is_right(
    tmp_path: Path, facts: list[str], *, is_kept: bool
) -> None:
    file = FactsFile(tmp_path / "facts", keeps_credentials=False)
    file.save(["before"])

    file.save(facts)

    assert file.load() == (facts if is_kept else None)
    FactsFile(tmp_path / "facts").save(facts)
    assert file.load() == facts
