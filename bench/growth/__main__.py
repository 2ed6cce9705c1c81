"""How cost grows with size, in CPU: `python -m bench.growth [MOST_FOLDERS]`, by default 10,000.

The tables go to docs/sizing.md. Each size is ten times the one before. An exponent is that of a power of the size,
fitted to all of them; what a start costs anyway makes it smaller, so the last step is shown beside it.
"""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
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


def report(most: int) -> str:
    """All tables as Markdown."""
    sizes = [size for size in SIZES if size <= max(most, SIZES[1])]  # an exponent takes two
    by_folders: dict[str, dict[int, float]] = {}
    by_pages: dict[str, dict[int, float]] = {}
    memory: dict[int, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            found = catalog.of_folders(Path(folder), size)
        memory[size] = found.memory
        _note(by_folders, size, found.cpu)
    by_repositories: dict[int, float] = {}
    for number in REPOSITORIES:
        with tempfile.TemporaryDirectory() as folder:
            by_repositories[number] = catalog.of_repositories(Path(folder), number, FOLDERS_OF_ALL).cpu["export"]
    # Not before: Linux counts what a process has as the memory of those that it starts.
    from bench.growth import pages, tasks

    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _note(by_pages, size, pages.of_services(Path(folder), size))
    of_tasks, deletion = tasks.costs(FINISHED)
    with running_postgres() as server:
        on_server, deletion_on_server = tasks.costs(FINISHED, server)
    machine = f"Python {platform.python_version()}, 2 cores of {platform.machine()}"
    lines = [
        f"{machine}; seconds of CPU, with all processes.",
        "",
        *table("by folders", sizes, by_folders, "s"),
        *table("memory of an export", sizes, {"largest resident set": memory}, "MiB"),
        *table("by repositories", REPOSITORIES, {f"export of {FOLDERS_OF_ALL:,} folders in all": by_repositories}, "s"),
        "Of a warm service, by services with three environments each:",
        "",
        *table("CPU of an answer", sizes, by_pages, "ms"),
        "SQLite, by finished tasks in the table:",
        "",
        *table("CPU", FINISHED, of_tasks, "ms"),
        f"To delete a task that is old enough, with its log and the engine's record: {deletion:.2f} ms.",
        "",
        "PostgreSQL, with the CPU of its own processes, by finished tasks in the table:",
        "",
        *table("CPU", FINISHED, on_server, "ms"),
        f"To delete a task there: {deletion_on_server:.2f} ms.",
    ]
    return "\n".join(lines)


def _note(rows: dict[str, dict[int, float]], size: int, costs: Mapping[str, float]) -> None:
    for name, cost in costs.items():
        rows.setdefault(name, {})[size] = cost


def main() -> None:
    """Measure, print, and write the page."""
    text = report(int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-2])
    print(text)
    write_part(PAGE, "bench/growth", text)


if __name__ == "__main__":
    main()
