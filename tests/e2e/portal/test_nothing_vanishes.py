"""Nothing vanishes by accident from a real Backstage: each kind of accident, and what ends it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.portal.portal import Portal
from tests.scenarios.repositories import plant
from tests.tools.feed import accept
from tests.tools.server import wait_until

CASES = ("typo", "half", "emptied", "unlisted", "refilled", "unreadable", "owners")
FOLDERS = 6
SECONDS_OF_A_SWEEP = 30
"""Backstage deletes orphans so often."""
SECOND_LOOK = "vanishing: {secondLook: 1}\n"
PATIENT = "vanishing: {secondLook: 600}\n"
"""However slow the machine is: no pause of the test is taken for the end of a copy."""


def services(root: Path) -> Path:
    """A repository with some services that somebody owns."""
    files = {"scenedock.yaml": PATIENT if root.name == "refilled" else SECOND_LOOK, "CODEOWNERS": "* @acme/payments\n"}
    for number in range(FOLDERS):
        name = f"{root.name}-{number}"
        files[f"{name}/Chart.yaml"] = f"name: {name}\nversion: 1.0.0\ndescription: {'x' * number}\n"
    return plant(root, files)


def named(repository: str) -> set[str]:
    return {f"{repository}-{number}" for number in range(FOLDERS)}


ALL = {name for repository in CASES for name in named(repository)}


@dataclass
class Reader:
    """Reads the feed all the time, as nobody else does, and notes whenever it was less than a whole catalog."""

    portal: Portal
    missing: list[set[str]] = field(default_factory=list)
    reads: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        while not self._stopped.wait(0.2):
            if lacking := ALL - self.portal.service.entities().keys():
                self.missing.append(lacking)
            self.reads += 1

    def stop(self) -> None:
        self._stopped.set()


@dataclass
class Refill:
    """Something that empties a working copy and fills it again, folder by folder, over and over."""

    working_copy: Path
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        source = self.working_copy.with_name("refilled-source")
        shutil.copytree(self.working_copy, source)
        names = sorted(path.name for path in source.glob("refilled-*"))[:4]
        while not self._stopped.is_set():
            for name in names:
                shutil.rmtree(self.working_copy / name)
            for name in names:
                self._stopped.wait(1)
                shutil.copytree(source / name, self.working_copy / name)

    def stop(self) -> None:
        self._stopped.set()


@dataclass(frozen=True)
class Seen:
    """What was seen after Backstage had swept: its Components with their owners, and what our service says."""

    owners: dict[str, str]
    reasons: dict[str, list[str]]
    metrics: dict[str, set[str]]
    reader: Reader


@pytest.fixture(scope="module")
def folder(portal: Portal) -> Path:
    """The folder of the repositories, all of which Backstage has."""
    folder = portal.folder / "vanishing"
    portal.serve([*portal.repositories, *(services(folder / name) for name in (*CASES, "canary"))])
    wait_until(lambda: portal.has(ALL | named("canary")), "all services in Backstage")
    return folder


@pytest.fixture(scope="module")
def seen(portal: Portal, folder: Path) -> Iterator[Seen]:
    """All accidents at once; then Backstage reads everything again, and deletes what it finds to be orphaned."""
    portal.serve(path for path in portal.repositories if path.name != "unlisted")
    reader, refill = Reader(portal), Refill(folder / "refilled")
    threads = [threading.Thread(target=each) for each in (reader.read, refill.run)]
    for thread in threads:
        thread.start()
    try:
        (folder / "typo" / "scenedock.yaml").write_text("folders: {inclde: ['apps/*']}\n")
        for number in range(5):
            shutil.rmtree(folder / "half" / f"half-{number}")
        shutil.move(folder / "emptied", folder / "emptied-elsewhere")
        (folder / "emptied").mkdir()
        chart = folder / "unreadable" / "unreadable-0" / "Chart.yaml"
        chart.write_text(f"<<<<<<< HEAD\n{chart.read_text()}=======\n>>>>>>> feature\n")
        (folder / "owners" / "CODEOWNERS").write_text("")
        for repository in CASES:
            wait_until(lambda repository=repository: bool(portal.service.reasons(repository)), repository)  # type: ignore[misc]
        portal.read_everything_again()
        shutil.rmtree(folder / "canary" / "canary-0")
        swept = time.monotonic() + SECONDS_OF_A_SWEEP + 5
        wait_until(lambda: not portal.has(["canary-0"]) and time.monotonic() > swept, "a sweep of what is orphaned")
        components = portal.frontend.entities("kind=component")
        found = Seen(
            {each["metadata"]["name"]: each["spec"]["owner"] for each in components},
            {name: portal.service.reasons(name) for name in CASES},
            {name: portal.service.metric(name) for name in CASES},
            reader,
        )
        yield found
    finally:
        for each in (reader, refill):
            each.stop()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("case", "code", "reason"),
    [
        ("typo", "repository-unreadable", "can't be read"),
        ("half", "entities-would-vanish", "5 of its 6 entities would vanish"),
        ("emptied", "entities-would-vanish", "6 of its 6 entities would vanish"),
        (
            "unlisted",
            "repository-unlisted",
            "the repository isn't listed any more, and 6 of its 6 entities would vanish",
        ),
        ("unreadable", "unreadable-folder", "1 folder can't be read"),
        ("owners", "owners-would-vanish", "6 entities would lose their owners"),
    ],
)
def test_the_entities_stay_in_backstage_and_the_service_says_why(seen: Seen, case: str, code: str, reason: str) -> None:
    assert {name: owner for name, owner in seen.owners.items() if name in named(case)} == dict.fromkeys(
        named(case), "group:default/payments"
    )
    assert (seen.reasons[case], seen.metrics[case]) == ([reason], {code})


def test_who_reads_all_the_time_while_a_working_copy_is_refilled_never_sees_less_than_a_whole_catalog(
    seen: Seen,
) -> None:
    assert named("refilled") <= seen.owners.keys()
    assert seen.reader.reads > 20
    assert seen.reader.missing == []


def test_one_command_or_the_repair_ends_it(portal: Portal, folder: Path, seen: Seen) -> None:
    assert seen.reader.missing == []
    seen.reader.stop()
    (folder / "typo" / "scenedock.yaml").write_text(SECOND_LOOK)
    (folder / "emptied").rmdir()
    shutil.move(folder / "emptied-elsewhere", folder / "emptied")
    chart = folder / "unreadable" / "unreadable-0" / "Chart.yaml"
    chart.write_text("name: unreadable-0\nversion: 1.0.0\ndescription: Repaired\n")
    (folder / "owners" / "CODEOWNERS").write_text("* @acme/storefront\n")
    accepted = [accept(name, **portal.service.server.environment) for name in ("half", "unlisted")]
    assert [(each.returncode, each.stdout) for each in accepted] == [
        (0, "half: accepted\n"),
        (0, "unlisted: accepted\n"),
    ]

    for case in set(CASES) - {"refilled"}:
        portal.service.wait_until_well(case)
    gone = named("unlisted") | named("half") - {"half-5"}
    wait_until(lambda: not any(portal.has([name]) for name in gone), "an end of what was accepted")
    (repaired,) = portal.frontend.entities("kind=component,metadata.name=unreadable-0")
    assert repaired["metadata"]["description"] == "Repaired"
    owners = portal.frontend.entities("kind=component,spec.owner=group:default/storefront")
    assert {each["metadata"]["name"] for each in owners} == named("owners")
    assert portal.has(ALL - gone)
