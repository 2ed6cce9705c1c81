"""One open pull request for each service and environment, on GitHub and on GitLab alike."""

from __future__ import annotations

import time

from tests.fakes.shared.bare import Signature
from tests.publishing.bumps import BRANCH, bump
from tests.publishing.company import Company


def moves_on(company: Company, commits: int) -> None:
    """Others commit so often to main."""
    git = company.repository("apps").git
    top = git.refs("refs/heads/main")["refs/heads/main"]
    tree = git.resolve(top, "tree")
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
