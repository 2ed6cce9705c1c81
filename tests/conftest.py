"""What holds for all tests: workers share them, each folder has its cost, and a busy machine is no mistake."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

LONGEST_FIRST = (
    "tests/e2e/",
    "tests/faults/",
    "tests/publishing/test_killed.py",
    "tests/contracts/test_openapi.py",
    "tests/properties/",
    "tests/scenarios/test_catalog_export.py",
    "tests/skeletons/test_like_cookiecutter.py",
)
"""What begins before everything else, in this order, so that no worker is busy with it when the others have ended."""
ROOT = Path(__file__).parents[1]

# No example and no generator fails because it is slow.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


class Sharing(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """A worker takes a file at a time, or all files of a package, where something slow is started for all of them."""

    def _split_scope(self, nodeid: str) -> str:
        file = _file(nodeid)
        return str(next((folder for folder in file.parents if (ROOT / folder / "__init__.py").exists()), file))


class Costs:
    """What the tests of each folder cost: their number, seconds from beginning to end, seconds of processors.

    Processes that a test starts count when they have ended, but for daemons, PostgreSQL among them, and for the forks
    of tools/forks.py. A worker hands over what it has measured, and the process that started the workers shows it.
    """

    def __init__(self) -> None:
        self.measured: dict[str, tuple[float, ...]] = {}
        self.deselected: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        before = os.times()
        try:
            return (yield)
        finally:
            after = os.times()
            cost = (1, after.elapsed - before.elapsed, sum(after[:4]) - sum(before[:4]))
            self._add(str(_file(item.nodeid).parent), cost)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self.deselected += [item.nodeid for item in items]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput.update(measured=self.measured, deselected=self.deselected)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        if told := getattr(node, "workeroutput", None):  # a worker that broke down tells nothing
            self.deselected = told["deselected"]
            for folder, cost in told["measured"].items():
                self._add(folder, cost)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if not (self.measured and config.getoption("numprocesses", None)):
            return
        terminalreporter.section("what the tests of each folder cost")
        terminalreporter.write_line(f"{'':24}{'tests':>8}{'seconds':>10}{'of CPU':>10}")
        total = tuple(map(sum, zip(*self.measured.values(), strict=True)))
        for folder, cost in [*sorted(self.measured.items()), ("all", total)]:
            terminalreporter.write_line("{:24}{:8.0f}{:10.1f}{:10.1f}".format(folder, *cost))
        # For pytest's last line: what workers deselect, xdist doesn't tell.
        terminalreporter.stats["deselected"] = [SimpleNamespace(nodeid=nodeid) for nodeid in self.deselected]

    def _add(self, folder: str, cost: Sequence[float]) -> None:
        self.measured[folder] = tuple(map(sum, zip(self.measured.get(folder, (0, 0, 0)), cost, strict=True)))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Costs())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays until the end, so that nobody looks there for garbage, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in LONGEST_FIRST])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    config.option.loadscopereorder = False  # our order, not that of the number of tests
    return Sharing(config, log)


def _file(nodeid: str) -> PurePath:
    return PurePath(nodeid.partition("::")[0])
