"""A process that sets a version is killed after a call to GitHub; the deployment has one pull request all the same.

It is killed after the call that changes most; with `SCENEDOCK_SOAK=1` after every call.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.fakes.github.faults import calling
from tests.fakes.shared.bare import NULL
from tests.publishing.changing import SECONDS, run
from tests.publishing.deploying import Deploying, deploying_in
from tests.publishing.test_killed import _forking

BRANCH = "scenedock/deploy/billing/dev"


def begin(acme: Deploying, version: str) -> ForkServerProcess:
    data = acme.folder / f"data-{version}"
    data.mkdir(exist_ok=True)
    process = _forking.Process(target=run, args=(data, acme.hosts, acme.clone, version))
    process.start()
    return process


def end(process: ForkServerProcess) -> int | None:
    if not wait([process.sentinel], SECONDS):
        process.kill()
    process.join()
    return process.exitcode


def killed_after(acme: Deploying, version: str, call: str, at: int) -> bool:
    """Run the task, killed after a call, and once more; whether there was such a call."""
    acme.calls()
    processes: list[ForkServerProcess] = []
    acme.github.faults.add(call, at=at, after=calling(lambda: processes[0].kill()))  # noqa: PLW0108 - it begins later
    processes.append(begin(acme, version))
    was_killed = end(processes[0]) == -signal.SIGKILL
    acme.github.faults.clear()
    if was_killed:
        assert end(begin(acme, version)) == 0
    return was_killed


def create(_acme: Deploying, _version: str) -> None:
    """There is none."""


def update(acme: Deploying, version: str) -> None:
    """There is one with another version."""
    acme.deploy("set-version", f"before-{version}", environment="dev", version=f"{version}-before")


def supersede(acme: Deploying, version: str) -> None:
    """There is one on which a person works."""
    update(acme, version)
    acme.github.world.commit("acme/gitops", BRANCH, {f"notes-{version}.md": "mine\n"})


@pytest.mark.parametrize(
    ("situation", "call"),
    [(create, "POST .*/git/refs"), (update, "POST /graphql"), (supersede, "POST .*/pulls$")],
    ids=["create", "update", "supersede"],
)
def test_a_task_that_is_killed_goes_on_and_there_are_never_two(
    tmp_path: Path, situation: Callable[[Deploying, str], None], call: str
) -> None:
    is_soak = bool(os.environ.get("SCENEDOCK_SOAK"))
    with deploying_in(tmp_path / "acme") as acme:
        gitops = acme.repository("gitops")
        for number in range(1, 99 if is_soak else 2):
            for pull in [each for each in gitops.pulls.values() if each.state == "open"]:
                pull.state, pull.head_sha, pull.base_sha = "closed", gitops.branch(pull.head), gitops.branch(pull.base)
                gitops.git.move(f"refs/heads/{pull.head}", NULL)
            version = f"2.{number}.0"
            situation(acme, version)

            if not killed_after(acme, version, "" if is_soak else call, number):
                break
            outcome = json.loads((acme.folder / f"data-{version}" / "outcome").read_bytes())
            assert outcome["status"] == "completed", outcome
            pulls = [each for each in gitops.pulls.values() if each.state == "open"]
            (own,) = (each for each in pulls if each.title == f"Set billing in dev to {version}")
            assert acme.says("dev", own.head) == f"image:\n  tag: {version} # dev\n"
            assert len(pulls) == 1 + (situation is supersede)
            assert all(len(each.comments) == 1 for each in pulls if each is not own)
        assert number > (9 if is_soak else 0)
