"""Several services as one change, what its text says, and roll-backs to what the history has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.changes.lock_edits import with_lock, without_lock
from scenedock.doors.cli import main
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.model.locks import Lock
from scenedock.usecases.changes.make_locally import check_whole
from tests.tools.commits import commit, git

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LOCK = Lock("production", "Release freeze: all of us", "2026-12-01", by="user:default/ada")


def run(*arguments: str | Path, code: int = 0) -> Any:
    done = CliRunner().invoke(main, ["deployments", *map(str, arguments), "--format", "json"], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if code < 2 else done.output


def service(name: str, qa: str, production: str, chart: str = "") -> Mapping[str, str]:
    return {
        f"{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n{chart}",
        f"{name}/values.yaml": f"image:\n  repository: acme/{name}\n",
        f"{name}/values-qa.yaml": f"image:\n  tag: {qa}\n",
        f"{name}/values-production.yaml": f"image:\n  tag: {production}\n",
    }


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """Billing breaks something, which search depends on by the settings; search has a fix."""
    root = tmp_path / "apps"
    settings = (
        "versions: {tags: 'v{version}'}\noverrides:\n  search: {dependsOn: [component:billing], owner: finders}\n"
    )
    sources = "sources: [https://github.com/acme/billing]\n"
    files = {**service("billing", "2.0.0", "1.0.0", sources), **service("search", "1.0.1", "1.0.0")}
    commit(root, 1, {**files, "scenedock.yaml": settings})
    git(root, "config", "user.name", "Jane")
    git(root, "config", "user.email", "jane@acme.test")
    return root


SET = ("--service", "billing", "--service", "search")


def test_a_set_is_one_change_with_all_or_none(apps: Path) -> None:
    asked = ("promote", "--from", "qa", "--to", "production", *SET, apps)
    commit(apps, 2, {"search/values-qa.yaml": "image:\n  tag: 0.9.0\n"})
    refused = run(*asked, "--commit", code=1)
    assert [(each["code"], each["deployment"]) for each in refused["refusals"]] == [("downgrade", "search/production")]
    assert refused["commits"] == {}
    commit(apps, 3, {"search/values-qa.yaml": "image:\n  tag: 1.0.1\n"})
    made = run(*asked, "--commit")
    assert made["title"] == "Promote 2 services to production"
    assert list(made["commits"]) == ["apps"]
    back = run("roll-back", "--environment", "production", *SET, apps, "--commit")
    assert {each["service"]: each["new"] for each in back["changes"]} == {"billing": "1.0.0", "search": "1.0.0"}


def test_the_text_names_who_depends_on_what_breaks_and_links_what_is_new(apps: Path) -> None:
    body = run("promote", "--from", "qa", "--to", "production", *SET, apps)["body"]
    assert "| billing/production | 1.0.0 | 2.0.0 | breaking | apps:billing/values-production.yaml:2 |" in body
    assert "**billing changes in a breaking way.** On it depend component:search (group:default/finders)." in body
    assert "What is new in billing: https://github.com/acme/billing/compare/v1.0.0...v2.0.0" in body
    assert "search changes in a breaking way" not in body


def test_a_roll_back_and_a_pre_release_of_another_major_version_name_dependents_too(apps: Path) -> None:
    depends = "**billing changes in a breaking way.** On it depend component:search"
    asked = ("set-version", "--service", "billing", "--environment", "qa", apps)
    commit(apps, 2, {"billing/values-qa.yaml": "image:\n  tag: 1.0.0\n"})
    found = run(*asked, "--version", "2.0.0-rc.1")
    assert (found["changes"][0]["step"], depends in found["body"]) == ("breaking pre-release", True)
    commit(apps, 3, {"billing/values-qa.yaml": "image:\n  tag: 2.0.0-rc.1\n"})
    found = run(*asked, "--version", "2.0.0")
    assert (found["changes"][0]["step"], depends in found["body"]) == ("release", False)
    found = run("roll-back", "--service", "billing", "--environment", "qa", apps)
    assert (found["changes"][0]["step"], depends in found["body"]) == ("downgrade", True)


def test_nothing_in_the_files_is_markup_or_a_mention_in_the_text(apps: Path) -> None:
    bad = "sources: ['https://github.com/acme/x) @acme/admins <img src=x>']\n"
    lock = "locks: [{environment: production, reason: '@acme/all &commat;ada <b> acme/x#1 !7', until: '2999-12-01'}]\n"
    settings = f"versions: {{tags: 'v{{version}}'}}\n{lock}"
    commit(apps, 2, {**service("billing", "2.0.0", "1.0.0", bad), "scenedock.yaml": settings})
    asked = ("promote", "--from", "qa", "--to", "production", "--service", "billing", apps, "--pass-lock", "now")
    body = run(*asked)["body"]
    assert "What is new" not in body
    assert "locked until 2999-12-01: @\u2060acme/all &\u2060commat;ada \\<b\\> acme/x#\u20601 !\u20607" in body


def test_without_known_source_code_the_commits_of_this_repository_are_compared(apps: Path) -> None:
    git(apps, "remote", "add", "origin", "https://github.com/acme/apps.git")
    commit(apps, 2, {"search/values-qa.yaml": "image:\n  tag: 1.1.0\n"})
    body = run("promote", "--from", "qa", "--to", "production", "--service", "search", apps)["body"]
    first, second = (run("show", "search", apps)[number]["commit"] for number in (1, 0))
    assert f"What is new in search: https://github.com/acme/apps/compare/{first}...{second}" in body


def test_commits_are_compared_only_where_the_older_version_came_first(apps: Path) -> None:
    git(apps, "remote", "add", "origin", "https://github.com/acme/apps.git")
    commit(apps, 2, {"search/values-qa.yaml": "image:\n  tag: 1.1.0\n"})
    commit(apps, 3, {"search/values-production.yaml": "image:\n  tag: 1.2.0\n"})
    asked = ("promote", "--from", "qa", "--to", "production", "--service", "search", apps, "--downgrade")
    assert "What is new" not in run(*asked)["body"]


def test_a_chart_from_elsewhere_has_no_tags_in_the_source_code(apps: Path) -> None:
    more = "sources: [https://github.com/acme/billing]\ndependencies:\n"
    chart = f"{more}  - {{name: billing, version: 1.0.0, repository: 'https://charts.acme.test'}}\n"
    git(apps, "rm", "-rq", "billing")
    commit(apps, 2, {"billing/Chart.yaml": service("billing", "", "", chart)["billing/Chart.yaml"]})
    commit(apps, 3, {f"billing/values-{name}.yaml": "replicas: 1\n" for name in ("qa", "production")})
    lifts = ("--shared", "--untried-version")
    found = run("set-version", "--environment", "qa", "--version", "1.1.0", "--service", "billing", apps, *lifts)
    assert ("1.0.0" in found["body"], "What is new" in found["body"]) == (True, False)


def test_a_roll_back_to_a_named_version_and_to_one_that_never_was(apps: Path) -> None:
    for hour, tag in enumerate(("1.1.0", "1.2.0"), 2):
        commit(apps, hour, {"search/values-production.yaml": f"image:\n  tag: {tag}\n"})
    asked = ("roll-back", "--environment", "production", "--service", "search", apps)
    assert [each["new"] for each in run(*asked)["changes"]] == ["1.1.0"]
    assert [each["new"] for each in run(*asked, "--to", "1.0.0")["changes"]] == ["1.0.0"]
    assert "no commit says that search/production had 0.1.0" in run(*asked, "--to", "0.1.0", code=2)


def test_a_roll_back_that_is_tried_again_does_not_bring_the_version_back(apps: Path) -> None:
    commit(apps, 2, {"search/values-production.yaml": "image:\n  tag: 1.1.0\n"})
    asked = ("roll-back", "--environment", "production", "--service", "search", apps)
    run(*asked, "--commit")
    assert "went back from 1.1.0 to 1.0.0 already; name the version" in run(*asked, "--commit", code=4)
    assert [each["new"] for each in run(*asked, "--to", "1.1.0")["changes"]] == ["1.1.0"]


def test_a_roll_back_that_is_tried_again_does_not_bring_a_commit_back(apps: Path) -> None:
    for hour, tag in enumerate(("0e5f1ac", "9ab01cd"), 2):
        commit(apps, hour, {"search/values-production.yaml": f"image:\n  tag: {tag}\n"})
    asked = ("roll-back", "--environment", "production", "--service", "search", apps)
    run(*asked, "--commit")
    assert "went back from 9ab01cd to 0e5f1ac already; name the version" in run(*asked, "--commit", code=4)
    assert [each["new"] for each in run(*asked, "--to", "9ab01cd")["changes"]] == ["9ab01cd"]


def test_nothing_is_written_below_the_settings_that_have_the_locks(apps: Path) -> None:
    asked = ("set-version", "--environment", "qa", "--version", "1.1.0", "--service", "search")
    below = f"search is only a folder of a repository, whose settings and locks are in {apps / 'scenedock.yaml'}"
    assert below in run(*asked, apps / "search", "--commit", code=2)
    assert below in run(*asked, apps / "search", code=2)
    git(apps, "rm", "-q", "scenedock.yaml")
    assert run(*asked, apps / "search", code=0)["changes"]


def test_a_folder_below_settings_is_known_without_git_and_by_its_own_settings(tmp_path: Path) -> None:
    above = tmp_path / "apps"
    for name in ("search", "own", "clone/.git", "clone/inside"):
        (above / name).mkdir(parents=True)
    for folder in (above, above / "own"):
        (folder / "scenedock.yaml").write_text("owner: payments\n")

    check_whole({"apps": above, "own": above / "own", "clone": above / "clone", "inside": above / "clone/inside"})
    with pytest.raises(InputError, match="search is only a folder of a repository"):
        check_whole({"search": above / "search"})
    (above / ".git").mkdir()  # none that git would accept
    with pytest.raises(InputError, match="search is only a folder of a repository"):
        check_whole({"search": above / "search"})


def test_a_roll_back_keeps_what_else_has_changed(apps: Path) -> None:
    commit(apps, 2, {"search/values-production.yaml": "image:\n  tag: '1.1.0'  # new\nreplicas: 2\n"})
    commit(apps, 3, {"search/values-production.yaml": "image:\n  tag: '1.1.0'  # new\nreplicas: 3\n"})
    run("roll-back", "--environment", "production", "--service", "search", apps, "--commit")
    assert (apps / "search/values-production.yaml").read_text() == "image:\n  tag: 1.0.0  # new\nreplicas: 3\n"


def test_an_insertion_whose_base_has_moved_on_is_rolled_back_to_what_it_was(apps: Path) -> None:
    base = "image:\n  repository: acme/search\n  tag: {}\n"
    commit(apps, 2, {"search/values.yaml": base.format("1.0.0"), "search/values-production.yaml": "replicas: 1\n"})
    commit(apps, 3, {"search/values-production.yaml": "replicas: 1\nimage:\n  tag: 1.0.1\n"})
    commit(apps, 4, {"search/values.yaml": base.format("1.3.0")})
    found = run("roll-back", "--environment", "production", "--service", "search", apps, "--commit")
    assert [(each["new"], each["inserted"]) for each in found["changes"]] == [("1.0.0", False)]
    assert (apps / "search/values-production.yaml").read_text() == "replicas: 1\nimage:\n  tag: 1.0.0\n"


def test_a_shared_line_that_moved_is_rolled_back_for_one_environment_alone(apps: Path) -> None:
    base = "image:\n  repository: acme/search\n  tag: {}\n"
    own = {f"search/values-{name}.yaml": "replicas: 1\n" for name in ("qa", "production")}
    commit(apps, 2, {"search/values.yaml": base.format("1.0.0"), **own})
    commit(apps, 3, {"search/values.yaml": base.format("1.1.0")})
    found = run("roll-back", "--environment", "production", "--service", "search", apps, "--commit")
    assert [(each["environment"], each["inserted"]) for each in found["changes"]] == [("production", True)]
    assert (apps / "search/values.yaml").read_text() == base.format("1.1.0")
    assert (apps / "search/values-production.yaml").read_text() == "replicas: 1\nimage:\n  tag: 1.0.0\n"


@pytest.mark.parametrize("before", [b"", b"# ours\nversions: {tags: 'v{version}'}\n\n# end\n"])
def test_a_lock_is_added_and_taken_away_to_the_byte(before: bytes) -> None:
    locked = with_lock(before, LOCK, NOW)
    both = with_lock(locked, Lock("qa", "x", "2026-12-01T08:00:00Z", service="billing"), NOW)
    assert without_lock(without_lock(both, "qa", "billing"), "production") == before
    with pytest.raises(ConflictError, match="production is locked until 2026-12-01"):
        with_lock(locked, LOCK, NOW)
    again = with_lock(locked, LOCK, datetime(2026, 12, 1, tzinfo=UTC))
    assert again == locked, "the ended one is replaced"
    with pytest.raises(NotFoundError, match="qa isn't locked"):
        without_lock(locked, "qa")
    with pytest.raises(InputError, match="must be a day"):
        with_lock(before, Lock("qa", "x", "tomorrow"), NOW)
