"""What happened is told, signed, in the shape that GitHub describes, and once more on demand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

import pytest
from github.Repository import Repository

from tests.fakes.github import faults
from tests.fakes.github.conftest import commit
from tests.fakes.github.server import FakeGitHub
from tests.fakes.shared.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving("X-GitHub-Event") as made:
        yield made


def test_a_merge_is_told_with_a_signature(fake: FakeGitHub, billing: Repository, receiver: Receiver) -> None:
    commit(billing, "task-1", {"a.txt": "text"})
    pull = billing.create_pull(base="main", head="task-1", title="Add")
    fake.webhooks.add(receiver.url, "s3cret")

    merged = pull.merge()

    (push, pushed), (name, closed) = receiver.wait_for(2)
    assert (push, pushed["ref"], pushed["after"]) == ("push", "refs/heads/main", merged.sha)
    assert (name, closed["action"], closed["number"]) == ("pull_request", "closed", 1)
    assert (closed["pull_request"]["merged"], closed["repository"]["full_name"]) == (True, "acme/billing")
    for headers, body in receiver.got:
        signature = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={signature}"
    assert len({headers["X-GitHub-Delivery"] for headers, _ in receiver.got}) == 2


def test_opening_and_closing_are_told_too_and_again_on_demand(
    fake: FakeGitHub, billing: Repository, receiver: Receiver
) -> None:
    fake.webhooks.add(receiver.url, "s3cret")
    commit(billing, "task-1", {"a.txt": "text"})
    billing.create_pull(base="main", head="task-1", title="Add").edit(state="closed")
    told = receiver.wait_for(3)

    assert [(name, payload.get("action")) for name, payload in told] == [
        ("push", None),
        ("pull_request", "opened"),
        ("pull_request", "closed"),
    ]
    assert told[2][1]["pull_request"]["merged"] is False
    assert [each["added"] for each in told[0][1]["commits"]] == [["a.txt"]]
    assert fake.webhooks.deliveries[2].send() == 202
    first, again = receiver.got[2], receiver.got[3]
    assert first[0]["X-GitHub-Delivery"] == again[0]["X-GitHub-Delivery"]
    assert first[1] == again[1]
    assert fake.webhooks.deliveries[2].statuses == [202, 202]


def test_what_happened_is_told_even_if_the_client_got_no_answer(
    fake: FakeGitHub, billing: Repository, receiver: Receiver
) -> None:
    fake.webhooks.add(receiver.url, "s3cret")
    fake.faults.add("POST .*/git/refs", after=faults.dropped)

    with pytest.raises(OSError, match="Connection aborted"):
        commit(billing, "task-1", {"a.txt": "text"})

    assert [name for name, _ in receiver.wait_for(1)] == ["push"]
