"""Measure the catalog export against a node program that does the same, and write the table into docs/benchmarks.md.

Everything is measured in one run, in turns, so that what else the machine does hits both alike. CPU time is that of the
whole process with its children (user and system), memory its largest resident set. Where several processes share the
work, theirs is that of all together, in runs of their own: what they share counts once (`Pss`).
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bench.pages import write_part
from bench.repository import write_repository
from scenedock.catalog.vocabulary.validation import problems_of
from scenedock.model.json import JsonObject
from tests.tools.node import node, node_modules

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
SCENEDOCK = Path(sysconfig.get_path("scripts"), "scenedock")
PROGRAM = ROOT / "bench" / "node" / "export.mjs"
PACKAGES = ROOT / "tests" / "contracts" / "node"
FOLDERS = (1_000, 10_000)
LOOKS = 0.02
"""Seconds between two looks at the memory of all processes."""
RUNS = 5
ONE_PROCESS = ("--jobs", "1")
MEBIBYTE = 1024
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With it, Python compiles each module at each start, which no installed program does."""
WANTED = {1_000: (0.35, 80), 10_000: (0.45, 200)}
"""By folders: the CPU by that of node, and MiB."""
WANTED_OF_ONE = 0.6
"""The CPU of one process by that of node, for the most folders."""


@dataclass(frozen=True)
class Cost:
    """What one run of a process costs: seconds, and mebibytes."""

    cpu: float
    wall: float
    memory: float


def cost_of(command: Sequence[str | Path], cwd: Path) -> Cost:
    """Run a process to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / MEBIBYTE)


def memory_of_all(command: Sequence[str | Path], cwd: Path) -> float:
    """The most mebibytes that a process and those that it has started need together, as often as one looks."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    most = 0
    while process.poll() is None:
        with suppress(OSError):  # one has just ended
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
            most = max(most, sum(_share_of_memory(each) for each in (str(process.pid), *children)))
        time.sleep(LOOKS)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return most / MEBIBYTE


def _share_of_memory(process: str) -> int:
    """Kibibytes of a process; of what several share, its part."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each number."""
    return Cost(
        *(statistics.median(values) for values in zip(*((c.cpu, c.wall, c.memory) for c in costs), strict=True))
    )


def exports(root: Path, work: Path) -> tuple[Cost, Cost, Cost]:
    """Cold exports of one repository, as whole processes, in turns: Scenedock's, with one process, and node's.

    All give the same bytes.
    """
    ours, alone, theirs = outputs = [work / f"{name}.yaml" for name in ("ours", "alone", "theirs")]
    costs: tuple[list[Cost], list[Cost], list[Cost]] = ([], [], [])
    for _ in range(RUNS):
        for output in outputs:
            output.unlink(missing_ok=True)
        costs[0].append(cost_of(export_of(root, ours), work))
        costs[1].append(cost_of([*export_of(root, alone), *ONE_PROCESS], work))
        costs[2].append(cost_of([node(), PROGRAM, "export", root, theirs], node_modules(PACKAGES)))
    if len({output.read_bytes() for output in outputs}) > 1:
        raise RuntimeError("the two programs don't do the same")
    return median(costs[0]), median(costs[1]), median(costs[2])


def export_of(root: Path, output: Path) -> list[str | Path]:
    """The command that exports a repository."""
    return [SCENEDOCK, "catalog", "export", root, "--output", output, "--quiet"]


def two_at_once(root: Path, work: Path) -> tuple[float, float]:
    """What two exports with one process each cost at the same time.

    First how many cores they keep busy: CPU seconds of both by the seconds that they take. Then the CPU seconds of one.
    """
    began = time.perf_counter()
    processes = [
        subprocess.Popen([*export_of(root, work / f"{number}.yaml"), *ONE_PROCESS], stdout=subprocess.DEVNULL)
        for number in range(2)
    ]
    usages = [os.wait4(process.pid, 0)[2] for process in processes]
    for process in processes:
        process.returncode = 0
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return cpu / (time.perf_counter() - began), cpu / 2


def validations(root: Path, work: Path) -> tuple[float, float]:
    """Entities validated in a second of CPU time: by us, and by catalog-model."""
    entities = work / "entities.json"
    subprocess.run(
        [SCENEDOCK, "catalog", "export", root, "--format", "json", "--output", entities, "--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    documents: list[JsonObject] = json.loads(entities.read_bytes())
    times = 4  # of so many entities that no verdict on a name is remembered until its next turn
    for document in documents:
        problems_of(document)
    began = time.process_time()
    for _ in range(times):
        for document in documents:
            problems_of(document)
    ours = times * len(documents) / (time.process_time() - began)
    command = [str(each) for each in (node(), PROGRAM, "validate", entities, times)]
    done = subprocess.run(command, cwd=node_modules(PACKAGES), check=True, capture_output=True, text=True)
    return ours, times * len(documents) / float(done.stdout)


Row: TypeAlias = tuple[str, str, str, str, str]
"""What was measured, ours, node's, the ratio, and what is wanted."""


def rows_of_size(folders: int, ours: Cost, theirs: Cost) -> list[Row]:
    """What an export of so many folders costs, beside node's."""
    name, (cpu, memory) = f"export of {folders:,} folders", WANTED[folders]
    return [
        cpu_row(f"{name}, CPU", ours, theirs, cpu),
        (
            f"{name}, memory",
            f"{ours.memory:.0f} MiB",
            f"{theirs.memory:.0f} MiB",
            f"{ours.memory / theirs.memory:.2f}",
            f"≤ {memory} MiB",
        ),
    ]


def cpu_row(name: str, ours: Cost, theirs: Cost, wanted: float) -> Row:
    """CPU seconds of us and of node."""
    return name, f"{ours.cpu:.2f} s", f"{theirs.cpu:.2f} s", f"{ours.cpu / theirs.cpu:.2f}", f"≤ {wanted}"


def rows_of_processes(root: Path, work: Path, ours: Cost, alone: Cost) -> list[Row]:
    """What several processes change, for a large repository."""
    name, cores = f"export of {FOLDERS[-1]:,} folders", os.cpu_count()
    rows = [
        (f"{name}, time by its CPU", f"{ours.wall:.2f} s", "", f"{ours.wall / ours.cpu:.2f}", "≤ 0.65 on two cores")
    ]
    for jobs, what, most in (((), "all processes", 200), (ONE_PROCESS, "one process", 175)):
        output = work / "all.yaml"
        output.unlink(missing_ok=True)
        needed = memory_of_all([*export_of(root, output), *jobs], work)
        rows.append((f"{name}, memory of {what}", f"{needed:.0f} MiB", "", "", f"≤ {most} MiB"))
    kept, of_two = two_at_once(root, work)
    share = f"{of_two / alone.cpu:.2f}"
    return [
        *rows,
        ("two exports at once, cores that they keep busy", f"{kept:.2f}", "", "", f"{cores} cores"),
        ("two exports at once, CPU of one by what it is alone", f"{of_two:.2f} s", "", share, ""),
    ]


def report() -> str:
    """The measurements as Markdown."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        small, large = (write_repository(work / f"apps-{folders}", folders) for folders in FOLDERS)
        ours, _, theirs = exports(small, work)
        rows += rows_of_size(FOLDERS[0], ours, theirs)
        ours, alone, theirs = exports(large, work)
        rows += rows_of_size(FOLDERS[1], ours, theirs)
        rows.append(cpu_row(f"export of {FOLDERS[1]:,} folders, CPU of one process", alone, theirs, WANTED_OF_ONE))
        rows += rows_of_processes(large, work, ours, alone)
        by_us, by_model = validations(large, work)
        rate = f"{by_us / by_model:.1f}"
        rows.append(("validation, entities in a CPU second", f"{by_us:,.0f}", f"{by_model:,.0f}", rate, "≥ 3"))
    table = ["| measured | Scenedock | node | ratio | wanted |", "| --- | --- | --- | --- | --- |"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    machine = f"Python {platform.python_version()}, node 24.11.1, {os.cpu_count()} cores of {platform.machine()}"
    return "\n".join([f"Medians of {RUNS} runs. {machine}.", "", *table, ""])


def main() -> None:
    """Measure, print, and write the page."""
    text = report()
    print(text)
    write_part(PAGE, "bench/export.py", text)


if __name__ == "__main__":
    main()
