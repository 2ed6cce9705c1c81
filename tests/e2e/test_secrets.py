"""A secret of a Backstage task gets where the Template sends it, and nowhere else."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

from tests.e2e.company import Company

CANARY = 'canary/"of this task"+only'


def test_a_secret_reaches_the_project_and_no_log_and_no_store(company: Company) -> None:
    run = company.frontend.run(
        "passes-a-secret", {"repoUrl": "github.com?owner=acme&repo=ledger"}, secrets={"TOKEN": CANARY}
    )

    assert run.status == "completed", run.text
    _, files = company.published(run, "publish:github")
    assert (files / "settings.ini").read_text("utf-8") == f"token={CANARY}\n"
    places = {"what the user sees": run.text, "our log": company.service.said()}
    places |= {
        str(path): path.read_bytes().decode("latin-1")
        for path in (company.folder / "data").rglob("*")
        if path.is_file() and path.name != "settings.ini"
    }
    forms = [CANARY, CANARY.replace('"', '\\"'), quote(CANARY, safe=""), b64encode(CANARY.encode()).decode()]
    assert [place for place, text in places.items() if any(form in text for form in forms)] == []
