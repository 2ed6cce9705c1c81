"""Measure what it costs to tell which version is where, beside an export, and since when, beside git's log.

A table of ratios goes into docs/benchmarks.md. All CPU time is user and system time of this process and its children;
of an export with and without versions, the quickest of three. Lists and boards of a service, which remembers, are those
of a bare clone that nothing is known of, and then after a commit of one tag.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.feed import cpu_of, git
from bench.pages import write_part
from bench.repository import write_repository
from scenedock.doors.cli.sources import Sources
from scenedock.effects.git.clones import RemoteBranch, RepositoryClone
from scenedock.effects.local.facts_file import FactsFile
from scenedock.usecases.releases.follow_versions import Extent, Selected, follow_deployments
from scenedock.usecases.releases.list_deployments import list_deployments, list_served
from scenedock.usecases.releases.overview import read_overview

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
FOLDERS = int(os.environ.get("SCENEDOCK_BENCH_FOLDERS", "10000"))
COMMITS = 300
RUNS = 3
SERVICE = "team-orders-00016"


def commit_tags(root: Path) -> None:
    """Change the tags of services in turn, a commit for each."""
    files = sorted(root.glob("apps/*/values-qa.yaml"))
    for number in range(COMMITS):
        file = files[number % len(files)]
        file.write_text(file.read_text("utf-8").replace("tag: 2", f"tag: {number + 3}", 1), "utf-8")
        git(root, "commit", "--quiet", "--message=Tag", str(file.relative_to(root)))


def commit_tag(root: Path, bare: Path, tag: str) -> None:
    """Change the tag of one service, and fetch the commit into a bare clone."""
    file = root / f"apps/{SERVICE}/values-qa.yaml"
    file.write_text(re.sub(r"tag: \S+", f"tag: {tag}", file.read_text("utf-8"), count=1), "utf-8")
    git(root, "commit", "--quiet", "--all", "--message=Tag")
    git(bare, "fetch", "--quiet", str(root), "main:main")


def remembered(root: Path, bare: Path, file: FactsFile) -> list[str]:
    """The rows of lists and boards that remember."""
    git(root, "clone", "--quiet", "--bare", str(root), str(bare))
    served = {"apps": RepositoryClone(RemoteBranch.read("https://bench.test/acme/apps"), bare)}
    rows = []
    looks: dict[str, Callable[[], object]] = {
        "list": partial(list_served, served, None, file),
        "board": partial(read_overview, served, None, file),
    }
    for number, (name, look) in enumerate(looks.items()):
        file.path.unlink(missing_ok=True)
        whole = cpu_of(look)
        commit_tag(root, bare, f"2.0.{number}")
        again = cpu_of(look)
        what = f"{name} of the service after a commit of one tag, beside one that remembers nothing"
        rows.append(f"| {what} | {again:.2f} s | {whole:.2f} s | {again / whole:.2f} | ≤ 0.2 |")
    return rows


def report() -> str:
    """The measurements as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        root = write_repository(Path(folder) / "apps", FOLDERS)
        git(root, "init", "--quiet", "--initial-branch=main")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message=First")
        commit_tags(root)
        sources = Sources((str(root),), None, None, None)
        with sources.opened() as opened:
            export_for_versions = partial(sources.export_of, opened, keep_documents=True)
            result = sources.export_of(opened)  # so that what is loaded late counts for none of them
            times = [
                (
                    cpu_of(lambda: sources.export_of(opened)),
                    cpu_of(lambda: list_deployments(export_for_versions(), opened)),
                )
                for _ in range(RUNS)
            ]
            export, both = (min(each) for each in zip(*times, strict=True))
            listed = cpu_of(lambda: list_deployments(result, opened))
            extent = Extent(20, between=False)
            shown = cpu_of(lambda: follow_deployments(result, opened, Selected(SERVICE), extent))
        warm = remembered(root, Path(folder) / "apps.git", FactsFile(Path(folder) / "version-facts"))
        log = cpu_of(lambda: git(root, "log", "--first-parent", "-m", "--raw", "--", f"apps/{SERVICE}"))
    name = f"history of one after {COMMITS} commits, without the list, beside `git log`"
    rows = [
        f"| measured, {FOLDERS:,} folders | Scenedock | beside | ratio | wanted |",
        "| --- | --- | --- | --- | --- |",
        f"| versions of all, added | {both - export:.2f} s | {export:.2f} s | {both / export - 1:.2f} | ≤ 0.15 |",
        f"| {name} | {shown - listed:.2f} s | {log:.2f} s | {(shown - listed) / log:.1f} | |",
        *warm,
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure, print, and write the page."""
    text = report()
    print(text)
    write_part(PAGE, "bench/releases.py", text)


if __name__ == "__main__":
    main()
