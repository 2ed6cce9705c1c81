"""A team's first hour, exactly as its page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.skeletons.shipped.typing_commands import follow, programs, versions
from tests.skeletons.shipped.world import SKELETONS, run

PAGE = SKELETONS.parent / "docs" / "first-hour.md"

__all__ = ["programs"]


@pytest.mark.usefixtures("programs")
def test_the_page_leads_from_nothing_to_a_second_environment(tmp_path: Path) -> None:
    chapters = [
        each
        for each in PAGE.read_text(encoding="utf-8").split("\n## ")
        if re.search(r"^\$ cd |^\$ git ", each, re.MULTILINE)
    ]
    here, seen, printed = tmp_path, [], []

    for chapter in chapters:
        for line in re.findall(r"^\$ (.*)$", chapter, re.MULTILINE):
            if line.startswith("cd "):
                here /= line.removeprefix("cd ")
            else:
                printed.append(follow(line, here))
        seen.append(versions(here, "billing"))

    assert seen == [{}, {"dev": "0.1.0"}, {"dev": "0.1.0", "qa": "0.1.0"}, {"dev": "0.2.0", "qa": "0.2.0"}]
    assert any("billing dev\nrendered: 1\n" in each for each in printed)
    assert any("billing in qa:\n+ Namespace billing-qa" in each for each in printed)
    assert any("host: billing.qa.example.com" in each for each in printed)
    assert "payments" in (here / "billing" / "catalog-info.yaml").read_text(encoding="utf-8")
    assert run(["git", "status", "--porcelain", "--branch"], here) == "## main...origin/main\n"
