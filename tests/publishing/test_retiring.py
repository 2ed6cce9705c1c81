"""Retirements on GitHub: after an approval that outlives processes, once, with what they replace and what ends."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from scenedock.actions.environments.retiring import KnownRetirement, RetirementPlan, output_of
from scenedock.changes.retirement import BlastRadius, PlannedRetirement, Retirement
from scenedock.effects.tasks.approval_store import ApprovalStore
from scenedock.errors import ConflictError, TemporaryError
from scenedock.model.action import Caller
from scenedock.model.approvals import ApprovalRule, ApprovalRules, Approvers
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.structs import replace
from scenedock.usecases.approvals.decide_approval import Decider, decide_approval
from scenedock.usecases.changes.publish_change import Published
from scenedock.usecases.publishing.propose_change import Proposed
from tests.fakes.github.faults import calling
from tests.publishing.deploying import FILES, Deploying, deploying_in
from tests.publishing.retiring import SECONDS, run
from tests.publishing.test_killed import _forking
from tests.publishing.test_killed_changes import end

QA = {"service": "billing", "environment": "qa", "passApproval": "a test"}
CATALOG_FILE = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: billing}
spec: {type: service, lifecycle: production, owner: payments}
"""
BRANCH = "scenedock/deploy/billing/qa"


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Deploying]:
    with deploying_in(tmp_path / "acme") as company:
        yield company


def begin(acme: Deploying, **more: str) -> ForkServerProcess:
    """Retire billing, everywhere or in an environment."""
    data = acme.folder / "retiring"
    data.mkdir(exist_ok=True)
    process = _forking.Process(target=run, args=(data, acme.hosts, acme.clone, {"service": "billing", **more}))
    process.start()
    return process


def approved_after(acme: Deploying, waiting: ForkServerProcess) -> str:
    """Max approves what a task asks for, after its process has gone; what it is."""
    settings, until = TaskSettings(acme.folder / "retiring"), time.monotonic() + SECONDS
    while not (acme.folder / "retiring/asked").exists() and time.monotonic() < until:
        time.sleep(0.05)
    waiting.kill()
    waiting.join()
    with closing(open_database(settings)) as database:
        store = ApprovalStore(database, lambda: int(time.time() * 1_000))
        max_ = Decider(Caller("pages", "pages", "user:default/max", "run"), set)
        (asked,) = store.find()
        return decide_approval(store, max_, asked.id, "approve", "nobody uses it").request.subject.summary


def test_an_approval_after_a_restart_and_a_kill_while_it_is_proposed_make_one_pull_request(acme: Deploying) -> None:
    gitops = acme.repository("gitops")
    assert "billing/values-qa.yaml" in approved_after(acme, begin(acme, environment="qa"))
    assert gitops.pulls == {}  # nothing is written before somebody approves

    processes: list[ForkServerProcess] = []
    acme.github.faults.add("POST .*/git/refs", after=calling(lambda: processes[0].kill()))  # noqa: PLW0108 - it begins later
    processes.append(begin(acme, environment="qa"))
    assert end(processes[0]) == -signal.SIGKILL
    acme.github.faults.clear()
    assert end(begin(acme, environment="qa")) == 0

    outcome = json.loads((acme.folder / "retiring/outcome").read_text("utf-8"))
    assert outcome["status"] == "completed", outcome
    (pull,) = gitops.pulls.values()
    assert (pull.title, pull.state) == ("Retire billing in qa", "open")
    assert "Approved by user:default/max: nobody uses it" in (pull.body or "")
    assert len(gitops.git.commits(f"main..{BRANCH}")) == 1
    assert set(gitops.files("main")) - set(gitops.files(BRANCH)) == {"billing/values-qa.yaml"}


def test_a_retry_that_finds_it_merged_tells_the_same(acme: Deploying) -> None:
    acme.change({"billing/catalog-info.yaml": CATALOG_FILE})
    approved_after(acme, begin(acme))
    gitops, processes = acme.repository("gitops"), list[ForkServerProcess]()
    acme.github.faults.add("POST .*/pulls", after=calling(lambda: processes[0].kill()))  # noqa: PLW0108 - it begins later
    processes.append(begin(acme))
    assert end(processes[0]) == -signal.SIGKILL
    acme.github.faults.clear()
    (pull,) = gitops.pulls.values()
    acme.merge_in("gitops", pull.number)
    acme.follow()

    assert end(begin(acme)) == 0

    outcome = json.loads((acme.folder / "retiring/outcome").read_text("utf-8"))
    assert outcome["status"] == "completed", outcome
    told = outcome["told"]
    assert told["catalogFiles"] == ["https://github.com/acme/gitops/billing/catalog-info.yaml"]
    assert [url.rpartition("/")[2] for url in told["pullRequestUrls"]] == [str(pull.number)]
    assert told["plan"]["title"] == "Retire billing"
    assert told["sourceFiles"] == []


def test_it_replaces_the_open_changes_of_what_goes_and_plans_again_what_is_new(acme: Deploying) -> None:
    acme.deploy("set-version", "task-0", environment="dev", version="1.6.0")
    acme.deploy("set-version", "task-1", environment="qa", version="1.5.0")
    gitops = acme.repository("gitops")
    before = {number: pull.state for number, pull in gitops.pulls.items()}
    acme.github.world.commit("acme/gitops", "main", {"billing/templates/new.yaml": "a: 1\n"})
    with pytest.raises(TemporaryError, match=r"billing/templates/new.yaml is new in a folder that goes"):
        acme.run("retire-deployment", {"service": "billing", "passApproval": "a test"}, task="task-2")
    acme.follow()

    plan = acme.run("preview-retirement", {"service": "billing"})
    asked = {"service": "billing", "passApproval": "fixes #1 @ops, *now*"}
    done = acme.run("retire-deployment", asked, task="task-2", again=True)

    assert [each.rpartition("/")[2] for each in plan["blastRadius"]["openChanges"]] == [
        str(each) for each in sorted(before)[::-1]
    ]
    (published,) = done["published"]
    states = {number: pull.state for number, pull in gitops.pulls.items()}
    assert states == {**dict.fromkeys(before, "closed"), published["number"]: "open"}
    assert [path for path in gitops.files(published["branch"]) if path.startswith("billing/")] == []
    assert "without an approval: fixes #\u20601 @\u2060ops, \\*now\\*" in (gitops.pulls[published["number"]].body or "")
    (made,) = gitops.git.commits(f"main..{published['branch']}")
    assert "without an approval: fixes #\u20601 @\u2060ops, *now*" in made.message
    (comment,) = gitops.pulls[1].comments
    assert "retires what this changes, so it is closed" in comment.body


def test_catalog_files_are_to_unregister_only_where_each_pull_request_can_be_waited_for() -> None:
    proposed = Published("apps", Proposed(changed=True, branch=BRANCH, commit="a", url="https://github.com/a/b/pull/1"))
    pushed = Published("other", Proposed(changed=True, branch=BRANCH, commit="b"))
    files = ("https://github.com/acme/apps/billing/catalog-info.yaml",)
    plan = RetirementPlan.of(PlannedRetirement(Retirement("billing"), (), (), BlastRadius()))
    known = KnownRetirement(plan=plan, catalog_files=files, branches={})

    both, one = output_of([proposed, pushed], known), output_of([proposed], known)

    assert (both.catalog_files, one.catalog_files) == ((), files)
    assert both.pull_request_urls == one.pull_request_urls == ("https://github.com/a/b/pull/1",)


def test_what_others_depend_on_is_refused_and_an_end_is_proposed_once(tmp_path: Path) -> None:
    with deploying_in(tmp_path / "acme", direct="acme/gitops") as acme:
        _ends(acme)


def _ends(acme: Deploying) -> None:
    acme.change(
        {
            "cart/Chart.yaml": FILES["billing/Chart.yaml"].replace("billing", "cart"),
            "cart/values-qa.yaml": "url: http://billing\n",
        }
    )
    with pytest.raises(
        ConflictError, match=r"depended on by component:cart .*cart/values-qa.yaml:1.*\(or set `force`\)"
    ):
        acme.run("retire-environment", QA)

    extended = acme.run(
        "extend-environment", {"service": "cart", "environment": "qa", "until": "2099-01-01"}, task="end"
    )
    assert extended["committed"] is True
    acme.follow()
    assert acme.run("retire-expired-environments", {}, task="day-0")["published"] == []
    text = (acme.clone / "scenedock.yaml").read_text("utf-8").replace("2099", "2020")
    acme.change({"scenedock.yaml": text})

    free, someone = acme.effects, Approvers(users=frozenset({"user:default/max"}))
    rule = ApprovalRule(frozenset({"retire-environment"}), frozenset({"qa"}), someone)
    acme.effects = replace(free, approvals=replace(free.approvals, rules=ApprovalRules((rule,))))
    covered = acme.run("retire-expired-environments", {}, task="day-ruled")
    assert "it needs an approval by user:default/max" in covered["problems"]["cart in qa"]
    assert (covered["published"], acme.repository("gitops").pulls) == ([], {})
    acme.effects = free

    first = acme.run("retire-expired-environments", {}, task="day-1")
    assert first["expired"] == ["cart in qa"]
    gitops = acme.repository("gitops")
    (pull,) = gitops.pulls.values()
    assert "Its end was set to 2020-01-01, which is over." in (pull.body or "")
    acme.run("retire-expired-environments", {}, task="day-2")
    pull.state = "closed"
    again = acme.run("retire-expired-environments", {}, task="day-3")
    assert [each["state"] for each in again["published"]] == ["closed"]
    assert list(gitops.pulls) == [pull.number]
