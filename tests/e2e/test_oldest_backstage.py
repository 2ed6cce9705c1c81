"""The oldest Backstage that is supported: what the documentation promises holds there, too.

Its registry has no MCP server that runs on it, so assistants are tested on the newest alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.actions import ACTIONS
from tests.e2e.company import Company, House, company_in
from tests.e2e.projects import baked, contents
from tests.e2e.test_actions import LEDGER, NO_SUCH_REPOSITORY, template
from tests.fakes.github.server import fake_github
from tests.tools.backstage import USER
from tests.tools.frontend import RefusedError
from tests.tools.server import wait_until

pytestmark = pytest.mark.extended
OLDEST = Path(__file__).parent / "oldest"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with the oldest Backstage, and a policy."""
    folder = tmp_path_factory.mktemp("old")
    house = House(
        rules=({"deny": ["list-skeletons"], "users": [USER]},),
        policy={"actions": ["scenedock:await-pull-request"]},
        packages=OLDEST,
    )
    with fake_github(folder / "github") as github:
        made = company_in(folder, github, house)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def test_the_documentation_names_the_oldest_and_the_newest() -> None:
    named = (Path(__file__).parents[2] / "docs" / "backstage.md").read_text(encoding="utf-8")

    for folder in (OLDEST, OLDEST.parent / "backend"):
        versions = json.loads((folder / "package.json").read_bytes())["dependencies"]
        assert f"scaffolder-backend {versions['@backstage/plugin-scaffolder-backend']}" in named


def test_the_old_scaffolder_lists_what_the_user_may_run(old: Company) -> None:
    listed = [id_ for id_ in old.frontend.actions() if id_.startswith("scenedock:")]

    assert set(listed) == {each.id for each in ACTIONS} - {"scenedock:list-skeletons", "scenedock:await-pull-request"}


def test_the_old_catalog_has_the_whole_feed(old: Company) -> None:
    wait_until(lambda: old.ingested() == old.exported(), "the whole feed in the catalog")


def test_an_old_template_runs_our_actions_and_publishes_what_they_bake(old: Company, tmp_path: Path) -> None:
    run = old.frontend.run("publishes-elsewhere", {"name": "ledger"})

    assert run.status == "completed", run.text
    _, files = old.published(run, "publish:github")
    assert contents(files) == contents(baked(tmp_path, "microservice-python", LEDGER))


def test_an_old_dry_run_shows_files_and_refuses_wrong_answers(old: Company) -> None:
    shown = old.frontend.dry_run(template("publishes-elsewhere"), {"name": "ledger"})

    assert "pyproject.toml" in {each["path"] for each in shown["directoryContents"]}
    with pytest.raises(RefusedError, match=r"name: .*version: "):
        old.frontend.dry_run(template("bakes"), {"name": "../ledger"})


def test_what_we_refuse_is_in_the_log_of_an_old_task(old: Company) -> None:
    run = old.frontend.run("refused", {"repository": "payroll"})

    assert run.status == "failed"
    assert NO_SUCH_REPOSITORY in run.text


@pytest.mark.parametrize("action", ["list-skeletons", "await-pull-request"], ids=["by a rule", "by the policy"])
def test_an_old_template_may_not_run_what_is_denied(old: Company, action: str) -> None:
    run = old.frontend.run("runs-an-action", {"action": action})

    assert run.status == "failed"
    assert f"scenedock:{action}" in run.text
