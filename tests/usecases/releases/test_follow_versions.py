"""Since when a version is where, as people ask for it at the command line: real git, with commits at known times."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.scenarios.repositories import ENVIRONMENT, plant
from tests.tools.commits import commit, git

CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
IMAGE = "image:\n  repository: acme/billing\n  tag: {}\n"
QA = "billing/values-qa.yaml"


def run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(main, ["deployments", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def asked(root: Path, *arguments: str, given: str = "") -> str:
    """What git answers."""
    done = subprocess.run(["git", "-C", str(root), *arguments], input=given, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def histories(root: Path, *options: str, service: str = "billing") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("history", service, root, "--format", "json", *options).stdout)
    return found


def told(root: Path, environment: str = "qa", service: str = "billing") -> list[str]:
    """Each version with the hour since when it is there, and its line, the newest first."""
    (history,) = histories(root, "--environment", environment, service=service)
    assert history["incomplete"] is None
    return [
        f"{each['version']} {int(each['since'][11:13])} {(each['file'] or '').rpartition('/')[2]}:{each['line']}"
        for each in history["versions"]
    ]


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """QA has 1.0.0, 1.1.0 and 1.2.0 in turn, with other changes between; production has inherited 1.0.0 all along."""
    root = tmp_path / "apps"
    base = {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE.format("1.0.0")}
    commit(root, 1, {**base, QA: "replicas: 1\n", "billing/values-production.yaml": "replicas: 2\n"})
    commit(root, 2, {QA: "image: {tag: 1.1.0}\nreplicas: 1\n"})
    commit(root, 3, {QA: "replicas: 3\nimage: {tag: 1.1.0}\n", "README": "\n"})
    commit(root, 4, {QA: "replicas: 3\nimage: {tag: 1.2.0}\n"}, "release-bot@acme.test <bot@acme.test>")
    return root


def test_changes_of_the_value_count_and_not_those_of_the_file(apps: Path) -> None:
    assert told(apps) == ["1.2.0 4 values-qa.yaml:2", "1.1.0 2 values-qa.yaml:1", "1.0.0 1 values.yaml:3"]
    assert told(apps, "production") == ["1.0.0 1 values.yaml:3"]


def test_text_and_csv_have_a_row_for_each_version(apps: Path) -> None:
    text = run("history", "billing", apps, "--environment", "qa", "--most", "2")
    header, newest, _, note = text.stdout.splitlines()
    assert header.split() == ["ENVIRONMENT", "VERSION", "SINCE", "COMMIT", "AUTHOR", "LINE"]
    assert [*newest.split()[:3], *newest.split()[4:]] == [
        *("qa", "1.2.0", "2026-01-01T04:00:00Z"),
        *("release-bot", "apps:billing/values-qa.yaml:2"),
    ]
    assert note == "qa: only the last 2 versions were looked for"
    written = run("history", "billing", apps, "--environment", "qa", "--most", "2", "--format", "csv")
    assert len(written.stdout.splitlines()) == 3
    assert written.stderr == f"{note}\n"


def test_nobodys_address_is_shown(apps: Path) -> None:
    assert "@" not in run("history", "billing", apps).stdout + run("show", "billing", apps, "--format", "json").stdout


def test_who_is_behind_is_so_by_the_versions_that_the_furthest_had_since(apps: Path) -> None:
    qa, production = json.loads(run("list", apps, "--format", "json", "--history").stdout)
    assert (production["behindBy"], qa["behindBy"]) == ({"step": "minor", "versions": 2}, None)
    assert (production["since"], qa["since"]) == ("2026-01-01T01:00:00Z", "2026-01-01T04:00:00Z")
    assert (production["author"], qa["author"]) == ("Jane", "release-bot")
    shown = run("show", "billing", apps).stdout.splitlines()
    assert "    behind qa, which has 1.2.0 (minor, 2 versions ahead)" in shown
    assert any(line.startswith("    since 2026-01-01T01:00:00Z: commit ") for line in shown)
    unasked = json.loads(run("list", apps, "--format", "json").stdout)[1]
    assert (unasked["since"], unasked["sinceReason"]) == (None, None)
    assert unasked["behindBy"] == {"step": "minor", "versions": None}


def test_the_shape_may_change(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    commit(root, 1, {"billing/Chart.yaml": CHART, "billing/values.yaml": "image: acme/billing:1.0.0\n", QA: "a: 1\n"})
    commit(root, 2, {"billing/values.yaml": IMAGE.format("1.0.0")})
    commit(root, 3, {"billing/values.yaml": IMAGE.format("''"), QA: "image: {tag: 2.0.0}\n"})
    assert told(root) == ["2.0.0 3 values-qa.yaml:1", "1.0.0 1 values.yaml:1"]


def test_an_environment_is_not_older_than_its_file(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    commit(root, 1, {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE.format("1.0.0")})
    commit(root, 2, {QA: "replicas: 1\n"})
    assert told(root) == ["1.0.0 2 values.yaml:3"]


def test_an_item_is_followed_by_its_name(tmp_path: Path) -> None:
    root, item = tmp_path / "apps", "- name: {}\n  helmValues: {{image: {{repository: acme/{}, tag: {}}}}}\n"
    settings = "apps: [{file: 'list-{environment}.yaml', items: apps, chart: {default: app}}]\n"
    chart = {"app/Chart.yaml": CHART, "app/values.yaml": IMAGE.format("0.1.0"), "scenedock.yaml": settings}
    cart = item.format("cart", "cart", "1.0.0")
    commit(root, 1, {**chart, "list-qa.yaml": f"apps:\n{cart}"})
    commit(root, 2, {"list-qa.yaml": f"apps:\n{item.format('shop', 'shop', '1.0.0')}{cart}"})
    commit(root, 3, {"list-qa.yaml": f"apps:\n{cart}{item.format('shop', 'shop', '2.0.0')}"})
    assert told(root, service="shop") == ["2.0.0 3 list-qa.yaml:5", "1.0.0 2 list-qa.yaml:3"]


def test_files_of_tags_and_charts_from_elsewhere_are_followed(tmp_path: Path) -> None:
    root, dependency = tmp_path / "apps", "{}dependencies: [{{name: web, repository: 'https://x.test', version: {}}}]\n"
    settings = "versions: {file: 'tags/{environment}/{service}', path: tag}\n"
    commit(root, 1, {"billing/Chart.yaml": dependency.format(CHART, "1.0.0"), "cart/Chart.yaml": CHART})
    commit(root, 2, {"billing/Chart.yaml": dependency.format(CHART, "2.0.0"), "cart/values-qa.yaml": "a: 1\n"})
    commit(root, 3, {"scenedock.yaml": settings, "tags/qa/cart": "tag: v1\n"})
    commit(root, 4, {"tags/qa/cart": "automatic: true\ntag: v2\n"})
    (billing,) = histories(root)
    assert [each["version"] for each in billing["versions"]] == ["2.0.0", "1.0.0"]
    assert told(root, service="cart") == ["v2 4 cart:2", "v1 3 cart:1"]


def test_what_an_application_sets_is_followed_in_its_manifest(tmp_path: Path) -> None:
    root, helm = tmp_path / "apps", "helm: {{valuesObject: {{image: {{tag: {}}}}}}}"
    chart = {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE.format("1.0.0")}
    source = "{{repoURL: 'https://git.test/acme/apps', path: billing, {}}}"
    application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: billing-qa}\nspec:\n  source: "
    settings = {"scenedock.yaml": "repository: https://git.test/acme/apps\n"}
    for hour, tag in ((1, "1.1.0"), (2, "1.2.0")):
        commit(root, hour, {**chart, **settings, "app.yaml": application + source.format(helm.format(tag)) + "\n"})
    assert told(root) == ["1.2.0 2 app.yaml:5", "1.1.0 1 app.yaml:5"]


def test_a_merge_is_one_change_by_who_made_it(apps: Path) -> None:
    git(apps, "checkout", "--quiet", "-b", "update")
    commit(apps, 5, {QA: "image: {tag: 1.3.0}\n"}, "Ada <ada@acme.test>")
    commit(apps, 6, {QA: "image: {tag: 1.4.0}\n"}, "Ada <ada@acme.test>")
    git(apps, "checkout", "--quiet", "main")
    git(apps, "merge", "--quiet", "--no-ff", "--message=Merge", "update", hour=7)
    (history,) = histories(apps, "--environment", "qa")
    newest, before, *_ = history["versions"]
    assert (newest["version"], newest["since"], newest["author"]) == ("1.4.0", "2026-01-01T07:00:00Z", "Ada")
    assert before["version"] == "1.2.0"


def merged(root: Path, *changes: tuple[dict[str, str], str]) -> dict[str, Any]:
    """The newest version of QA, after Jane has merged a branch with some changes by others."""
    git(root, "checkout", "--quiet", "-b", "update")
    for files, author in changes:
        commit(root, 5, files, f"{author} <{author}@acme.test>")
    git(root, "checkout", "--quiet", "main")
    git(root, "merge", "--quiet", "--no-ff", "--message=Merge", "update", hour=7)
    newest: dict[str, Any] = histories(root, "--environment", "qa")[0]["versions"][0]
    assert newest["since"] == "2026-01-01T07:00:00Z"
    return newest


def test_a_merge_of_several_authors_names_nobody(apps: Path) -> None:
    sets, adds = {QA: "image: {tag: 1.3.0}\n"}, {QA: "image: {tag: 1.3.0}\nreplicas: 7\n"}
    newest = merged(apps, (sets, "Ada"), (adds, "Eve"))
    assert (newest["version"], newest["author"]) == ("1.3.0", None)


@pytest.mark.parametrize(
    ("written", "version", "file"),
    [("replicas: 1\n", "1.0.0", "billing/values.yaml"), ("replicas: 1 # \x01\n", None, None)],
    ids=["readable", "not YAML"],
)
def test_a_merge_that_takes_a_version_away_names_who_did(
    apps: Path, written: str, version: str | None, file: str | None
) -> None:
    newest = merged(apps, ({QA: written, "README": "other\n"}, "Ada"), ({"README": "more\n"}, "Eve"))
    assert (newest["version"], newest["file"], newest["author"]) == (version, file, "Ada")


def test_who_solves_a_conflict_counts_and_who_merges_does_not(apps: Path) -> None:
    values = "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\n"
    commit(apps, 5, {QA: f"image: {{tag: 1.2.0}}\n{values}"})
    git(apps, "checkout", "--quiet", "-b", "update")
    commit(apps, 6, {QA: f"image: {{tag: 1.3.0}}\n{values}"}, "Ada <ada@acme.test>")
    git(apps, "checkout", "--quiet", "main")
    commit(apps, 7, {QA: f"image: {{tag: 1.2.0}}\n{values}g: 1\n"})
    git(apps, "merge", "--quiet", "--no-ff", "--no-commit", "update")
    git(apps, "commit", "--quiet", "--message=Merge", hour=8)
    newest = histories(apps, "--environment", "qa")[0]["versions"][0]
    assert (newest["version"], newest["author"]) == ("1.3.0", "Ada")
    plant(apps, {QA: f"image: {{tag: 1.4.0}}\n{values}g: 1\n"})
    git(apps, "commit", "--quiet", "--all", "--amend", "--no-edit", hour=8)
    newest = histories(apps, "--environment", "qa")[0]["versions"][0]
    assert (newest["version"], newest["author"]) == ("1.4.0", None)


def test_what_is_not_committed_has_no_time(apps: Path) -> None:
    plant(apps, {QA: "image: {tag: 1.3.0}\n"})
    newest, before = histories(apps, "--environment", "qa", "--most", "2")[0]["versions"]
    assert (newest["version"], newest["since"], before["version"]) == ("1.3.0", None, "1.2.0")
    shown = {each["environment"]: each for each in json.loads(run("show", "billing", apps, "--format", "json").stdout)}
    assert shown["qa"]["sinceReason"] == "it isn't committed yet"


def test_a_shallow_clone_says_what_to_run(apps: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", apps.as_uri(), str(shallow)], check=True, env=ENVIRONMENT)
    shown = json.loads(run("show", "billing", shallow, "--format", "json").stdout)
    assert {each["since"] for each in shown} == {None}
    assert all("`git fetch --unshallow`" in each["sinceReason"] for each in shown)
    (history,) = histories(shallow, "--environment", "qa")
    assert [each["version"] for each in history["versions"]] == ["1.2.0"]
    assert history["incomplete"].startswith("the clone has no history before 2026-01-01T04:00:00Z")

    git(apps, "config", "uploadpack.allowFilter", "true")
    git(apps, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(shallow, "fetch", "--quiet", "--unshallow", "--filter=blob:none")
    apps.rename(tmp_path / "away")
    (history,) = histories(shallow, "--environment", "qa")
    assert history["incomplete"].startswith("older commits were not searched: billing/values-qa.yaml can't be read")
    (tmp_path / "away").rename(apps)
    assert told(shallow) == told(apps)


def test_a_folder_that_is_no_clone_has_versions_and_no_history(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE.format("1.0.0")})
    (shown,) = json.loads(run("show", "billing", root, "--format", "json").stdout)
    assert (shown["version"], shown["since"]) == ("1.0.0", None)
    assert shown["sinceReason"].startswith("there is no history: not a git repository")


def test_a_clone_without_a_commit_says_so(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE.format("1.0.0")})
    git(root, "init", "--quiet")
    (shown,) = json.loads(run("show", "billing", root, "--format", "json").stdout)
    assert shown["sinceReason"] == "there is no history: there is no commit yet"


def test_what_is_or_was_behind_a_link_is_not_followed_and_says_so(apps: Path) -> None:
    (apps / QA).unlink()
    (apps / QA).symlink_to("../shared/qa.yaml")
    commit(apps, 5, {"shared/qa.yaml": "image: {tag: 1.3.0}\n"})
    (history,) = histories(apps, "--environment", "qa")
    assert [(each["version"], each["since"]) for each in history["versions"]] == [("1.3.0", None)]
    assert history["incomplete"].startswith(f"{QA} is a link or a submodule, ")
    listed = json.loads(run("list", apps, "--format", "json", "--history").stdout)
    assert [bool(each["since"]) or bool(each["sinceReason"]) for each in listed] == [True, True]

    (apps / QA).unlink()
    commit(apps, 6, {QA: "image: {tag: 1.3.0}\n"})
    commit(apps, 7, {QA: "image: {tag: 1.4.0}\n"})
    (history,) = histories(apps, "--environment", "qa")
    assert [(each["version"], bool(each["since"])) for each in history["versions"]] == [
        ("1.4.0", True),
        ("1.3.0", False),
    ]
    assert history["incomplete"].startswith(f"{QA} was a link before commit ")


def test_a_folder_that_was_moved_has_no_time_and_says_so(apps: Path) -> None:
    commit(apps, 5, {"billing/values-production.yaml": "image: {tag: 1.1.0}\n"})
    (apps / "apps").mkdir()
    git(apps, "mv", "billing", "apps/billing")
    commit(apps, 6, {"README": "moved\n"})
    for root in (apps, apps / "apps"):
        for history in histories(root):
            assert [each["since"] for each in history["versions"]] == [None]
            assert history["incomplete"].startswith("its files were moved by commit ")
            assert history["incomplete"].endswith(", from billing/Chart.yaml")
    listed = json.loads(run("list", apps, "--format", "json", "--history").stdout)
    assert [each["findings"] for each in listed] == [[], []]


def test_what_kustomize_makes_of_files_has_no_history_and_says_so(tmp_path: Path) -> None:
    root, pod = tmp_path / "apps", "{containers: [{name: billing, image: acme/billing}]}"
    deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\nspec: {template: {spec: %s}}\n"
    files = {
        "billing/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        "billing/base/deployment.yaml": deployment % pod,
    }
    for hour in (1, 2):
        overlay = f"resources: [../../base]\nimages: [{{name: acme/billing, newTag: 1.{hour}.0}}]\n"
        commit(root, hour, {**files, "billing/overlays/qa/kustomization.yaml": overlay})
    (shown,) = json.loads(run("show", "billing", root, "--format", "json").stdout)
    assert (shown["version"], shown["since"]) == ("1.2.0", None)
    assert shown["sinceReason"] == "what Flux and Kustomize make of their files isn't followed back"


def test_the_last_version_of_what_has_none_is_not_looked_for(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    commit(root, 1, {"billing/Chart.yaml": CHART, "billing/values.yaml": "replicas: 1\n"})
    (history,) = histories(root, "--most", "1")
    assert (history["versions"], history["incomplete"]) == (
        [],
        "it has no version, and only the last one was looked for",
    )


def test_a_folder_inside_a_clone_has_the_history_of_its_files(tmp_path: Path) -> None:
    root, files = tmp_path / "mono", {"billing/Chart.yaml": CHART, QA: "a: 1\n"}
    for hour in (1, 2):
        values = {"billing/values.yaml": IMAGE.format(f"1.{hour}.0")}
        commit(root, hour, {f"gitops/{path}": text for path, text in (files | values).items()})
    assert told(root / "gitops") == ["1.2.0 2 values.yaml:3", "1.1.0 1 values.yaml:3"]


def test_an_earlier_ref_has_the_history_until_then(apps: Path) -> None:
    (history,) = histories(apps, "--environment", "qa", "--ref", "main~1")
    assert [each["version"] for each in history["versions"]] == ["1.1.0", "1.0.0"]


def test_an_environment_where_it_is_not_deployed_is_wrong_usage(apps: Path) -> None:
    done = CliRunner().invoke(main, ["deployments", "history", "billing", str(apps), "--environment", "live"])
    assert (done.exit_code, done.output) == (
        2,
        "Error: 'billing' isn't deployed in 'live'; its environments are: qa, production\n",
    )


def test_a_repository_that_was_imported_does_not_say_what_lower_environments_never_had(tmp_path: Path) -> None:
    root, production = tmp_path / "apps", "billing/values-production.yaml"
    base = {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE.format("1.0.0")}
    commit(root, 1, {**base, QA: "image: {tag: 1.1.0}\n", production: "image: {tag: 1.0.1}\n"})
    commit(root, 2, {QA: "image: {tag: 1.2.0}\n"})
    found = json.loads(run("list", root, "--format", "json", "--history").stdout)
    assert [each["findings"] for each in found] == [[], []]


def test_a_version_of_production_that_no_lower_environment_ever_had_is_found_by_history(tmp_path: Path) -> None:
    root, production = tmp_path / "apps", "billing/values-production.yaml"
    base = {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE.format("1.0.0")}
    commit(root, 1, {**base, QA: "image: {tag: 1.1.0}\n", production: "image: {tag: 1.1.0}\n"})
    commit(root, 2, {QA: "image: {tag: 1.3.0}\n"})
    found = [json.loads(run("list", root, "--format", "json", "--history").stdout)]
    commit(root, 3, {production: "image: {tag: 1.2.0}\n"})
    found.append(json.loads(run("list", root, "--format", "json", "--history").stdout))
    findings = [[finding["message"] for finding in each[1]["findings"]] for each in found]
    assert findings == [[], ["billing/production has 1.2.0, which none of qa ever had"]]


@pytest.mark.parametrize("date", ["", " 99999999999999 +0000"])
def test_a_date_that_cannot_be_read_ends_the_history(apps: Path, date: str) -> None:
    commit(apps, 5, {QA: "image: {tag: 1.3.0}\n"})
    odd = re.sub(r"(?m)(^committer .*>).*$", rf"\1{date}", asked(apps, "cat-file", "-p", "HEAD"))
    git(apps, "reset", "--quiet", asked(apps, "hash-object", "--literally", "-t", "commit", "-w", "--stdin", given=odd))
    (history,) = histories(apps, "--environment", "qa")
    assert [(each["version"], each["since"]) for each in history["versions"]] == [("1.3.0", None)]
    assert history["incomplete"].endswith(" on were not searched: its date can't be read")
