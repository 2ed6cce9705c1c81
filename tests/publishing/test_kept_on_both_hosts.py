"""One open pull request for each service and environment, on GitHub and on GitLab alike."""

from __future__ import annotations

import time

import pytest

from scenedock.errors import TemporaryError
from scenedock.model.code_hosts.code_host import read_repository
from tests.fakes.shared.bare import Signature
from tests.publishing.acme_gitlab import AcmeOnGitLab
from tests.publishing.bumps import BRANCH, bump
from tests.publishing.company import Company


def moves_on(company: Company, commits: int) -> None:
    """Others commit so often to main."""
    git = company.repository("apps").git
    top = git.refs("refs/heads/main")["refs/heads/main"]
    tree = git.resolve(top, "tree")
    assert tree
    ada = Signature("Ada", "ada@example.org", f"{int(time.time())} +0000")
    for number in range(commits):
        top = git.write_commit(tree, [top], f"Number {number}", ada, ada)
    git.move("refs/heads/main", top)


def test_ours_is_found_again_however_far_its_base_has_moved_on(company: Company) -> None:
    bump(company, "1.4.0")
    moves_on(company, 120)

    second = bump(company, "1.5.0")
    same = bump(company, "1.5.0", "later")

    assert (second.number, same.number, second.branch, len(company.pulls())) == (1, 1, BRANCH, 1)
    assert len(company.repository("apps").git.commits(f"main..{BRANCH}")) == 1


def test_a_person_s_commit_is_seen_however_far_the_base_has_moved_on(company: Company) -> None:
    bump(company, "1.4.0")
    theirs = company.commit(BRANCH, {"more": "x"})
    moves_on(company, 120)

    assert bump(company, "1.5.0").number == 2
    assert company.repository("apps").branch(BRANCH) == theirs


def test_the_comment_on_one_that_is_superseded_names_the_new_one_by_its_address(company: Company) -> None:
    bump(company, "1.4.0")
    company.commit(BRANCH, {"more": "x"})

    second = bump(company, "1.5.0")

    assert [text.partition(". ")[0] for text in company.comments(1)] == [
        f"A later change of the same is proposed in {second.url}"
    ]


def test_only_our_own_commit_is_for_the_host_to_merge(company: Company) -> None:
    first, same = bump(company, "1.4.0"), bump(company, "1.4.0", "later")
    company.commit(BRANCH, {"more": "x"})

    theirs = bump(company, "1.4.0", "even-later")

    assert (first.by_others, same.by_others) == (False, False)
    assert (theirs.number, theirs.by_others) == (1, True)
    with company.effects.code_hosts.open(read_repository(company.url())) as repository:
        assert repository.pulls
        with pytest.raises(TemporaryError):
            repository.pulls.merge_when_ready(1, first.commit)
    assert company.pulls()[1].state == "open"


def test_gitlab_no_longer_merges_by_itself_what_has_other_content(on_gitlab: AcmeOnGitLab) -> None:
    apps = on_gitlab.repository("apps")
    first = bump(on_gitlab, "1.4.0")
    apps.pipeline = "running"
    with on_gitlab.effects.code_hosts.open(read_repository(on_gitlab.url())) as repository:
        assert repository.pulls
        assert repository.pulls.merge_when_ready(1, first.commit)
    armed = apps.merge_requests[1].auto_merge

    second = bump(on_gitlab, "1.5.0")

    assert (second.number, armed is None, apps.merge_requests[1].auto_merge) == (1, False, None)


TEXT = """Please look
/approve
  /close
```diff
 /unchanged
/approve
```
````
/target_branch other
"""


def test_a_text_is_only_a_text(on_gitlab: AcmeOnGitLab) -> None:
    proposal = {"repoUrl": "apps", "title": "x", "files": [{"path": "a", "content": "b"}], "body": TEXT}

    on_gitlab.run("propose-change", proposal)

    (held,) = on_gitlab.repository("apps").merge_requests.values()
    assert (held.state, held.target_branch, held.approvals) == ("opened", "main", 0)
    assert " /unchanged" in (held.description or "").splitlines()
    assert "\n\\/approve\n  \\/close\n" in (held.description or "")


def test_what_a_person_wrote_around_the_text_stays_when_a_named_branch_gets_another_change(company: Company) -> None:
    named = {"repoUrl": "apps", "branch": "bump", "title": "x", "body": "Old", "files": [{"path": "a", "content": "1"}]}
    company.run("propose-change", named)
    company.edit_text(1, f"Ada: not before five.\n\n{company.pulls()[1].body}")

    company.run("propose-change", {**named, "body": "New", "files": [{"path": "a", "content": "2"}]}, task="task-2")

    text = (company.pulls()[1].body or "").splitlines()
    assert (text[0], "New" in text, "Old" in text) == ("Ada: not before five.", True, False)
