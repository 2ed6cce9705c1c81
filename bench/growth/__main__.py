"""How cost grows with size, in CPU: `python -m bench.growth [--only PART]... [MOST_FOLDERS]`, by default 10,000.

The tables go to docs/sizing.md; those of some parts are only printed. Each size is ten times the one before. An
exponent is that of a power of the size, fitted to all of them; what a start costs anyway makes it smaller, so the last
step is shown beside it.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import log10
from pathlib import Path
from typing import Final

from bench.growth import catalog
from bench.growth.fitting import exponent
from bench.pages import write_part
from tests.tools.postgres import running_postgres

PAGE: Final = Path(__file__).parents[2] / "docs" / "sizing.md"
SIZES: Final = (100, 1_000, 10_000, 100_000)
REPOSITORIES: Final = (1, 10, 100)
FINISHED: Final = (100, 1_000, 10_000, 100_000)
FOLDERS_OF_ALL: Final = 1_000
"""In how many repositories they are, an export must not care."""


def table(title: str, sizes: Sequence[int], rows: Mapping[str, Mapping[int, float]], unit: str) -> Iterable[str]:
    """A table of what each size costs, in Markdown."""
    yield f"| {title} | {' | '.join(f'{size:,}' for size in sizes)} | exponent | of the last step |"
    yield f"| --- |{' ---: |' * (len(sizes) + 2)}"
    for name, costs in rows.items():
        last, before = (costs[size] for size in (sizes[-1], sizes[-2]))
        step = log10(last / before) / log10(sizes[-1] / sizes[-2])
        shown = " | ".join(f"{costs[size]:.3g} {unit}" for size in sizes)
        yield f"| {name} | {shown} | {exponent(costs):.2f} | {step:.2f} |"
    yield ""


def report(most: int, only: Collection[str] = ()) -> str:
    """The tables of all parts, or of some, as Markdown."""
    sizes = [size for size in SIZES if size <= max(most, SIZES[1])]  # an exponent takes two
    machine = f"Python {platform.python_version()}, 2 cores of {platform.machine()}"
    lines = [f"{machine}; seconds of CPU, with all processes.", ""]
    for name, part in PARTS.items():
        if name in (only or PARTS):
            lines += part(sizes)
    return "\n".join(lines).rstrip("\n")


def _folders(sizes: Sequence[int]) -> Iterable[str]:
    costs: dict[str, dict[int, float]] = {}
    memory: dict[int, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            found = catalog.of_folders(Path(folder), size)
        memory[size] = found.memory
        _note(costs, size, found.cpu)
    yield from table("by folders", sizes, costs, "s")
    yield from table("memory of an export", sizes, {"largest resident set": memory}, "MiB")


def _repositories(_sizes: Sequence[int]) -> Iterable[str]:
    costs: dict[int, float] = {}
    for number in REPOSITORIES:
        with tempfile.TemporaryDirectory() as folder:
            costs[number] = catalog.of_repositories(Path(folder), number, FOLDERS_OF_ALL).cpu["export"]
    yield from table("by repositories", REPOSITORIES, {f"export of {FOLDERS_OF_ALL:,} folders in all": costs}, "s")


def _pages(sizes: Sequence[int]) -> Iterable[str]:
    # Not before: Linux counts what a process has as the memory of those that it starts.
    from bench.growth import pages

    costs: dict[str, dict[int, float]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _note(costs, size, pages.of_services(Path(folder), size))
    yield from ("Of a warm service, by services with three environments each:", "")
    yield from table("CPU of an answer", sizes, costs, "ms")


def _sqlite(_sizes: Sequence[int]) -> Iterable[str]:
    from bench.growth import tasks

    costs, deletion = tasks.costs(FINISHED)
    yield from ("SQLite, by finished tasks in the table:", "")
    yield from table("CPU", FINISHED, costs, "ms")
    yield f"To delete a task that is old enough, with its log and the engine's record: {deletion:.2f} ms."
    yield ""


def _postgresql(_sizes: Sequence[int]) -> Iterable[str]:
    from bench.growth import tasks

    with running_postgres() as server:
        costs, deletion = tasks.costs(FINISHED, server)
    yield from ("PostgreSQL, with the CPU of its own processes, by finished tasks in the table:", "")
    yield from table("CPU", FINISHED, costs, "ms")
    yield f"To delete a task there: {deletion:.2f} ms."


PARTS: Final[Mapping[str, Callable[[Sequence[int]], Iterable[str]]]] = {
    "folders": _folders,
    "repositories": _repositories,
    "pages": _pages,
    "sqlite": _sqlite,
    "postgresql": _postgresql,
}
"""The parts, in the order in which they are measured."""


def _note(rows: dict[str, dict[int, float]], size: int, costs: Mapping[str, float]) -> None:
    for name, cost in costs.items():
        rows.setdefault(name, {})[size] = cost


def main() -> None:
    """Measure, print, and write the page if all was measured."""
    asked = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    asked.add_argument("--only", action="append", choices=PARTS, default=[], help="a part; may be repeated")
    asked.add_argument("most_folders", nargs="?", type=int, default=SIZES[-2])
    given = asked.parse_args()
    text = report(given.most_folders, given.only)
    print(text)
    if not given.only:
        write_part(PAGE, "bench/growth", text)


if __name__ == "__main__":
    main()
