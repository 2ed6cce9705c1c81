"""One open pull request for each service and environment: updated, superseded, left alone or closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scenedock.errors import ConflictError, TemporaryError
from tests.fakes.github import faults
from tests.fakes.shared.bare import NULL
from tests.publishing.acme import Acme
from tests.publishing.bumps import BRANCH, bump, opened, proposes

FAULTS: dict[str, dict[str, Any]] = {"lost before": {"before": faults.dropped}, "lost after": {"after": faults.dropped}}


def test_a_later_version_updates_the_open_pull_request_on_the_newest_base(acme: Acme) -> None:
    first = bump(acme, "1.4.0")
    acme.github.world.commit("acme/apps", "main", {"billing/qa.yaml": "# moved\nimage: {tag: 1.3.5}\n"})

    second = bump(acme, "1.5.0")

    apps = acme.repository("apps")
    (pull,) = opened(acme)
    assert (first.number, second.number, pull.title) == (1, 1, "billing 1.5.0 in qa")
    assert "To 1.5.0." in (pull.body or "")
    assert "To 1.4.0." not in (pull.body or "")
    assert "Scenedock-Task: task-1.5.0/step-1" in (pull.body or "").splitlines()
    assert proposes(acme) == "# moved\nimage: {tag: 1.5.0}\n"
    assert apps.git.commits(BRANCH)[1].sha == apps.branch("main")


def test_the_same_again_changes_nothing_whoever_asks(acme: Acme) -> None:
    first = bump(acme, "1.4.0")
    acme.calls()

    again = bump(acme, "1.4.0", "another-task")

    assert again == first
    assert [call for call in acme.calls() if not call.startswith("GET ")] == []


def test_an_older_task_that_is_tried_again_leaves_what_a_newer_one_proposed(acme: Acme) -> None:
    bump(acme, "1.4.0")
    bump(acme, "1.5.0")
    acme.restart()
    acme.github.faults.add("PATCH .*/pulls/", before=faults.dropped)
    with pytest.raises(TemporaryError):
        bump(acme, "1.6.0")

    for older in ("1.4.0", "1.5.0"):
        with pytest.raises(ConflictError, match=r"a later change has replaced this one in .*/pull/1"):
            bump(acme, older, again=True)

    assert bump(acme, "1.6.0", again=True).number == 1
    assert proposes(acme) == "image: {tag: 1.6.0}\n"
    assert bump(acme, "1.4.0", "anew").number == 1
    assert proposes(acme) == "image: {tag: 1.4.0}\n"


def test_what_a_person_writes_around_our_text_stays(acme: Acme) -> None:
    bump(acme, "1.4.0")
    pull = acme.repository("apps").pulls[1]
    pull.body = f"Ada: after Monday.\r\n\r\n{pull.body}"

    bump(acme, "1.5.0")

    text = (pull.body or "").splitlines()
    assert (text[0], "To 1.5.0." in text, "To 1.4.0." in text) == ("Ada: after Monday.", True, False)


def test_a_branch_on_which_a_person_works_is_left_to_them_and_the_change_has_one_of_its_own(acme: Acme) -> None:
    bump(acme, "1.4.0")
    theirs = acme.github.world.commit("acme/apps", BRANCH, {"billing/more.yaml": "replicas: 3\n"})

    second, third = bump(acme, "1.5.0"), bump(acme, "1.6.0")

    apps = acme.repository("apps")
    assert (second.number, third.number, [pull.number for pull in opened(acme)]) == (2, 2, [1, 2])
    assert (apps.branch(BRANCH), proposes(acme), proposes(acme, second.branch)) == (
        theirs,
        "image: {tag: 1.4.0}\n",
        "image: {tag: 1.6.0}\n",
    )
    assert [comment.body.partition(".")[0] for comment in apps.pulls[1].comments] == [
        f"A later change of the same is proposed in {second.url}".partition(".")[0]
    ]
    assert apps.pulls[1].title == "billing 1.4.0 in qa"


def test_ours_is_found_again_though_the_branch_of_the_first_is_free(acme: Acme) -> None:
    bump(acme, "1.4.0")
    acme.github.world.commit("acme/apps", BRANCH, {"billing/more.yaml": "replicas: 3\n"})
    bump(acme, "1.5.0")
    acme.close(1)
    acme.repository("apps").git.move(f"refs/heads/{BRANCH}", NULL)

    assert bump(acme, "1.6.0").number == 2
    assert len(opened(acme)) == 1


def test_a_branch_that_was_only_brought_up_to_date_is_still_ours(acme: Acme) -> None:
    bump(acme, "1.4.0")
    acme.github.world.commit("acme/apps", "main", {"x": "y"})
    acme.github.world.update_branch("acme/apps", BRANCH)

    assert bump(acme, "1.5.0").number == 1


@pytest.mark.parametrize("more", ["", "\n\nand raise the limits"])
def test_a_merge_that_a_person_made_is_theirs(acme: Acme, more: str) -> None:
    bump(acme, "1.4.0")
    theirs = acme.github.world.commit("acme/apps", BRANCH, {"x": "y"}, f"Merge branch 'main' into {BRANCH}{more}")

    assert bump(acme, "1.5.0").number == 2
    assert acme.repository("apps").branch(BRANCH) == theirs


def test_a_closed_one_is_not_opened_again_for_the_same_but_for_another_version(acme: Acme) -> None:
    bump(acme, "1.4.0")
    acme.close(1)

    same, other = bump(acme, "1.4.0", "later"), bump(acme, "1.5.0")

    assert (same.number, same.state, other.number, other.state) == (1, "closed", 2, "open")


def test_after_a_merge_the_branch_that_stayed_is_used_again(acme: Acme) -> None:
    first = bump(acme, "1.4.0")
    acme.merge(1)

    retried, nothing, next_one = bump(acme, "1.4.0", again=True), bump(acme, "1.4.0", "later"), bump(acme, "1.5.0")

    assert (retried.number, retried.state, first.state) == (1, "merged", "open")
    assert (nothing.changed, nothing.branch) == (False, "main")
    assert (next_one.number, next_one.branch, proposes(acme)) == (2, BRANCH, "image: {tag: 1.5.0}\n")


def test_where_nothing_is_to_be_changed_what_is_open_is_told_and_stays(acme: Acme) -> None:
    bump(acme, "1.4.0")

    done = bump(acme, "1.3.0")

    assert (done.changed, len(opened(acme))) == (False, 1)
    assert "pull/1 is open, and proposes something else" in acme.logged[-1]


def test_two_at_once_are_one_pull_request_and_a_conflict_that_says_who(acme: Acme) -> None:
    acme.github.faults.add("POST .*/git/refs", before=faults.calling(lambda: bump(acme, "1.5.0")))

    with pytest.raises(ConflictError, match=r"user:default/jane is changing the same at this moment"):
        bump(acme, "1.4.0")

    assert [pull.title for pull in opened(acme)] == ["billing 1.5.0 in qa"]
    assert proposes(acme) == "image: {tag: 1.5.0}\n"


def test_who_pushes_while_a_branch_is_moved_loses_nothing(acme: Acme) -> None:
    bump(acme, "1.4.0")
    theirs: list[str] = []
    push = lambda: theirs.append(acme.github.world.commit("acme/apps", BRANCH, {"mine": "x"}))  # noqa: E731
    acme.github.faults.add("POST /graphql", before=faults.calling(push))

    with pytest.raises(ConflictError, match="somebody else is changing the same"):
        bump(acme, "1.5.0")

    assert acme.repository("apps").branch(BRANCH) == theirs[0]


def test_two_at_once_who_want_the_same_have_the_same(acme: Acme) -> None:
    acme.github.faults.add("POST .*/git/refs", before=faults.calling(lambda: bump(acme, "1.4.0", "other")))

    assert bump(acme, "1.4.0").number == 1
    assert len(opened(acme)) == 1


def create(acme: Acme, number: int) -> str:
    return f"2.{number}.0"


def update(acme: Acme, number: int) -> str:
    bump(acme, f"1.{number}.9", f"before-{number}")
    return f"2.{number}.0"


def supersede(acme: Acme, number: int) -> str:
    done = bump(acme, f"1.{number}.9", f"before-{number}")
    acme.github.world.commit("acme/apps", done.branch, {f"theirs-{number}": "x"})
    return f"2.{number}.0"


@pytest.mark.parametrize(
    ("situation", "writes"), [(create, 4), (update, 4), (supersede, 5)], ids=["create", "update", "supersede"]
)
def test_whichever_writing_call_is_lost_there_are_never_two(
    acme: Acme, situation: Callable[[Acme, int], str], writes: int
) -> None:
    trials = [("lost after", at) for at in range(1, writes + 1)] + [("lost before", writes)]
    for number, (fault, at) in enumerate(trials):
        for pull in opened(acme):
            acme.close(pull.number)
            acme.repository("apps").git.move(f"refs/heads/{pull.head}", NULL)
        version = situation(acme, number)
        acme.restart()
        acme.github.faults.add("(POST|PATCH) ", at=at, **FAULTS[fault])
        with pytest.raises(TemporaryError):
            bump(acme, version)
        acme.restart()
        bump(acme, version, again=True)
        ours = [pull for pull in opened(acme) if pull.title == f"billing {version} in qa"]
        assert len(ours) == 1, (fault, at)
        assert f"To {version}." in (ours[0].body or "")
        assert proposes(acme, ours[0].head) == f"image: {{tag: {version}}}\n"
        others = [pull for pull in opened(acme) if pull is not ours[0]]
        assert len(others) == (situation is supersede)
        assert all(len(pull.comments) == 1 for pull in others)
    acme.calls()
    bump(acme, "9.0.0")
    asks = situation is supersede  # who we are, by GraphQL, to know our comment
    assert len([call for call in acme.calls() if not call.startswith("GET ")]) == 4 + asks
