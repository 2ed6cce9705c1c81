"""A process that takes back what a task has done is killed after a call to GitHub; the next one ends it, once.

It is killed after the call that deletes a branch; in `make test-all` after every call.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.github.faults import calling
from tests.publishing.acme import Acme, acme_with
from tests.publishing.test_killed import _forking
from tests.publishing.test_killed_changes import end
from tests.publishing.undoing import run

DELETES = "POST .*/graphql$"


def begin(acme: Acme, name: str, *, undo: bool) -> Any:
    """Start a process that does it, or goes on with it."""
    data = acme.folder / name
    data.mkdir(exist_ok=True)
    process = _forking.Process(target=run, args=(data, acme.hosts, acme.url()), kwargs={"undo": undo})
    process.start()
    return process


def undone(acme: Acme, name: str, call: str = "", at: int = 0) -> tuple[list[str], int]:
    """What is said when two proposals are taken back, and how many calls that is; with `at`, killed after this one."""
    assert end(begin(acme, name, undo=False)) == 0
    acme.fake.calls.clear()
    processes: list[Any] = []
    if at:
        acme.github.faults.add(call, at=at, after=calling(lambda: processes[0].kill()))  # noqa: PLW0108 - it begins later
    processes.append(begin(acme, name, undo=True))
    ended = end(processes[0])
    acme.github.faults.clear()
    if at:
        assert ended == -signal.SIGKILL, f"it was never killed, but ended with {ended}"
        ended = end(begin(acme, name, undo=True))
    assert ended == 0
    outcome = json.loads((acme.folder / name / "outcome").read_bytes())
    assert outcome["status"] == "completed", outcome
    return outcome["said"], len(acme.fake.called())


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.extended)], ids=["one", "every"])
def test_an_undo_that_is_killed_goes_on_says_the_same_and_does_nothing_twice(tmp_path: Path, *, every: bool) -> None:
    with acme_with(tmp_path / "acme") as acme:
        acme.host = acme.github.url.removeprefix("http://")
        listed = acme.hosts.read_text(encoding="utf-8").replace("host: github.com", f"host: {acme.host}")
        acme.hosts.write_text(listed, encoding="utf-8")
        calls = undone(acme, "undisturbed")[1] if every else 1
        for number in range(1, calls + 1):
            said, _ = undone(acme, f"killed-{number}", "" if every else DELETES, number)

            pulls = list(acme.pulls().values())[-2:]
            two, one = said
            assert [two, one] == [
                f"{acme.pull_url(pull.number)} is closed, and its branch {pull.head} is deleted" for pull in pulls[::-1]
            ]
            assert [(pull.state, len(acme.comments(pull.number))) for pull in pulls] == [("closed", 1), ("closed", 1)]
            assert acme.repository("apps").branch("add-one") is None
        assert calls > (10 if every else 0)
