"""`catalog export --in-place --propose`, as cron runs it: one pull request that follows the catalog."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.shared.bare import NULL
from tests.publishing.acme import Acme
from tests.scenarios.repositories import export, git, plant

BRANCH = "scenedock/catalog"
URL = "https://github.com/acme/apps"
CHARTS = {f"{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n" for name in ("billing", "cart")}


@pytest.fixture
def apps(acme: Acme, tmp_path: Path) -> Path:
    """A clone of acme/apps, which has two charts and no catalog file."""
    acme.github.world.commit("acme/apps", "main", dict(CHARTS))
    root = plant(tmp_path / "clone" / "apps", CHARTS)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", URL)
    return root


def propose(
    acme: Acme, root: Path, *options: str | Path, hosts: str = "hosts.yaml"
) -> subprocess.CompletedProcess[str]:
    environment = {"SCENEDOCK_CODE_HOSTS": str(acme.folder / hosts)} if hosts else {}
    return export(root, "--in-place", "--propose", "--allow-deletions", *options, environment=environment)


def catalog_files(acme: Acme, branch: str) -> dict[str, str]:
    files = acme.repository("apps").files(branch)
    return {path: text.decode() for path, (_, text) in files.items() if path.endswith("catalog-info.yaml")}


def writes(acme: Acme) -> list[str]:
    return [call for call in acme.calls() if not call.startswith("GET ")]


def test_the_first_run_opens_a_pull_request_and_a_second_one_opens_nothing(acme: Acme, apps: Path) -> None:
    before = sorted(path for path in apps.rglob("*") if ".git" not in path.parts)

    first = propose(acme, apps, "--quiet")
    opened = acme.repository("apps")
    commits = [commit.sha for commit in opened.git.commits(BRANCH)]
    acme.calls()
    second = propose(acme, apps)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "pull request " in first.stderr
    assert first.stdout.splitlines()[-1] == "2 folders: 2 Components (2 service), 2 files to propose"
    assert writes(acme) == []
    assert (list(opened.pulls), opened.pulls[1].base) == ([1], "main")
    assert [commit.sha for commit in opened.git.commits(BRANCH)] == commits
    assert commits[1:] == [commit.sha for commit in opened.git.commits("main")]
    assert sorted(catalog_files(acme, BRANCH)) == ["billing/catalog-info.yaml", "cart/catalog-info.yaml"]
    assert "has this already" in second.stderr
    assert sorted(path for path in apps.rglob("*") if ".git" not in path.parts) == before


def test_what_changes_later_updates_the_same_pull_request(acme: Acme, apps: Path) -> None:
    propose(acme, apps)
    plant(apps, {"ledger/Chart.yaml": "apiVersion: v2\nname: ledger\nversion: 1.0.0\n"})
    shutil.rmtree(apps / "cart")

    done = propose(acme, apps)

    repository = acme.repository("apps")
    assert (done.returncode, list(repository.pulls)) == (0, [1]), done.stderr
    assert sorted(catalog_files(acme, BRANCH)) == ["billing/catalog-info.yaml", "ledger/catalog-info.yaml"]
    assert len(repository.git.commits(BRANCH)) == len(repository.git.commits("main")) + 1


def test_after_the_merge_nothing_is_proposed_until_something_changes(acme: Acme, apps: Path) -> None:
    propose(acme, apps)
    acme.merge(1)
    late = propose(acme, apps)  # the clone is not up to date yet
    merge_files = catalog_files(acme, "main")
    plant(apps, merge_files)
    acme.calls()
    unchanged = propose(acme, apps)
    calls = acme.calls()
    shutil.rmtree(apps / "cart")
    (apps / "cart").mkdir()
    plant(apps, {"cart/catalog-info.yaml": merge_files["cart/catalog-info.yaml"]})
    removed = propose(acme, apps)

    pulls = acme.repository("apps").pulls
    assert [done.returncode for done in (late, unchanged, removed)] == [0, 0, 0]
    assert "there is nothing to propose" in late.stderr
    assert (unchanged.stderr, calls) == ("", [])
    assert (sorted(pulls), "1 removed" in removed.stdout) == ([1, 2], True)
    assert sorted(catalog_files(acme, BRANCH)) == ["billing/catalog-info.yaml"]


def test_a_pull_request_that_a_person_closed_is_opened_again_only_for_something_else(acme: Acme, apps: Path) -> None:
    propose(acme, apps)
    acme.close(1)

    same = propose(acme, apps)
    closed = sorted(acme.repository("apps").pulls)
    plant(apps, {"ledger/Chart.yaml": "apiVersion: v2\nname: ledger\nversion: 1.0.0\n"})
    other = propose(acme, apps)

    assert (same.returncode, other.returncode) == (0, 0)
    assert "(closed) has this already" in same.stderr
    assert (closed, sorted(acme.repository("apps").pulls)) == ([1], [1, 2])


def test_a_pull_request_that_was_updated_and_then_closed_with_its_branch_stays_closed(acme: Acme, apps: Path) -> None:
    propose(acme, apps)
    repository = acme.repository("apps")
    first = repository.pulls[1].body or ""
    repository.pulls[1].body = f"Ada says: later.\r\n{first}"
    plant(apps, {"ledger/Chart.yaml": "apiVersion: v2\nname: ledger\nversion: 1.0.0\n"})
    propose(acme, apps)
    updated = repository.pulls[1].body
    acme.close(1)
    repository.git.move(f"refs/heads/{BRANCH}", NULL)
    acme.calls()

    done = propose(acme, apps)

    assert (done.returncode, "(closed) has this already" in done.stderr) == (0, True), done.stderr
    assert (list(repository.pulls), writes(acme)) == ([1], [])
    *text, mark, replaced = updated.splitlines()
    assert (text, mark[:31]) == (["Ada says: later.", *first.splitlines()[:-1]], "Scenedock-Task: catalog-export/")
    assert (mark not in first, replaced.startswith("Scenedock-Replaced: catalog-export/")) == (True, True)


def test_commits_of_others_and_files_of_people_are_not_overwritten(acme: Acme, apps: Path) -> None:
    theirs = "apiVersion: backstage.io/v1alpha1\n"
    acme.github.world.commit("acme/apps", "main", {"cart/catalog-info.yaml": theirs})  # the clone hasn't seen it yet
    propose(acme, apps)
    before = catalog_files(acme, BRANCH)
    acme.github.world.commit("acme/apps", BRANCH, {"NOTES.md": "mine\n"})

    same = propose(acme, apps)
    plant(apps, {"ledger/Chart.yaml": "apiVersion: v2\nname: ledger\nversion: 1.0.0\n"})
    refused = propose(acme, apps)

    assert before["cart/catalog-info.yaml"] == theirs
    assert "billing/catalog-info.yaml" in before
    assert same.returncode == 0
    assert refused.returncode == 4
    assert f"the branch '{BRANCH}' has commits of others" in refused.stderr
    assert catalog_files(acme, BRANCH) == before


def test_a_file_that_a_person_has_taken_over_since_the_clone_is_neither_replaced_nor_deleted(
    acme: Acme, apps: Path
) -> None:
    propose(acme, apps)
    acme.merge(1)
    ours = catalog_files(acme, "main")
    stale = {path: text.replace("name: ", "name: old-") for path, text in ours.items()}
    theirs = dict.fromkeys(ours, "apiVersion: backstage.io/v1alpha1\n")
    acme.github.world.commit("acme/apps", "main", theirs)
    plant(apps, stale)  # a clone from before: one file differs from what is right, and one is to be deleted
    (apps / "cart/Chart.yaml").unlink()

    done = propose(acme, apps)

    assert (done.returncode, "1 removed" in done.stdout) == (0, True), done.stderr
    for path in theirs:
        assert f"{path} in main was written by somebody else, and stays" in done.stderr
    assert "there is nothing to propose" in done.stderr
    assert sorted(acme.repository("apps").pulls) == [1]
    assert catalog_files(acme, "main") == theirs


def test_one_repository_that_refuses_doesnt_stop_the_others(acme: Acme, apps: Path, tmp_path: Path) -> None:
    world = acme.github.world
    chart = {"search/Chart.yaml": "apiVersion: v2\nname: search\nversion: 1.0.0\n"}
    world.create_repository("acme", "more", private=True)
    world.commit("acme/more", "main", dict(chart))
    elsewhere = {"stock/Chart.yaml": "apiVersion: v2\nname: stock\nversion: 1.0.0\n"}
    others = [
        plant(tmp_path / "clone" / name, files) for name, files in {"elsewhere": elsewhere, "more": chart}.items()
    ]
    for root in others:
        git(root, "init", "--quiet", "--initial-branch=main")
        git(root, "remote", "add", "origin", URL.replace("apps", "more"))
    git(others[0], "remote", "set-url", "origin", "https://github.com/others/elsewhere")
    world.commit("acme/apps", BRANCH, {"NOTES.md": "mine\n"})

    done = propose(acme, apps, *others)

    assert done.returncode == 4, done.stderr
    assert f"the branch '{BRANCH}' has commits of others" in done.stderr.splitlines()[-1]
    assert "only repositories of acme, ada are allowed on github.com" in done.stderr
    assert (len(acme.repository("apps").pulls), len(acme.repository("more").pulls)) == (0, 1)


def test_a_mirror_is_read_at_a_ref_and_a_folder_of_a_clone_keeps_its_path(acme: Acme, tmp_path: Path) -> None:
    root = plant(tmp_path / "clone", {f"clusters/eu/{path}": text for path, text in CHARTS.items()})
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "-c", "user.name=Ada", "-c", "user.email=ada@acme.test", "commit", "--quiet", "--message=First")
    git(root, "remote", "add", "origin", URL)
    git(tmp_path, "clone", "--quiet", "--mirror", str(root), "apps.git")
    git(tmp_path / "apps.git", "remote", "set-url", "origin", URL)

    mirror = propose(acme, tmp_path / "apps.git", "--ref", "main")
    paths = sorted(catalog_files(acme, BRANCH))
    folder = propose(acme, root / "clusters" / "eu")
    again = propose(acme, root / "clusters" / "eu")

    assert [done.returncode for done in (mirror, folder, again)] == [0, 0, 0], mirror.stderr + folder.stderr
    assert paths == ["clusters/eu/billing/catalog-info.yaml", "clusters/eu/cart/catalog-info.yaml"]
    assert sorted(catalog_files(acme, f"{BRANCH}-clusters-eu")) == paths
    assert sorted(acme.repository("apps").pulls) == [1, 2]
    assert list(tmp_path.glob("apps.git/.scenedock*")) == []


@pytest.mark.parametrize(
    ("remote", "hosts", "code", "said"),
    [
        (URL, "", 3, "github.com is not one of the allowed code hosts: none; `SCENEDOCK_CODE_HOSTS` names a file"),
        ("https://github.com/others/apps", "hosts.yaml", 3, "only repositories of acme, ada are allowed on github.com"),
        (
            "",
            "hosts.yaml",
            2,
            "apps: its address isn't known, so nothing can be proposed; set `repository` in ",
        ),
    ],
)
def test_where_it_may_not_propose_it_says_why(
    acme: Acme, apps: Path, remote: str, hosts: str, code: int, said: str
) -> None:
    git(apps, "remote", "remove", "origin")
    if remote:
        git(apps, "remote", "add", "origin", remote)

    done = propose(acme, apps, hosts=hosts)

    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert acme.repository("apps").pulls == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--propose",), "--exit-code and --propose are about the files of --in-place: add --in-place."),
        (("--in-place", "--propose", "--exit-code"), "remove --exit-code."),
        (("--in-place", "--propose", "--output", "x"), "remove --output, --format, --until and --ref."),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = export(tmp_path, *options)

    assert (done.returncode, said in done.stderr) == (2, True)
