"""A developer promotes a version with a form: the pull request shows what it does, and the board what came of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import urllib3

from tests.e2e.company import Company
from tests.fakes.github.model import Pull
from tests.tools.server import SECONDS_TO_WAIT, wait_until

BRANCH = "scenedock/deploy/checkout/production"


def board(company: Company) -> str:
    """The page of the service, as a person sees it."""
    headers = {"Authorization": f"Bearer {company.operator}", "Accept": "text/html"}
    address = f"{company.api.partition('/api/')[0]}/board?q=checkout"
    answer = urllib3.request("GET", address, headers=headers, retries=False, timeout=SECONDS_TO_WAIT)
    assert answer.status == 200, answer.data
    return answer.data.decode()


def proposed(company: Company) -> list[Pull]:
    return [pull for pull in company.github.hosted("apps").pulls.values() if pull.head == BRANCH]


def test_a_developer_promotes_qa_to_production_and_the_board_shows_it(company: Company) -> None:
    answers = {"service": "component:default/checkout", "from": "qa", "to": "production"}
    form = company.frontend.fill_in("promote-deployment", answers)

    refused = company.frontend.run("promote-deployment", form)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(company.frontend.run, "promote-deployment", {**form, "allow": ["pre-release"]})
        wait_until(lambda: running.done() or bool(proposed(company)), "the pull request")
        assert not running.done(), running.result().text
        (pull,) = proposed(company)
        before, text = pull.state, pull.body or ""
        wait_until(lambda: f"/pull/{pull.number}'" in board(company), "the pull request on the board")
        company.github.merge("apps", pull.number)
        run = running.result(SECONDS_TO_WAIT)

    assert (refused.status, "allowPreRelease" in refused.text) == ("failed", True), refused.text
    assert (before, run.status) == ("open", "completed"), run.text
    assert "registry.example.com/checkout:5.0.3" in text, text
    assert "registry.example.com/checkout:5.1.0-rc.1" in text, text
    assert run.output["links"][0]["url"].endswith(f"/pull/{pull.number}")
    wait_until(lambda: board(company).count(">5.1.0-rc.1</a>") == 2, "the new version on the board")
