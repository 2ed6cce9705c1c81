"""Lines that values files of several folders have in common: what a shared chart or a shared file could hold."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scenedock.model.finding import Finding, Place
from scenedock.structs import dataclass

LEAST_LINES: Final = 20
"""Lines with content; comments and empty lines don't count."""
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class _File:
    """A file's lines with content, and their numbers."""

    path: str
    lines: tuple[str, ...]
    numbers: tuple[int, ...]


def find_copies(repository: str, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """A finding for each block of at least `LEAST_LINES` lines that files of two or more folders have, at the first.

    Of blocks that overlap, the one counts that repeats most lines.
    """
    read = [_read(path, files[path]) for path in sorted(files)]
    covered: set[tuple[int, int]] = set()
    for length, places in _blocks(read):
        lines = {place: {(place[0], place[1] + number) for number in range(length)} for place in places}
        fresh = [place for place in places if len(lines[place] & covered) * 2 < length]
        if _folders(read, fresh) < 2:
            continue
        covered |= {line for place in fresh for line in lines[place]}
        yield _finding(repository, [(read[file], at) for file, at in fresh], length)


def _finding(repository: str, places: Sequence[tuple[_File, int]], length: int) -> Finding:
    spans = [f"{file.path}:{file.numbers[at]}-{file.numbers[at + length - 1]}" for file, at in places]
    named = " and ".join(spans) if len(spans) == 2 else ", ".join(spans[:_MOST_NAMED])
    more = f" and {len(spans) - _MOST_NAMED:,} more" if len(spans) > _MOST_NAMED else ""
    message = f"{length:,} lines are the same in {len(spans):,} files: {named}{more}"
    remedy = "Put them into the values of a chart that all of these share, or into a values file that all name."
    file, at = places[0]
    return Finding("info", "values-copied", message, Place(repository, file.path, file.numbers[at]), remedy)


def _read(path: str, data: bytes) -> _File:
    lines = enumerate(data.decode("utf-8", "replace").splitlines(), 1)
    kept = [(number, line.rstrip()) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]
    return _File(path, tuple(line for _, line in kept), tuple(number for number, _ in kept))


def _blocks(files: Sequence[_File]) -> list[tuple[int, tuple[tuple[int, int], ...]]]:
    """The longest blocks that the same files have: how many lines, and where; those that save most come first."""
    windows: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for number, file in enumerate(files):
        for at in range(len(file.lines) - LEAST_LINES + 1):
            windows[file.lines[at : at + LEAST_LINES]].append((number, at))
    shared = {tuple(places) for places in windows.values() if _folders(files, places) > 1}
    blocks = []
    for places in shared:
        if tuple((file, at - 1) for file, at in places) in shared:
            continue  # the block begins earlier
        length, following = LEAST_LINES, places
        while (following := tuple((file, at + 1) for file, at in following)) in shared:
            length += 1
        blocks.append((length, places))
    return sorted(blocks, key=lambda block: (-block[0] * (len(block[1]) - 1), block[1]))


def _folders(files: Sequence[_File], places: Sequence[tuple[int, int]]) -> int:
    return len({posixpath.dirname(files[file].path) for file, _ in places})
