"""What a Template has made in its workspace is published through us, by the module that our documentation shows."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.company import Company
from tests.e2e.projects import baked, contents


def test_a_template_proposes_what_it_has_changed_in_its_workspace(company: Company, tmp_path: Path) -> None:
    run = company.frontend.run("publishes-its-workspace", {"repoUrl": company.github.picked("apps")})

    assert run.status == "completed", run.text
    branch = str(run.output["branch"])
    proposed = {
        path: file for path, file in company.github.hosted("apps").files(branch).items() if path.startswith("parts/")
    }
    expected = contents(
        baked(tmp_path / "parts", "library-chart", {"name": "parts", "owner": "group:default/payments"}), "parts/"
    )
    expected["parts/docs/README.md"] = expected.pop("parts/README.md")
    assert proposed == expected
