"""Versions in any order for several deployments, while people merge, close and work on pull requests.

There are 30; in `make test-all` also 60, and with `SCENEDOCK_SOAK=1` 600 instead.
"""

from __future__ import annotations

import os
import random

import pytest

from scenedock.errors import TemporaryError
from tests.fakes.github import faults
from tests.fakes.github.model import Pull
from tests.publishing.acme import Acme
from tests.publishing.bumps import bump, opened

PAIRS = [(service, environment) for service in ("billing", "cart", "ledger") for environment in ("dev", "qa")]
MANY = 600 if os.environ.get("SCENEDOCK_SOAK") else 60
SEED = 16


def branch(service: str, environment: str) -> str:
    return f"scenedock/deploy/{service}/{environment}"


def path(service: str, environment: str) -> str:
    return f"{service}/{environment}-values.yaml"


def theirs(acme: Acme, pull: Pull) -> bool:
    """Whether a person has committed to the branch of a pull request."""
    commits = acme.repository("apps").git.commits(pull.head, f"^{acme.repository('apps').branch('main')}")
    return any("Scenedock-Task" not in each.message for each in commits)


def disturb(acme: Acme, chance: random.Random) -> None:
    """What people do meanwhile."""
    pulls = opened(acme)
    what = chance.random()
    if not pulls or what < 0.6:
        return
    pull = chance.choice(pulls)
    if what < 0.75:
        acme.close(pull.number)
    elif what < 0.9:
        mergeable = acme.repository("apps").git
        base, head = mergeable.refs()["refs/heads/main"], mergeable.refs()[f"refs/heads/{pull.head}"]
        if mergeable.merged_tree(base, head):
            acme.merge(pull.number)
    else:
        acme.github.world.commit("acme/apps", pull.head, {f"notes-{pull.number}.md": "mine\n"})


@pytest.mark.parametrize("bumps", [30, pytest.param(MANY, marks=pytest.mark.extended)])
def test_a_deployment_never_has_two_open_pull_requests_of_ours(acme: Acme, bumps: int) -> None:
    chance = random.Random(SEED)  # noqa: S311 - it decides nothing secret
    acme.github.world.commit("acme/apps", "main", {path(*pair): "image: {tag: 1.0.0}\n" for pair in PAIRS})
    versions = [(pair, f"1.{number}.0") for number in range(bumps // len(PAIRS)) for pair in PAIRS]
    chance.shuffle(versions)

    for number, (pair, version) in enumerate(versions):
        task = f"task-{number}"
        if chance.random() < 0.2:
            acme.github.faults.add("(POST|PATCH) ", at=chance.randint(1, 4), after=faults.dropped)
        try:
            done = bump(acme, version, task, branch=branch(*pair), path=path(*pair))
        except TemporaryError:
            acme.restart()
            acme.forget_pauses()
            done = bump(acme, version, task, again=True, branch=branch(*pair), path=path(*pair))
        acme.github.faults.clear()

        own = [pull for pull in opened(acme) if pull.head.partition("+")[0] == branch(*pair) and not theirs(acme, pull)]
        assert len(own) <= 1, (number, pair, version)
        if done.state == "open":
            (pull,) = (each for each in opened(acme) if each.number == done.number)
            assert f"To {version}." in (pull.body or "")
            assert acme.repository("apps").files(pull.head)[path(*pair)][1] == f"image: {{tag: {version}}}\n".encode()
        disturb(acme, chance)

    assert len(acme.repository("apps").pulls) > len(PAIRS)
