"""A commit goes straight to a branch only where that is allowed, and never over what others did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError, TemporaryError
from tests.fakes.github import faults
from tests.fakes.github.call import RefusedError
from tests.fakes.shared.bare import Entry, Signature
from tests.publishing.acme import Acme
from tests.publishing.company import APPS, Company

APPS_URL = "apps"
TAG: dict[str, Any] = {
    "repoUrl": APPS_URL,
    "commitMessage": "billing 1.4.0",
    "edits": [{"path": "billing/values.yaml", "set": {"image.tag": "1.4.0"}}],
}

PROTECTED = {
    "github": r"github\.com refuses PATCH .*approving review",
    "gitlab": r"acme/platform/apps refuses a push to 'main': .*not allowed to push code to protected branches",
}


def moves(company: Company, *files: Mapping[str, str | None]) -> None:
    """Somebody commits these files, each time just before our commit becomes the branch."""
    left = list(files)

    def move() -> None:
        company.commit("main", left.pop(0))

    company.struck.add(company.requests["move a branch"], before=faults.calling(move), times=len(files))


def test_a_commit_is_made_again_after_what_came_meanwhile(company: Company) -> None:
    moves(company, {"other/values.yaml": "a: 1\n"}, {"NOTES.md": None})

    made = company.run("commit-change", TAG)

    apps = company.repository("apps")
    assert apps.branch("main") == made["commitHash"]
    assert apps.git.commits("main")[0].message.startswith("billing 1.4.0\n")
    assert len(apps.git.commits("main")) == 4
    files = apps.files("main")
    assert (b"tag: '1.4.0'" in files["billing/values.yaml"][1], "NOTES.md" in files) == (True, False)


def test_another_value_of_the_same_file_is_no_contradiction(company: Company) -> None:
    moves(company, {"billing/values.yaml": APPS["billing/values.yaml"].replace("replicas: 2", "replicas: 5")})

    company.run("commit-change", TAG)

    text = company.repository("apps").files("main")["billing/values.yaml"][1].decode()
    assert ("tag: '1.4.0'" in text, "replicas: 5" in text) == (True, True)


def test_what_somebody_else_changed_too_is_a_conflict_that_names_both(company: Company) -> None:
    moves(company, {"billing/values.yaml": "image: {tag: 9.9.9}\n"})

    with pytest.raises(ConflictError, match=r"others have changed the same on main: billing/values.yaml \(") as error:
        company.run("commit-change", TAG)

    apps = company.repository("apps")
    assert str(apps.branch("main"))[:12] in str(error.value)
    assert apps.files("main")["billing/values.yaml"][1] == b"image: {tag: 9.9.9}\n"


def test_a_file_that_somebody_else_wrote_meanwhile_is_a_conflict(company: Company) -> None:
    moves(company, {"new": "theirs"})

    with pytest.raises(ConflictError, match="others have changed the same on main: new"):
        company.run(
            "commit-change", {"repoUrl": APPS_URL, "commitMessage": "x", "files": [{"path": "new", "content": "y"}]}
        )


def test_a_branch_that_never_rests_is_tried_again_later(company: Company) -> None:
    moves(company, *[{"other": str(number)} for number in range(5)])

    with pytest.raises(TemporaryError, match="main moves too often"):
        company.run("commit-change", TAG)
    assert company.run("commit-change", TAG, again=True)["changed"] is True


def test_what_is_there_already_changes_nothing(company: Company) -> None:
    first = company.run("commit-change", TAG)
    second = company.run("commit-change", TAG, task="task-2")

    assert (second["changed"], second["commitHash"]) == (False, first["commitHash"])


def test_a_protected_branch_is_told_in_the_hosts_words(company: Company) -> None:
    company.protect("apps", "main")

    with pytest.raises(NotAllowedError, match=PROTECTED[company.kind]):
        company.run("commit-change", TAG)


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"repoUrl": "other"}, NotAllowedError, "use `propose-change`, or list .* `direct_commits`"),
        ({"branch": "no"}, NotFoundError, "has no branch 'no'"),
        ({"commitMessage": ""}, InputError, "`commitMessage` is required"),
        ({"commitMessage": "a\x1b[31m"}, InputError, "control characters"),
        ({"commitMessage": "a\n\nRequested-by: user:default/boss"}, InputError, "Scenedock writes these"),
    ],
)
def test_what_is_not_allowed_is_refused(
    company: Company, more: dict[str, str], error: type[Exception], said: str
) -> None:
    before = company.repository("apps").git.refs()

    with pytest.raises(error, match=said):
        company.run("commit-change", {**TAG, **more})

    assert company.repository("apps").git.refs() == before


def test_a_worker_that_was_given_up_and_its_successor_make_one_commit(company: Company) -> None:
    git = company.repository("apps").git
    long_ago = Signature("Ada", "ada@example.org", "1700000000 +0000")
    theirs: list[str] = []

    def given_up() -> None:
        files = [Entry("NOTES.md", "100644", "blob", git.write_blob(b"new"))]
        tree = git.write_tree(files, git.resolve("main", "tree"))
        message = "x\n\nScenedock-Task: task-1/step-1\n"
        theirs.append(git.write_commit(tree, [git.refs()["refs/heads/main"]], message, long_ago, long_ago))
        git.move("refs/heads/main", theirs[0])

    company.struck.add(company.requests["move a branch"], before=faults.calling(given_up))
    given = {"repoUrl": APPS_URL, "commitMessage": "x", "files": [{"path": "NOTES.md", "content": "new"}]}

    made = company.run("commit-change", given, again=True)

    assert (made["changed"], [made["commitHash"]]) == (True, theirs)


@pytest.mark.parametrize(
    "words",
    [
        "Changes must be made through a pull request.",
        "Repository rule violations found",
        'Required status check "build" is expected.',
    ],
)
def test_rules_of_a_branch_are_no_mistake_of_the_input(acme: Acme, words: str) -> None:
    acme.github.faults.add("PATCH .*/git/refs/", before=lambda: RefusedError(422, words).answer)

    with pytest.raises(NotAllowedError, match=words):
        acme.run("commit-change", TAG)
