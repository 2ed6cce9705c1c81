"""How often one service and one change ask the code host, on GitHub and on GitLab.

A table goes into docs/benchmarks.md. The hosts are those of tests/fakes; requests are counted, so a busy machine
doesn't matter. Each action begins in a process that knows nothing yet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.pages import write_part
from tests.publishing.acme import acme_with
from tests.publishing.acme_gitlab import acme_on_gitlab
from tests.publishing.company import Company

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
FILES = [{"path": f"app/{number}.py", "content": f"print({number})\n"} for number in range(30)]
SERVICE: Mapping[str, Any] = {
    "repoUrl": "ledger",
    "files": [*FILES, {"path": "logo.png", "content": "AAEC", "encoding": "base64"}],
    "description": "Keeps the books",
    "topics": ["python"],
    "variables": {"IMAGE": "ledger"},
    "secrets": {"DEPLOY_KEY": "a-secret-of-the-service"},
    "branchProtection": {"approvals": 1},
}
CHANGE: Mapping[str, Any] = {
    "repoUrl": "apps",
    "title": "billing 1.4.0",
    "edits": [{"path": "billing/values.yaml", "set": {"image.tag": "1.4.0"}}],
    "labels": ["deploy"],
    "reviewers": ["bob"],
}
COMMIT: Mapping[str, Any] = {"repoUrl": "apps", "commitMessage": "Tidy", "delete": ["NOTES.md"]}


def counted(company: Company, action: str, given: Mapping[str, Any], number: int) -> tuple[int, int]:
    """How many requests of the API and of git one action needs in a process that knows nothing."""
    company.restart()
    company.calls()
    company.run(action, given, task=f"task-{number}")
    calls = company.calls()
    of_git = sum("/git-" in call or "/info/refs" in call for call in calls)
    return len(calls) - of_git, of_git


def rows(company: Company) -> list[tuple[str, int, int]]:
    """What is counted, with the requests of the API and of git."""
    team = {"teams": [{"team": company.team("payments"), "permission": "maintain"}]}
    asked: list[tuple[str, str, Mapping[str, Any]]] = [
        ("one service: `publish-repository`, with one setting of each kind", "publish-repository", {**SERVICE, **team}),
        ("one change: `propose-change` of one value, with a label and a reviewer", "propose-change", CHANGE),
        ("one commit: `commit-change` that deletes a file", "commit-change", COMMIT),
    ]
    return [(name, *counted(company, action, given, at)) for at, (name, action, given) in enumerate(asked)]


def main() -> None:
    """Count, and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        with acme_with(Path(folder) / "github") as on_github:
            github = rows(on_github)
        with acme_on_gitlab(Path(folder) / "gitlab") as on_gitlab:
            gitlab = rows(on_gitlab)
    lines = [
        "| requests | GitHub's API | GitLab's API | git on GitLab |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {calls} | {api} | {git} |"
            for (name, calls, _), (_, api, git) in zip(github, gitlab, strict=True)
        ),
    ]
    print("\n".join(lines))
    write_part(PAGE, "bench/publishing.py", "\n".join(lines))


if __name__ == "__main__":
    main()
