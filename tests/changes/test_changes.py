"""What people read in a pull request: the outputs of `check` and `diff`, kept beside this file.

The repository is the example that ships with the product, whose catalog files are committed, and then some changes to
it. `make golden` rewrites what is expected.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema_rs import Draft4Validator

from scenedock.doors.cli import main
from tests.tools.node import node_modules

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SARIF = ROOT / "tests" / "contracts" / "sarif"
REWRITE = os.environ.get("SCENEDOCK_GOLDEN") == "rewrite"


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=Jane", "-c", "user.email=jane@acme.test", "-c", "core.autocrlf=false")
    subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--message=Next")


def run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(main, ["catalog", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the example with its catalog files, in which everything is right."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    root = tmp_path / "acme-apps"
    shutil.copytree(Path(__file__).parent / "acme-apps", root)
    git(root, "init", "--initial-branch=main")
    assert run("export", root, "--in-place").exit_code == 0
    commit(root)
    return root


def change(root: Path) -> None:
    """Rename a service, remove one, add one, and touch others' files."""
    (root / "search").rename(root / "finder")
    (root / "finder" / "catalog-info.yaml").unlink()
    shutil.rmtree(root / "statement-mailer" / "templates")
    (root / "statement-mailer" / "Chart.yaml").unlink()
    new = root / "ledger"
    new.mkdir()
    (new / "Chart.yaml").write_text("apiVersion: v2\nname: ledger\nversion: 1.0.0\ndescription: Books.\n")
    (new / "values-qa.yaml").write_text("service: {port: 80}\n")
    owners = root / ".github" / "CODEOWNERS"
    owners.write_text(owners.read_text("utf-8").replace("/redis/", "/nothing/") + "/billing/ @acme/ledger\n", "utf-8")
    redis = root / "redis" / "catalog-info.yaml"
    redis.write_text(redis.read_text("utf-8").replace("type: cache", "type: queue"), "utf-8")


def sarif_judge() -> Draft4Validator:
    """The published schema of SARIF 2.1.0, with the one pattern in it mended that is no regular expression."""
    schema = node_modules(SARIF) / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
    text = schema.read_text("utf-8").replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$")
    return Draft4Validator(json.loads(text))


def expect(name: str, text: str) -> None:
    file = HERE / name
    if REWRITE:
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8"), f"{name} (see make golden)"


def test_a_repository_whose_files_are_right_passes_the_check(root: Path) -> None:
    done = run("check", root)

    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "All right: catalog-info.yaml files: 5 right")


def test_the_check_shows_what_differs_what_is_missing_and_what_is_stale(root: Path) -> None:
    change(root)

    done = run("check", root)

    assert done.exit_code == 1
    expect("check.txt", done.output)


def test_the_check_prints_what_code_hosts_show_beside_the_lines(root: Path) -> None:
    change(root)

    github, gitlab = (run("check", root, "--format", each) for each in ("github", "gitlab"))

    redis = next(each for each in github.output.splitlines() if "file=redis/catalog-info" in each)
    assert redis.startswith("::error file=redis/catalog-info.yaml,line=")
    found = json.loads(gitlab.output)
    assert (len(found), github.exit_code, gitlab.exit_code) == (len(github.output.splitlines()), 1, 1)
    assert {"redis/catalog-info.yaml", "ledger/catalog-info.yaml"} <= {each["location"]["path"] for each in found}


def test_the_check_at_a_ref_judges_what_is_committed_there(root: Path) -> None:
    change(root)
    assert run("check", root, "--ref", "main").exit_code == 0

    of_folder = run("check", root, "--verbose").output
    commit(root)
    git(root.parent, "clone", "--bare", str(root), "acme-apps.git")
    git(root.parent / "acme-apps.git", "remote", "remove", "origin")

    assert run("check", root.parent / "acme-apps.git", "--ref", "main", "--verbose").output == of_folder


def test_what_the_check_says_is_mended_by_an_export_in_place(root: Path) -> None:
    change(root)

    assert run("export", root, "--in-place").exit_code == 0
    assert run("check", root).exit_code == 0


def test_line_ends_of_a_checkout_are_no_difference(root: Path) -> None:
    for path in root.glob("*/catalog-info.yaml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert run("check", root).exit_code == 0


def test_a_policy_of_severity_error_fails_the_check_though_all_files_are_right(root: Path) -> None:
    (root / "checkout" / "catalog-info.yaml").write_text("kind: [")

    done = run("check", root)

    assert (done.exit_code, "; 1 other error" in done.output.splitlines()[-1]) == (1, True)


def test_code_scanning_gets_the_same_findings(root: Path) -> None:
    change(root)

    done = run("check", root, "--format", "sarif")

    assert done.exit_code == 1
    expect("check.sarif", done.output)
    assert [str(error) for error in sarif_judge().iter_errors(json.loads(done.output))] == []


def test_the_schema_of_code_scanning_refuses_what_is_wrong() -> None:
    wrong = json.loads((HERE / "check.sarif").read_bytes())
    wrong["runs"][0]["results"][0]["level"] = "fatal"

    assert not sarif_judge().is_valid(wrong)


def test_code_scanning_finds_the_file_in_a_clone_of_which_the_repository_is_a_part(root: Path, tmp_path: Path) -> None:
    inside = tmp_path / "clone" / "clusters" / "one two"
    inside.parent.mkdir(parents=True)
    shutil.copytree(root, inside, ignore=shutil.ignore_patterns(".git"))
    git(tmp_path / "clone", "init")
    git(tmp_path / "clone", "remote", "add", "origin", "https://github.com/acme/clusters.git")
    (inside / "redis" / "catalog-info.yaml").unlink()

    results = json.loads(run("check", inside, "--format", "sarif").output)["runs"][0]["results"]

    places = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert "clusters/one%20two/redis/catalog-info.yaml" in places


def test_the_report_goes_into_a_file(root: Path, tmp_path: Path) -> None:
    done = run("check", root, "--format", "sarif", "--output", tmp_path / "check.sarif")

    assert (done.exit_code, done.output) == (0, "")
    assert json.loads((tmp_path / "check.sarif").read_bytes())["version"] == "2.1.0"


def test_the_difference_since_a_ref_is_told_entity_by_entity_and_field_by_field(root: Path) -> None:
    change(root)

    done = run("diff", root, "--since", "main")

    assert done.exit_code == 0
    expect("diff.txt", done.output)


def test_the_difference_between_two_refs_of_a_bare_repository_is_the_same(root: Path) -> None:
    change(root)
    of_folder = json.loads(run("diff", root, "--since", "main", "--format", "json").output)
    commit(root)
    git(root.parent, "clone", "--bare", str(root), "acme-apps.git")
    git(root.parent / "acme-apps.git", "remote", "remove", "origin")

    done = run("diff", root.parent / "acme-apps.git", "--since", "main~1", "--ref", "main", "--format", "json")

    assert json.loads(done.output) == {**of_folder, "since": "main~1", "ref": "main"}
    expect("diff.json", done.output)


def test_nothing_changed_is_one_line(root: Path) -> None:
    assert run("diff", root, "--since", "HEAD").output == "Catalog: no changes\n"


def test_a_checkout_without_a_branch_keeps_the_one_that_the_files_use(root: Path) -> None:
    settings = root / "scenedock.yaml"
    text = settings.read_text("utf-8")
    settings.write_text("\n".join(line for line in text.splitlines() if not line.startswith("branch:")) + "\n", "utf-8")
    git(root, "remote", "add", "origin", "https://github.com/acme/apps.git")
    run("export", root, "--in-place")
    commit(root)
    assert run("check", root).exit_code == 0

    git(root, "checkout", "--detach")
    done = run("check", root)

    assert done.exit_code == 0, done.output
