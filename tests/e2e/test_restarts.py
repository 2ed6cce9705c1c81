"""One of the two starts anew, and the other goes on."""

from __future__ import annotations

from tests.e2e.company import Company

OURS = "scenedock:export-catalog"


def test_our_actions_are_back_when_our_service_is(company: Company) -> None:
    company.service.stop()
    company.service.start()

    assert company.frontend.run("uses-output", {}).status == "completed"


def test_a_backstage_with_new_keys_is_known_at_once(company: Company) -> None:
    assert company.frontend.run("uses-output", {}).status == "completed"

    company.backstage.stop()
    company.start_backstage()

    assert OURS in company.frontend.actions()
    run = company.frontend.run("uses-output", {})
    assert run.status == "completed", run.text
