"""The result of the skeleton `migration-runbook`: its pages, checklist and load test, and its entity."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.skeletons.shipped.answers import RUNBOOKS
from tests.skeletons.shipped.test_answers import baked, text
from tests.skeletons.shipped.world import LOCKS, bake, run
from tests.tools.judge import judge
from tests.tools.node import node, node_modules
from tests.tools.venv import venv

K6 = Path(__file__).parent / "k6"
CASES = ["assessed", *(pytest.param(case, marks=pytest.mark.extended) for case in RUNBOOKS if case != "assessed")]


class Page(HTMLParser):
    """The rows of a page's tables, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def runbook(case: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bake("migration-runbook", tmp_path_factory.mktemp("runbooks"), RUNBOOKS[case])


@pytest.fixture(scope="module")
def pages(runbook: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages that its own check has built."""
    site = tmp_path_factory.mktemp("site")
    done = with_its_tools(runbook, "ci/check", str(site))
    assert done.returncode == 0, done.stdout + done.stderr
    return site


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A runbook that a test may change."""
    return bake("migration-runbook", tmp_path, RUNBOOKS["as it is"])


def with_its_tools(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with what ci/requirements.txt names."""
    tools = [venv(LOCKS / f"requirements-{name}.txt") / "bin" for name in ("techdocs", "linters")]
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def tasks(folder: Path) -> list[dict[str, Any]]:
    phases = yaml.safe_load((folder / "checklist.yaml").read_bytes())["phases"]
    return [task for phase in phases for task in phase["tasks"]]


def test_its_checklist_is_a_table_that_techdocs_shows(runbook: Path, pages: Path) -> None:
    rows = Page((pages / "checklist" / "index.html").read_text(encoding="utf-8")).rows

    shown = [row for row in rows if row[0].strip() == "☐"]

    assert len(shown) >= 25
    assert [[cell.strip() for cell in row] for row in shown] == [
        ["☐", task["task"], task["who"], task["when"], ""] for task in tasks(runbook)
    ]
    assert len({task["id"] for task in tasks(runbook)}) == len(shown)


def test_its_roles_are_those_of_its_tasks(runbook: Path) -> None:
    roles = yaml.safe_load((runbook / "checklist.yaml").read_bytes())["roles"]

    assert {task["who"] for task in tasks(runbook)} == set(roles)


def test_what_the_assessment_found_stays_text(case: str, pages: Path) -> None:
    page = Page((pages / "assessment" / "index.html").read_text(encoding="utf-8"))
    cells = [cell for row in page.rows for cell in row]

    for what, lines in RUNBOOKS[case].get("dependencies", {}).items():
        assert what.replace("|", "¦").replace("`", "'") in cells
        assert lines in cells
    for what in RUNBOOKS[case].get("blockers", {}):
        assert what.replace("\n", " ") in cells
    assert "b" not in page.tags
    assert not [link for link in page.links if link.startswith("javascript")]


def test_backstage_accepts_its_entity(case: str, runbook: Path) -> None:
    entity = yaml.safe_load((runbook / "catalog-info.yaml").read_bytes())

    assert judge([entity]) == [None]
    assert entity["metadata"]["name"] == runbook.name
    assert ("dependsOn" in entity["spec"]) == ("component" in RUNBOOKS[case])


def test_its_load_test_is_a_script_of_k6(case: str, runbook: Path, tmp_path: Path) -> None:
    script = runbook / "load-test.js"
    if RUNBOOKS[case].get("traffic") == "none":
        assert not script.exists()
        return
    wrong = tmp_path / "load-test.js"
    wrong.write_text(script.read_text(encoding="utf-8").replace("preAllocatedVUs", "preallocated"), encoding="utf-8")

    said = run([node(), K6 / "judge.mjs", script, wrong], node_modules(K6))
    of_ours, of_wrong = map(json.loads, said.splitlines())

    assert of_ours == []
    assert "preAllocatedVUs" in str(of_wrong)


def test_its_pipeline_is_clean(runbook: Path) -> None:
    linters = venv(LOCKS / "requirements-linters.txt") / "bin"
    if (runbook / ".gitlab-ci.yml").exists():
        schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        run([linters / "check-jsonschema", *schema, ".gitlab-ci.yml"], runbook)
        return
    workflow = ".github/workflows/check.yml"
    run([linters / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow], runbook)
    run([linters / "actionlint", workflow], runbook)
    run([linters / "zizmor", "--offline", "--no-config", "."], runbook)


def change(folder: Path, old: str, new: str) -> None:
    """Replace the first such text in its checklist."""
    file = folder / "checklist.yaml"
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new, 1), encoding="utf-8")


def test_a_task_that_is_done_is_shown_with_its_day_and_its_proof(copy: Path) -> None:
    change(copy, "done:\n        proof:", "done: 2026-12-01\n        proof: https://wiki.example.com/a|b")

    stale = with_its_tools(copy, "ci/checklist", "--check")
    written = with_its_tools(copy, "ci/checklist")
    current = with_its_tools(copy, "ci/checklist", "--check")

    assert (stale.returncode, stale.stderr) == (
        1,
        "docs/checklist.md is not what checklist.yaml says: run ci/checklist, and commit both\n",
    )
    assert (written.returncode, current.returncode) == (0, 0)
    assert "| ☑ 2026-12-01 | Name the people" in (copy / "docs" / "checklist.md").read_text(encoding="utf-8")
    assert "| https://wiki.example.com/a&#124;b |" in (copy / "docs" / "checklist.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("done:", "done: 2026-12-01", "proof"),
        ("done:", "done: yesterday", "date"),
        ("when: T-8 weeks", "when: soon", "soon"),
        ("who: lead", "whom: lead", "whom"),
    ],
)
def test_a_checklist_that_says_too_little_is_refused(old: str, new: str, said: str, copy: Path) -> None:
    change(copy, old, new)

    done = with_its_tools(copy, "check-jsonschema", "--schemafile", "ci/checklist.schema.json", "checklist.yaml")

    assert done.returncode == 1
    assert said in done.stdout


def page(name: str, answers: Mapping[str, Any]) -> str:
    return text(baked("migration-runbook", answers), f"docs/{name}.md")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"cut_over": "weighted", "sessions": "memory"}, "Share by share needs sessions"),
        ({"cut_over": "weighted", "sessions": "unknown"}, "Share by share needs sessions"),
        ({"cut_over": "weighted", "data_move": "dms"}, "Share by share and two databases"),
        ({"cut_over": "switch", "data_move": "snapshot"}, "A snapshot needs a window"),
        ({"cut_over": "weighted", "dns": "other"}, "Can the provider weigh records?"),
        ({"database": "mysql", "database_place": "local"}, "The database stays on a machine"),
        ({"database": "sqlite"}, "SQLite allows one pod"),
        ({"runtime": "dotnet"}, ".NET, or .NET Framework?"),
        ({"secrets_in_files": "yes"}, "Credentials are in the repository"),
        ({"cut_over": "window"}, "A window for an application that must not be away"),
        ({"cut_over": "weighted", "sessions": "cache"}, "No two of these answers contradict"),
        ({"cut_over": "weighted", "sessions": "memory", "traffic": "none"}, "No two of these answers contradict"),
    ],
)
def test_answers_that_do_not_go_together_are_named(answers: dict[str, str], said: str) -> None:
    assert said in page("index", answers)


@pytest.mark.parametrize(
    ("ttl", "row"),
    [
        ("86400", "| T-2 days, at the latest T-25 hours | 86400 → 60 |"),
        ("3600", "| T-2 days, at the latest T-2 hours | 3600 → 60 |"),
        ("60", "| before T | 60 |"),
    ],
)
def test_the_ttl_is_lowered_as_early_as_others_may_remember_it(ttl: str, row: str) -> None:
    assert row in page("cut-over", {"ttl": ttl})


def test_shares_grow_slower_the_more_depends_on_it() -> None:
    def shares(criticality: str) -> list[str]:
        answers = {"cut_over": "weighted", "criticality": criticality}
        return re.findall(r"\| (\d+) % to the cluster", page("cut-over", answers))

    assert [shares(each) for each in ("high", "medium", "low")] == [
        ["1", "5", "25", "50", "100"],
        ["5", "25", "50", "100"],
        ["25", "100"],
    ]


def test_a_database_that_moves_has_a_point_of_no_return() -> None:
    assert "There is none before the machines are stopped" in page("roll-back", {})
    assert "The first write in the new database" in page("roll-back", {"data_move": "snapshot"})
    assert "dba" not in text(baked("migration-runbook", {"database": "none"}), "checklist.yaml")


SEEN = {"evidence": {"scheduled_work": "Gemfile:6", "configuration": "settings.py:3", "logs": "app.py:1"}}


@pytest.mark.parametrize("value", ["none", "workers"])
def test_that_workers_were_read_proves_no_absence_of_cron(value: str) -> None:
    read, said = ({"scheduled_work": value, **more} for more in (SEEN, {}))

    assert "# a # before each entry of shop" in page("cut-over", read)
    assert "CronJobs stay suspended" in page("cut-over", read)
    assert "Suspend all CronJobs" in page("roll-back", read)
    assert "crontab" in page("assessment", read)
    assert "**whether more" in page("index", read)
    assert "crontab" not in page("cut-over", said)
    assert "Somebody has said that there is none" in page("roll-back", said)


@pytest.mark.parametrize("evidence", [SEEN, {}])
def test_a_line_that_reads_a_variable_is_no_proof_for_all_settings(evidence: dict[str, Any]) -> None:
    answers = {"configuration": "environment", "logs": "stdout", **evidence}
    read = bool(evidence)

    rows = dict(
        re.findall(r"^\| (read settings|log to standard).*? \| (.*) \|$", page("assessment", answers), re.MULTILINE)
    )
    tasks = text(baked("migration-runbook", answers), "checklist.yaml")

    assert [rows["read settings"] == "does", rows["log to standard"] == "does"] == [not read, not read]
    assert ["id: configuration" in tasks, "id: logs" in tasks] == [read, read]


@pytest.mark.parametrize("scheduled_work", ["cron", "workers", "both", "unknown"])
@pytest.mark.parametrize("traffic", ["public", "none"])
def test_what_is_switched_off_stays_off_after_a_restart(scheduled_work: str, traffic: str) -> None:
    pages = [page(name, {"scheduled_work": scheduled_work, "traffic": traffic}) for name in ("cut-over", "roll-back")]

    assert not re.findall(r"systemctl stop", "".join(pages))
    assert "disable --now NAME." in pages[0]
    assert "`enable --now`" in pages[1]
    assert "disable --now chef-client" in pages[1]


@pytest.mark.parametrize("cut_over", ["switch", "window"])
@pytest.mark.parametrize("data_move", ["snapshot", "dms"])
def test_workers_move_with_the_database(cut_over: str, data_move: str) -> None:
    answers = {"database": "postgresql", "scheduled_work": "workers", "cut_over": cut_over, "data_move": data_move}
    day = page("cut-over", answers).partition("## The day")[2]

    order = [
        day.index(what)
        for what in ("orkers on the machines are [off]", "the page on [data]", "Workers in the cluster: one")
    ]

    assert order == sorted(order)
    assert "workers are at zero replicas" in day
    assert "Workers stay on the machines until T" in page("phases", answers)
    assert "to zero replicas" in page("roll-back", answers) or "no replicas any more" in page("roll-back", answers)
    assert "Workers move before the requests" in page("phases", answers | {"data_move": "stay"})


@pytest.mark.parametrize("data_move", ["stay", "snapshot", "dms", "dual_write"])
def test_no_page_says_how_a_file_of_sqlite_is_reached_or_replicated(data_move: str) -> None:
    answers = {"database": "sqlite", "database_place": "local", "data_move": data_move}
    written = {name: page(name, answers) for name in ("data", "checklist", "phases", "cut-over", "roll-back", "after")}

    for words in (
        "subnets",
        "DMS",
        "replication",
        "oth worlds use the same database",
        "another `data_move`",
        "## The way",
    ):
        assert words not in "".join(written.values())
    assert "Move from SQLite to PostgreSQL" in written["checklist"]
    assert "pgloader" in written["data"]


def test_text_that_would_turn_a_line_around_is_shown_as_such() -> None:
    shown = page("assessment", {"dependencies": {"redis\u202e cache": "a\u200bb:1"}})

    assert "| `redis\ufffd cache` | `a\ufffdb:1` | | |" in shown
