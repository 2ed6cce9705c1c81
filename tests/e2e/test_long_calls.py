"""Calls that take longer than a connection may be silent, and one that is cut off by a kill."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.company import Company
from tests.tools.server import wait_until

FILES = [".scenedock/skeleton.yaml", "README.md"]


def test_a_call_that_takes_long_gives_its_output(company: Company) -> None:
    run = company.frontend.run("bakes-slowly", {"requestId": "long"})

    assert run.status == "completed", run.text
    assert run.output == {"files": FILES}


def test_what_is_refused_after_a_long_time_is_in_the_log_that_the_user_sees(company: Company) -> None:
    run = company.frontend.run("bakes-slowly", {"requestId": "refused", "refusal": "no room for this one"})

    assert run.status == "failed"
    assert "no room for this one" in run.text
    assert "JSON" not in run.text


def test_a_kill_in_mid_call_loses_nothing_and_a_repeated_step_joins_the_first(company: Company) -> None:
    before = company.tasks()
    with ThreadPoolExecutor(1) as pool:
        cut_off = pool.submit(company.frontend.run, "bakes-slowly", {"requestId": "killed"})
        wait_until(lambda: "processing" in company.statuses(), "a task that runs")
        company.service.kill()
        assert cut_off.result().status == "failed"
    company.service.start()

    wait_until(lambda: "processing" not in company.statuses(), "an end of the task that was cut off")
    run = company.frontend.run("bakes-slowly", {"requestId": "killed"})

    assert run.status == "completed", run.text
    assert run.output == {"files": FILES}
    assert company.tasks() == before + 1
