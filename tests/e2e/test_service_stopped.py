"""Our service is stopped, and Backstage goes on with everything that isn't ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.company import Company

OURS = "scenedock:export-catalog"


@pytest.fixture(scope="module")
def stopped_service(company: Company) -> Iterator[Company]:
    """The company while our service is stopped."""
    company.service.stop()
    try:
        yield company
    finally:
        company.service.start()


def test_templates_of_others_run_while_our_service_is_stopped(stopped_service: Company) -> None:
    run = stopped_service.frontend.run("without-us", {"name": "Ada"})

    assert run.status == "completed", run.text
    assert "Hello, Ada" in run.text


def test_while_our_service_is_stopped_our_actions_alone_are_missing(stopped_service: Company) -> None:
    listed = stopped_service.frontend.actions()

    assert "debug:log" in listed
    assert "catalog:register" in listed
    assert OURS not in listed


def test_assistants_keep_the_tools_of_others_while_our_service_is_stopped(stopped_service: Company) -> None:
    names = stopped_service.frontend.tools().keys()

    assert "catalog.validate-entity" in names
    assert not [name for name in names if name.startswith("scenedock.")]


def test_what_our_service_refuses_while_it_is_stopped_fails_the_step_and_not_backstage(
    stopped_service: Company,
) -> None:
    run = stopped_service.frontend.run("uses-output", {})

    assert run.status == "failed"
    assert OURS in run.text
