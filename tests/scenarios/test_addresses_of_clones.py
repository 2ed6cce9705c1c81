"""What git knows of a clone becomes the address of its source, and its secrets never do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.scenarios.repositories import clone, export, git, plant, scenedock

HTTPS = "https://github.com/acme/apps.git"


def location(*arguments: str | Path, cwd: Path | None = None) -> str:
    """The one source-location in the output of an export; empty without one."""
    done = export(*arguments, cwd=cwd)
    found = [line.partition(": ")[2] for line in done.stdout.splitlines() if "source-location" in line]
    assert len(found) <= 1
    return found[0] if found else ""


@pytest.mark.parametrize(
    "remote",
    [
        HTTPS,
        "https://github.com/acme/apps",
        "https://github.com/acme/apps/",
        "git@github.com:acme/apps.git",
        "github.com:acme/apps.git",
        "ssh://git@github.com/acme/apps.git",
        "ssh://git@github.com:22/acme/apps",
    ],
)
def test_every_way_to_write_a_remote_is_one_address(tmp_path: Path, remote: str) -> None:
    assert location(clone(tmp_path, remote)) == "url:https://github.com/acme/apps/tree/main/billing/"


@pytest.mark.parametrize(
    "remote",
    [
        "https://jane:s3cret@github.com/acme/apps.git",
        "https://s3cret@github.com/acme/apps.git",
        "https://x-access-token:a@s3cret@github.com/acme/apps.git",
        "https://github.com/acme/apps.git?token=s3cret",
        "https://jane:s3/cret@github.com/acme/apps.git",
        "https://jane:1/s3cret@github.com/acme/apps.git",
        "https://jane:1/s3?cret@github.com/acme/apps.git",
        "https://jane:1/s3#cret@github.com/acme/apps.git",
        "ssh://jane:s3cret@github.com/acme/apps.git",
    ],
)
def test_credentials_of_a_remote_are_nowhere_in_the_output(tmp_path: Path, remote: str) -> None:
    report = tmp_path / "report.json"

    done = export(clone(tmp_path / "apps", remote), "--report", report, "--verbose")

    for text in (done.stdout, done.stderr, report.read_text(encoding="utf-8")):
        assert "s3" not in text
        assert "cret" not in text
        assert "jane" not in text


def test_a_remote_on_disk_is_no_address(tmp_path: Path) -> None:
    done = export(clone(tmp_path / "apps", str(clone(tmp_path / "origin"))))

    assert "source-location" not in done.stdout
    assert "the repository's address isn't known" in done.stderr


def test_the_default_branch_of_the_remote_is_the_branch(tmp_path: Path) -> None:
    origin = clone(tmp_path / "origin")
    git(tmp_path, "clone", "--quiet", str(origin), "apps")
    git(tmp_path / "apps", "remote", "set-url", "origin", HTTPS)
    git(tmp_path / "apps", "checkout", "--quiet", "-b", "feature")

    assert location(tmp_path / "apps") == "url:https://github.com/acme/apps/tree/main/billing/"


def test_a_detached_head_is_called_head(tmp_path: Path) -> None:
    git(clone(tmp_path, HTTPS), "branch", "--move", "trunk")
    git(tmp_path, "checkout", "--quiet", "--detach")

    assert location(tmp_path) == "url:https://github.com/acme/apps/tree/HEAD/billing/"


def test_a_feature_branch_is_never_taken_for_the_default_one(tmp_path: Path) -> None:
    clone(tmp_path, HTTPS)
    git(tmp_path, "checkout", "--quiet", "-b", "feat")

    assert location(tmp_path) == "url:https://github.com/acme/apps/tree/main/billing/"


def test_a_guessed_branch_is_said(tmp_path: Path) -> None:
    git(clone(tmp_path, HTTPS), "branch", "--move", "trunk")

    done = export(tmp_path)

    assert "url:https://github.com/acme/apps/tree/trunk/billing/" in done.stdout
    assert "the default branch isn't known here, so addresses say trunk" in done.stderr
    assert "git remote set-head origin --auto" in done.stderr


def test_the_branch_in_committed_files_is_kept_where_git_knows_none(tmp_path: Path) -> None:
    git(clone(tmp_path, HTTPS), "branch", "--move", "team/live")
    assert export(tmp_path, "--in-place", "--quiet").returncode == 0
    git(tmp_path, "branch", "--move", "feat")

    checked = scenedock("catalog", "check", tmp_path)

    assert (checked.returncode, checked.stdout) == (0, "All right: catalog-info.yaml files: 1 right\n")


@pytest.mark.parametrize("command", [("catalog", "check"), ("ci", "--no-manifests", "--no-catalog")])
@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_pipeline_names_the_branch_that_its_checkout_lacks(
    tmp_path: Path, host: str, command: tuple[str, ...]
) -> None:
    author = clone(tmp_path / "author", HTTPS)
    git(author, "branch", "--move", "trunk")
    assert export(author, "--in-place", "--quiet").returncode == 0
    # The marker file as another clone would write it: the branch must come from the pipeline, not from this file.
    (author / "billing/catalog-info.yaml").write_text(
        (author / "billing/catalog-info.yaml").read_text("utf-8").replace("/trunk/", "/live/"), encoding="utf-8"
    )
    git(author, "add", "--all")
    git(author, "-c", "user.name=Jane", "-c", "user.email=jane@acme.test", "commit", "--quiet", "--message=Files")
    job = tmp_path / "job"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(job))
    git(job, "fetch", "--quiet", "--depth=1", str(author), "+HEAD:refs/remotes/pull/7/merge")
    git(job, "remote", "add", "origin", HTTPS)
    git(job, "checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")
    event = tmp_path / "event.json"
    event.write_text('{"repository": {"default_branch": "live"}}', encoding="utf-8")
    variables = {
        "github": {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "Acme/apps",
            "GITHUB_EVENT_PATH": str(event),
        },
        "gitlab": {
            "GITLAB_CI": "true",
            "CI_PROJECT_URL": "https://github.com/acme/apps",
            "CI_DEFAULT_BRANCH": "live",
        },
    }

    done = scenedock(*command, job, environment=variables[host])

    assert (done.returncode, "1 right" in done.stdout) == (0, True), done.stdout + done.stderr
    assert "tree/live/" in export(job, environment=variables[host]).stdout


def test_without_a_pipeline_a_detached_checkout_uses_the_branch_of_its_files(tmp_path: Path) -> None:
    clone(tmp_path, HTTPS)
    assert export(tmp_path, "--in-place", "--quiet").returncode == 0
    git(tmp_path, "checkout", "--quiet", "--detach")
    git(tmp_path, "branch", "--quiet", "--delete", "--force", "main")

    assert scenedock("catalog", "check", tmp_path).stdout == "All right: catalog-info.yaml files: 1 right\n"


def test_a_folder_inside_a_clone_keeps_its_path(tmp_path: Path) -> None:
    clone(tmp_path, HTTPS, {"clusters/a b/billing/Chart.yaml": "name: billing\n"})

    assert location(tmp_path / "clusters/a b") == "url:https://github.com/acme/apps/tree/main/clusters/a%20b/billing/"
    assert location(".", cwd=tmp_path / "clusters/a b").endswith("/clusters/a%20b/billing/")


def test_settings_name_the_address_and_branch_of_what_is_no_clone(tmp_path: Path) -> None:
    plant(tmp_path)
    (tmp_path / "scenedock.yaml").write_text("repository: https://gitlab.acme.test/a/apps.git\nbranch: live\n")

    assert location(tmp_path) == "url:https://gitlab.acme.test/a/apps/-/tree/live/billing/"


def test_without_a_remote_no_url_is_emitted(tmp_path: Path) -> None:
    done = export(clone(tmp_path))

    assert (done.returncode, "://" in done.stdout) == (0, False)
    assert "add the git remote `origin`" in done.stderr


def test_a_remote_that_is_a_folder_is_no_address(tmp_path: Path) -> None:
    done = export(clone(tmp_path / "apps", str(tmp_path / "others.git")))

    assert (done.returncode, "://" in done.stdout) == (0, False)
    assert "git's remote `origin` is a folder, not an address. Set `repository` in scenedock.yaml." in done.stderr


def test_a_clone_without_git_on_the_path_is_exported_and_says_so(tmp_path: Path) -> None:
    clone(tmp_path, HTTPS)

    done = export(tmp_path, environment={"PATH": str(tmp_path / "nothing")})

    assert (done.returncode, "name: billing" in done.stdout, "://" in done.stdout) == (0, True, False)
    assert "git isn't installed" in done.stderr


def test_a_clone_of_somebody_else_says_how_to_trust_it(tmp_path: Path) -> None:
    done = export(clone(tmp_path / "apps", HTTPS), environment={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})

    assert (done.returncode, "name: billing" in done.stdout) == (0, True)
    assert f"git config --global --add safe.directory {tmp_path / 'apps'}" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("catalog", "diff", ".", "--since", "main"),
        ("ci", "--since", "main"),
        ("deployments", "history", "billing"),
    ],
)
def test_every_command_says_how_to_trust_a_clone_of_somebody_else(tmp_path: Path, command: tuple[str, ...]) -> None:
    root = clone(tmp_path / "apps", HTTPS)

    done = scenedock(*command, cwd=root, environment={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})

    assert f"git config --global --add safe.directory {root}" in done.stderr + done.stdout


def test_variables_of_a_git_hook_lead_to_no_other_repository(tmp_path: Path) -> None:
    other = clone(tmp_path / "other", "https://github.com/acme/other.git")

    done = export(clone(tmp_path / "apps", HTTPS), environment={"GIT_DIR": str(other / ".git")})

    assert "https://github.com/acme/apps/tree/main/billing/" in done.stdout


def test_a_link_into_git_is_not_read(tmp_path: Path) -> None:
    clone(tmp_path, "https://jane:s3cret@github.com/acme/apps.git")
    (tmp_path / "billing/config.graphql").symlink_to("../.git/config")

    done = export(tmp_path)

    assert "s3cret" not in done.stdout
    assert "kind: API" not in done.stdout


def test_a_bare_repository_is_read_at_a_ref(tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(clone(tmp_path / "origin")), "bare")

    done = export(tmp_path / "bare")

    assert (done.returncode, done.stdout) == (2, "")
    assert "--ref" in done.stderr


def test_git_is_only_asked_never_changed(tmp_path: Path) -> None:
    clone(tmp_path / "apps", HTTPS)
    shutil.copytree(tmp_path / "apps", tmp_path / "before")

    export(tmp_path / "apps")

    before, after = (sorted((tmp_path / name).rglob("*")) for name in ("before", "apps"))
    assert [path.relative_to(tmp_path / "before") for path in before] == [
        path.relative_to(tmp_path / "apps") for path in after
    ]
    assert [path.read_bytes() for path in before if path.is_file()] == [
        path.read_bytes() for path in after if path.is_file()
    ]
