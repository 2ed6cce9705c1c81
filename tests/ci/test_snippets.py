"""What the guides tell people to paste is right: each system's linters judge it, and its commands run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.tools.venv import venv

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "catalog-in-ci.md").read_text("utf-8")
RELEASING = (ROOT / "docs" / "releasing.md").read_text("utf-8")
PUBLISHING = (ROOT / "docs" / "publishing.md").read_text("utf-8")
LOCK = Path(__file__).parent / "requirements-tools.txt"
SCENEDOCK = Path(sysconfig.get_path("scripts"), "scenedock")


def snippet(heading: str, page: str = PAGE) -> str:
    """The YAML block under a heading."""
    found = re.search(rf"^### {heading}\n.*?^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def tool(
    name: str, *arguments: str | Path, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a tool of the lock."""
    binaries = venv(LOCK) / "bin"
    environment = {**os.environ, **variables, "PATH": f"{binaries}:{os.environ['PATH']}"}
    command = [str(binaries / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, cwd=cwd, env=environment, text=True)


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=Jane", "-c", "user.email=jane@acme.test")
    done = subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """A clone of the example on a branch, one commit after `main`, with its catalog files."""
    root = tmp_path / "apps"
    shutil.copytree(ROOT / "tests" / "changes" / "acme-apps", root)
    git(root, "init", "--initial-branch=main")
    subprocess.run([SCENEDOCK, "catalog", "export", root, "--in-place", "--quiet"], check=True, capture_output=True)
    git(root, "add", "--all")
    git(root, "commit", "--message=First")
    git(root, "checkout", "-b", "feature")
    (root / "redis" / "Chart.yaml").write_text("apiVersion: v2\nname: redis\nversion: 2.0.0\ndescription: Quick.\n")
    return root


def shell(script: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the words of a pipeline where Scenedock is installed already."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), **variables}
    command = ["bash", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, capture_output=True, check=False, cwd=cwd, env=environment, text=True)


@pytest.mark.parametrize(("heading", "page"), [("GitHub", PAGE), ("In a GitHub workflow", PUBLISHING)])
def test_the_workflow_pleases_github_and_its_auditor(tmp_path: Path, heading: str, page: str) -> None:
    workflow = tmp_path / ".github" / "workflows" / "workflow.yaml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(snippet(heading, page))

    for name, *options in (
        ("actionlint", "-color=false"),
        ("zizmor", "--offline", "--no-progress", "--persona=pedantic"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    ):
        done = tool(name, *options, workflow, cwd=tmp_path)
        assert (name, done.returncode, done.stdout + done.stderr) == (name, 0, done.stdout + done.stderr)


def test_the_cron_job_is_one_that_kubernetes_takes(tmp_path: Path) -> None:
    manifest = tmp_path / "cronjob.yaml"
    manifest.write_text(json.dumps(yaml.safe_load(snippet("In Kubernetes"))))

    done = tool("kubernetes-validate", "--strict", "--kubernetes-version", "1.34", manifest)
    assert (done.returncode, done.stdout + done.stderr) == (0, done.stdout + done.stderr)

    manifest.write_text(manifest.read_text().replace("startingDeadlineSeconds", "startingDeadline"))
    assert tool("kubernetes-validate", "--strict", "--kubernetes-version", "1.34", manifest).returncode != 0


def test_the_hooks_are_what_pre_commit_understands() -> None:
    done = tool("pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_hooks_stop_a_commit_whose_catalog_files_are_wrong(apps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    # What pre-commit would install is installed already, so nothing is built here.
    local = [{**hook, "language": "system", "entry": f"{SCENEDOCK.parent}/{hook['entry']}"} for hook in hooks]
    (apps / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": local}]}))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(apps.parent / "pre-commit"))
    git(apps, "add", "--all")

    check = tool("pre-commit", "run", "catalog-check", cwd=apps)
    export = tool("pre-commit", "run", "catalog-export", cwd=apps)
    git(apps, "add", "--all")
    again = tool("pre-commit", "run", cwd=apps)

    assert (check.returncode, "redis/catalog-info.yaml" in check.stdout) == (1, True)
    assert (export.returncode, "files were modified by this hook" in export.stdout) == (1, True)
    assert again.returncode == 0, again.stdout


def test_the_hook_that_writes_stops_a_commit_until_a_new_services_file_is_in_it(
    apps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hook,) = (each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()) if "export" in each["id"])
    local = [{**hook, "language": "system", "entry": f"{SCENEDOCK.parent}/{hook['entry']}"}]
    (apps / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": local}]}))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(apps.parent / "pre-commit"))
    git(apps, "checkout", "--", "redis")
    (apps / "ledger").mkdir()
    (apps / "ledger" / "Chart.yaml").write_text("apiVersion: v2\nname: ledger\nversion: 1.0.0\n")
    git(apps, "add", "--all")

    new = tool("pre-commit", "run", cwd=apps)
    not_added = tool("pre-commit", "run", cwd=apps)
    git(apps, "add", "--all")
    added = tool("pre-commit", "run", cwd=apps)
    git(apps, "commit", "--no-verify", "--message=Ledger")
    committed = tool("pre-commit", "run", cwd=apps)
    shutil.rmtree(apps / "ledger")
    (apps / "ledger").mkdir()
    (apps / "ledger" / "catalog-info.yaml").write_text(git(apps, "show", "HEAD:ledger/catalog-info.yaml") + "\n")
    git(apps, "add", "--all")
    removed = tool("pre-commit", "run", cwd=apps)

    for stopped in (new, not_added, removed):
        assert stopped.returncode == 1
        assert "Add these changes to the commit (git add):" in stopped.stdout
        assert "ledger/catalog-info.yaml" in stopped.stdout
    assert [added.returncode, committed.returncode] == [0, 0], added.stdout


def test_the_crontab_line_exports_from_a_mirror(apps: Path) -> None:
    git(apps, "commit", "--all", "--message=Next")
    git(apps.parent, "clone", "--mirror", str(apps), "apps.git")
    (line,) = re.findall(r"^    17 \* \* \* \*  cd \S+ && (.* --output .*)$", PAGE, re.MULTILINE)

    done = shell(line.replace("main", "feature"), apps.parent, PATH=f"{SCENEDOCK.parent}:{os.environ['PATH']}")

    assert (done.returncode, done.stdout.count("\n")) == (0, 1), sys.version
    assert "description: Quick." in (apps.parent / "catalog-info.yaml").read_text()
