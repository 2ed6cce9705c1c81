"""Many people at once: nobody is refused, and who waits for others keeps nobody from working."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.company import Company, House, company_in
from tests.fakes.github.server import fake_github
from tests.tools.backstage import USER
from tests.tools.frontend import TaskRun
from tests.tools.server import wait_until

AT_ONCE = 50


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company whose Backstage runs fifty tasks at once, and whose policy and our rules are asked about each step.

    Scenedock has its defaults for the rest.
    """
    folder = tmp_path_factory.mktemp("busy")
    house = House(
        rules=(
            {"deny": ["list-skeletons"], "users": [USER]},
            {"deny": ["validate-entities"], "groups": ["group:default/strangers"]},
        ),
        policy={"actions": ["scenedock:register-in-catalog"], "repositories": ["payroll"]},
        tasks_at_once=AT_ONCE,
    )
    with fake_github(folder / "github") as github:
        made = company_in(folder, github, house)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def run_all(company: Company, template: str, forms: list[dict[str, Any]]) -> list[TaskRun]:
    """What comes of a Template that as many people start at once."""
    with ThreadPoolExecutor(len(forms)) as people:
        return list(people.map(lambda form: company.frontend.run(template, form), forms))


def named(prefix: str, count: int, **others: object) -> list[dict[str, Any]]:
    return [{"name": f"{prefix}-{number}", **others} for number in range(count)]


def failed(runs: list[TaskRun]) -> list[str]:
    return [run.text for run in runs if run.status != "completed"]


def test_twenty_people_deploy_a_service_at_once_with_both_defaults(company: Company) -> None:
    answers = {"owner": "group:default/payments", "image": "registry.example.com/acme/shop"}
    picked = {"repoUrl": company.github.picked("apps")}
    form = company.frontend.fill_in("new-deployment", {"service": "shop", **answers, **picked})

    runs = run_all(company, "new-deployment", [form | {"service": f"shop-{number}"} for number in range(20)])

    assert failed(runs) == []
    heads = {pull.head for pull in company.github.hosted("apps").pulls.values()}
    assert heads >= {f"deploy-shop-{number}" for number in range(20)}


@pytest.mark.extended
def test_fifty_templates_at_once_complete(busy: Company) -> None:
    before = busy.tasks()

    runs = run_all(busy, "bakes-a-service", named("service", AT_ONCE))

    assert failed(runs) == []
    assert {run.output["name"] for run in runs} == {form["name"] for form in named("service", AT_ONCE)}
    assert busy.tasks() == before + AT_ONCE


@pytest.mark.extended
def test_fifty_at_once_of_what_a_rule_or_the_policy_denies_are_all_refused(busy: Company) -> None:
    before, denied = busy.tasks(), ("list-skeletons", "register-in-catalog")

    runs = run_all(busy, "runs-an-action", [{"action": denied[number % 2]} for number in range(AT_ONCE)])

    assert [run.status for run in runs] == ["failed"] * AT_ONCE
    assert all(f"scenedock:{denied[number % 2]}" in run.text for number, run in enumerate(runs))
    assert busy.tasks() == before


@pytest.mark.extended
def test_twenty_bakes_complete_while_twenty_wait_for_merges(busy: Company) -> None:
    apps = busy.github.hosted("apps")
    with ThreadPoolExecutor(20) as people:
        waiting = [
            people.submit(busy.frontend.run, "waits-for-a-merge", form)
            for form in named("note", 20, repoUrl=busy.github.picked("apps"))
        ]
        wait_until(lambda: busy.waiting_for_merges() == 20, "twenty tasks that wait for a merge")

        runs = run_all(busy, "bakes-a-service", named("meanwhile", 20))

        assert failed(runs) == []
        assert not any(each.done() for each in waiting)
        for pull in list(apps.pulls.values()):
            busy.github.merge("apps", pull.number)
        merged = [each.result() for each in waiting]

    assert failed(merged) == []
    assert [run.output["state"] for run in merged] == ["merged"] * 20
