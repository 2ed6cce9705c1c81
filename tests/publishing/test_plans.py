"""The free plan of GitHub protects only branches of public repositories, which is known or told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenedock.errors import InputError, NotAllowedError
from tests.fakes.github import faults
from tests.publishing.acme import Acme, acme_with

NEW: dict[str, Any] = {
    "repoUrl": "github.com/acme/new",
    "files": [{"path": "README.md", "content": "# new\n"}],
    "description": "New",
    "topics": ["Python", "Payments", "python"],
    "branchProtection": {"approvals": 1},
}


def test_protection_that_the_plan_doesnt_have_is_refused_before_anything_is_made(acme: Acme) -> None:
    acme.github.world.accounts["acme"].plan = "free"

    with pytest.raises(InputError, match=r"github\.com/acme has the plan `free`.*leave out the branch protection"):
        acme.run("publish-repository", NEW)

    assert [call for call in acme.calls() if not call.startswith("GET")] == []
    assert acme.run("publish-repository", {**NEW, "branchProtection": None})["defaultBranch"] == "main"


def test_the_plan_of_a_person_is_known_too(tmp_path: Path) -> None:
    with acme_with(tmp_path) as acme:
        world = acme.github.world
        world.accounts["ada"].plan = "free"
        (tmp_path / "token").write_text(world.personal_token("ada", "repo", "user"), encoding="utf-8")
        acme.restart()

        with pytest.raises(InputError, match=r"github\.com/ada has the plan `free`"):
            acme.run("publish-repository", {**NEW, "repoUrl": "github.com/ada/new"})

        assert acme.github.called("^POST") == []


def test_protection_that_github_refuses_is_told_and_the_repository_is_complete(tmp_path: Path) -> None:
    with acme_with(tmp_path) as acme:
        world = acme.github.world
        world.accounts["acme"].plan = "free"
        (tmp_path / "token").write_text(world.personal_token("ada", "repo", "read:org"), encoding="utf-8")
        world.accounts["acme"].members["ada"] = "member"  # who isn't told of the plan
        acme.restart()

        made = acme.run("publish-repository", NEW)

        new = acme.repository("new")
        assert (new.description, new.topics, new.protection) == ("New", ["python", "payments"], {})
        assert new.branch("main") == made["commitHash"]
        assert any(
            line.startswith("warning: github.com/acme/new: main is not protected") and "Upgrade to GitHub Pro" in line
            for line in acme.logged
        )


def test_what_was_left_half_made_for_the_lack_of_protection_is_finished_by_a_retry(acme: Acme) -> None:
    acme.github.faults.add("PUT .*/protection", before=faults.missing_permission)
    with pytest.raises(NotAllowedError, match="Resource not accessible"):
        acme.run("publish-repository", NEW)
    acme.github.world.accounts["acme"].plan = "free"

    acme.run("publish-repository", NEW, again=True)

    assert acme.repository("new").description == "New"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"description": "a\nb"}, "the description has several lines; write it in one line"),
        ({"description": "a\tb"}, "the description contains a tab or another control character; remove it"),
        (
            {"topics": ["ok", "not ok"]},
            "the topic 'not ok' can't be used; write at most 50 letters, digits and hyphens",
        ),
        ({"topics": ["x" * 51]}, "can't be used; write at most 50"),
    ],
)
def test_descriptions_and_topics_are_refused_with_words(acme: Acme, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as refused:
        acme.run("publish-repository", {**NEW, **more})

    assert words in str(refused.value)
    assert acme.calls() == []


def test_a_description_in_a_block_of_yaml_has_one_line(acme: Acme) -> None:
    acme.run("publish-repository", {**NEW, "description": "  Bills what was bought\n"})

    assert acme.repository("new").description == "Bills what was bought"
