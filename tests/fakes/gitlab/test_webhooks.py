"""What happened is told, with the secret or signed with it, and once more on demand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterator

import pytest
from gitlab.v4.objects import Project

from tests.fakes.gitlab import faults
from tests.fakes.gitlab.conftest import commit
from tests.fakes.gitlab.server import FakeGitLab
from tests.fakes.shared.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving("X-Gitlab-Event") as made:
        yield made


def test_a_merge_is_told_with_the_secret(fake: FakeGitLab, billing: Project, receiver: Receiver) -> None:
    commit(billing, "task-1", {"a.txt": "text"})
    request = billing.mergerequests.create({"source_branch": "task-1", "target_branch": "main", "title": "Add"})
    fake.webhooks.add(receiver.url, "s3cret")

    merged = request.merge(should_remove_source_branch=True)

    (push, pushed), (name, closed), (_, removed) = receiver.wait_for(3)
    assert (push, pushed["object_kind"], pushed["ref"]) == ("Push Hook", "push", "refs/heads/main")
    assert (pushed["after"], pushed["ref_protected"]) == (merged["merge_commit_sha"], True)
    assert [each["added"] for each in pushed["commits"]] == [["a.txt"], ["a.txt"]]
    assert (removed["ref"], removed["after"], removed["checkout_sha"]) == ("refs/heads/task-1", "0" * 40, None)
    told = closed["object_attributes"]
    assert (name, told["action"], told["state"], told["iid"]) == ("Merge Request Hook", "merge", "merged", 1)
    assert (closed["project"]["path_with_namespace"], closed["project"]["id"]) == ("acme/billing", billing.id)
    for headers, _ in receiver.got:
        assert (headers["X-Gitlab-Token"], headers["X-Gitlab-Instance"]) == ("s3cret", fake.url)
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.got}) == 3


def test_the_signed_form_has_no_secret_in_it(fake: FakeGitLab, billing: Project, receiver: Receiver) -> None:
    key = os.urandom(32)
    fake.webhooks.add(receiver.url, f"whsec_{base64.b64encode(key).decode()}")

    commit(billing, "task-1", {"a.txt": "text"})
    receiver.wait_for(1)

    ((headers, body),) = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == headers["Idempotency-Key"]
    assert "X-Gitlab-Token" not in headers


def test_opening_and_closing_are_told_too_and_again_on_demand(
    fake: FakeGitLab, billing: Project, receiver: Receiver
) -> None:
    fake.webhooks.add(receiver.url, "s3cret")
    commit(billing, "task-1", {"a.txt": "text"})
    billing.mergerequests.create({"source_branch": "task-1", "target_branch": "main", "title": "Add"})
    billing.mergerequests.update(1, {"state_event": "close"})
    told = receiver.wait_for(3)

    assert [payload.get("object_attributes", {}).get("action") for _, payload in told] == [None, "open", "close"]
    assert fake.webhooks.deliveries[2].send() == 202
    first, again = receiver.got[2], receiver.got[3]
    assert (first[0]["Idempotency-Key"], first[1]) == (again[0]["Idempotency-Key"], again[1])
    assert fake.webhooks.deliveries[2].statuses == [202, 202]


def test_what_happened_is_told_even_if_the_client_got_no_answer(
    fake: FakeGitLab, billing: Project, receiver: Receiver
) -> None:
    fake.webhooks.add(receiver.url, "s3cret")
    fake.faults.add("POST .*/commits", after=faults.dropped)

    with pytest.raises(OSError, match="Connection aborted"):
        commit(billing, "task-1", {"a.txt": "text"})

    assert [name for name, _ in receiver.wait_for(1)] == ["Push Hook"]


def test_what_waited_is_told_when_it_is_merged(fake: FakeGitLab, billing: Project, receiver: Receiver) -> None:
    held = fake.world.project("acme/billing")
    held.pipeline = "running"
    commit(billing, "task-1", {"a.txt": "text"})
    request = billing.mergerequests.create({"source_branch": "task-1", "target_branch": "main", "title": "Add"})
    request.merge(auto_merge=True)
    fake.webhooks.add(receiver.url, "s3cret")

    fake.set_pipelines(held, "success")

    assert [payload["object_kind"] for _, payload in receiver.wait_for(2)] == ["push", "merge_request"]
