"""What a Template has made in its workspace is published through us, by the module that our documentation shows."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.company import Company
from tests.e2e.projects import baked, contents


def proposed(company: Company, skeleton: str) -> dict[str, tuple[str, bytes]]:
    """The files of the branch that proposes what was baked from a skeleton and changed in the workspace."""
    run = company.frontend.run(
        "publishes-its-workspace", {"repoUrl": company.github.picked("apps"), "skeleton": skeleton}
    )
    assert run.status == "completed", run.text
    files = company.github.hosted("apps").files(str(run.output["branch"]))
    return {path: file for path, file in files.items() if path.startswith("parts/")}


def test_a_template_proposes_what_it_has_changed_in_its_workspace(company: Company, tmp_path: Path) -> None:
    expected = contents(
        baked(tmp_path / "parts", "library-chart", {"name": "parts", "owner": "group:default/payments"}), "parts/"
    )
    expected["parts/docs/README.md"] = expected.pop("parts/README.md")

    assert proposed(company, "library-chart") == expected


def test_links_that_a_hook_has_made_stay_links_on_the_way_through_the_workspace_to_the_commit(company: Company) -> None:
    files = proposed(company, "linked")

    assert files["parts/versions/1.txt"] == ("100644", b"1\n")
    assert (files["parts/latest"], files["parts/current.txt"]) == (("120000", b"versions"), ("120000", b"latest/1.txt"))
