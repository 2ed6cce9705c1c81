"""Measure what a look at a repository costs the service's feed, beside a full build, git itself, and node's export.

A table of ratios goes into docs/benchmarks.md. All CPU time is user and system time of this process and its children.
The repository is measured as a folder and as a clone that is fetched into; each change is built on the last catalog.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.pages import write_part
from bench.repository import write_repository
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.clones import RemoteBranch, RepositoryClone
from scenedock.effects.git.repositories import RepositoryFolder, ServedRepository
from scenedock.effects.local.apart import import_once
from scenedock.effects.local.catalog_file import CatalogFile
from scenedock.runtime.feed.building_apart import build_apart, edit_apart
from scenedock.runtime.feed.catalog_feed import CatalogFeed
from scenedock.runtime.feed.shared_catalog import SharedCatalog
from scenedock.runtime.feed.watched_repositories import WatchedRepositories
from scenedock.runtime.wiring import RUN_APART

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
FOLDERS = int(os.environ.get("SCENEDOCK_BENCH_FOLDERS", "10000"))
TIMES = 5
MEMORY = 2 << 30
CHANGED = "apps/team-orders-00016"
SECONDS_UNTIL_TIMES_TELL = 3
"""Files that were written later are read again: their times may not tell a second change."""


def cpu_of(work: Callable[[], object], times: int = 1) -> float:
    """The seconds of CPU that something takes, children included; the mean of a few times."""
    before = _cpu()
    for _ in range(times):
        work()
    return (_cpu() - before) / times


def _cpu() -> float:
    """Of this process, of its children that have ended, and of those that live, with those of them that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    ticks = 0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            # Its name, in parentheses, may have spaces; utime, stime, cutime and cstime are fields 14 to 17.
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages) + ticks / os.sysconf("SC_CLK_TCK")


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    who = ("-c", "user.name=Jane", "-c", "user.email=jane@acme.example", "-c", "gc.auto=0")
    command = ["git", "-C", str(folder), *who, *arguments]
    subprocess.run(command, check=True, capture_output=True)


@dataclass(frozen=True)
class Watched:
    """A repository as people edit it, and as the service sees it."""

    source: Path
    seen: ServedRepository
    feed: CatalogFeed

    @classmethod
    def of(cls, source: Path, seen: ServedRepository, data: Path) -> Watched:
        """A feed of its own for the repository; its builds are forked from a process that has imported them."""
        import_once(RUN_APART)
        facts, watched = FactsTable(data / "facts"), WatchedRepositories({"apps": seen})
        kept = SharedCatalog(CatalogFile(data / "feed.json"))
        build, edit = partial(build_apart, MEMORY, facts), partial(edit_apart, MEMORY, facts, kept.store)
        return cls(source, seen, CatalogFeed(watched, kept, 60, "http://localhost", build, edit))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text of a file; in a clone, the commit is fetched, too."""
        file = self.source / path
        text = file.read_text("utf-8")
        if old not in text:
            raise RuntimeError(f"{path} has no {old!r}")
        file.write_text(text.replace(old, new, 1), "utf-8")
        if isinstance(self.seen, RepositoryClone):
            git(self.source, "commit", "--quiet", "--all", "--message=Edit")
            git(self.seen.folder, "fetch", "--quiet", str(self.source), "+main:main")
        else:
            time.sleep(SECONDS_UNTIL_TIMES_TELL)

    def changed(self, path: str, old: str, new: str) -> float:
        """The CPU time of a refresh after an edit, with the edit undone; the mean of both ways."""
        self.edit(path, old, new)
        there = cpu_of(self.feed.refresh)
        self.edit(path, new, old)
        return (there + cpu_of(self.feed.refresh)) / 2


def memory() -> float:
    """The resident set of this process now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def rows_of(name: str, watched: Watched) -> list[str]:
    """The measurements of one repository."""
    full = cpu_of(watched.feed.refresh)
    after_one = memory()
    watched.changed("CODEOWNERS", "@acme/platform", "@acme/owners")  # only from now on are all names remembered ones
    is_clone = isinstance(watched.seen, RepositoryClone)
    command = "rev-parse HEAD" if is_clone else "status --porcelain"
    folder = watched.seen.folder if isinstance(watched.seen, RepositoryClone) else watched.source
    peer = cpu_of(lambda: git(folder, *command.split()), TIMES)
    nothing = cpu_of(watched.seen.signature, TIMES)
    tag = watched.changed(f"{CHANGED}/values-qa.yaml", "tag: 2", "tag: 3")
    owner = watched.changed(
        f"{CHANGED}/Chart.yaml", "type: application", "type: application\nannotations: {owner: jane}"
    )
    for _ in range(4):
        watched.changed(f"{CHANGED}/values-qa.yaml", "tag: 2", "tag: 3")
    after_ten = memory()
    limit = "0.2" if is_clone else "1.5"
    beside = f"beside one `git {command.partition(' ')[0]}`"
    return [
        f"| {name}: nothing changed, {beside} | {1000 * nothing:.1f} ms | {nothing / peer:.2f} | ≤ {limit} |",
        f"| {name}: one tag changed, CPU of a full build | {tag:.2f} s | {tag / full:.1%} | ≤ 8 % |",
        f"| {name}: one owner changed, CPU of a full build | {owner:.2f} s | {owner / full:.1%} | ≤ 15 % |",
        f"| {name}: memory after more than ten builds | {after_ten:.0f} MiB | {after_ten / after_one:.2f} | ≤ 1.3 |",
    ]


def report() -> str:
    """The measurements as Markdown."""
    rows = [f"| measured, {FOLDERS:,} folders | Scenedock | ratio | wanted |", "| --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        source = write_repository(work / "apps", FOLDERS)
        git(source, "init", "--quiet", "--initial-branch=main")
        git(source, "add", "--all")
        git(source, "commit", "--quiet", "--message=First")
        git(source, "gc", "--quiet")
        bare = work / "clone.git"
        git(work, "clone", "--quiet", "--bare", str(source), str(bare))
        remote = RemoteBranch.read("https://git.acme.example/acme/apps")
        for name, seen in (("clone", RepositoryClone(remote, bare)), ("folder", RepositoryFolder(source))):
            data = work / name
            data.mkdir()
            rows += rows_of(name, Watched.of(source, seen, data))
    return "\n".join(rows)


def main() -> None:
    """Measure, print, and write the page."""
    text = report()
    print(text)
    write_part(PAGE, "bench/feed.py", text)


if __name__ == "__main__":
    main()
