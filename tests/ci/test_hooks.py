"""The hooks as pre-commit installs them: from a clone of this repository, in an environment of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.ci.pull_request import commit, git
from tests.ci.test_snippets import PAGE, ROOT, SCENEDOCK, snippet, tool
from tests.tools.venv import venv

HOME = "https://git.acme.example/platform/scenedock"
VALID = (
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: tool}\n"
    "spec: {type: service, lifecycle: production, owner: shop}\n"
)
FOLDERS = "service cookiecutters catalog-info examples scripts".split()
FILES = "pyproject.toml README.md LICENSE .pre-commit-hooks.yaml".split()
(TAG,) = re.findall(r"^ +rev: (\S+)$", snippet("As a hook"), re.MULTILINE)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """What of this checkout a wheel is made from, as it is now, with the tag that the guide names."""
    root = tmp_path / "scenedock"
    for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *FOLDERS, *FILES).split(
        "\0"
    ):
        if name and (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    git(root, "init", "--quiet")
    commit(root, {})
    git(root, "tag", TAG)
    return root


@pytest.fixture
def apps(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a GitOps repository that uses the hooks as the guide tells."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    root = tmp_path / "apps"
    shutil.copytree(ROOT / "tests" / "changes" / "acme-apps", root)
    git(root, "init", "--quiet", "--initial-branch=main")
    subprocess.run([SCENEDOCK, "catalog", "export", root, "--in-place", "--quiet"], check=True, capture_output=True)
    configuration = snippet("As a hook").replace(HOME, str(released))
    commit(root, {".pre-commit-config.yaml": configuration, "tool/catalog-info.yaml": VALID})
    return root


def without_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip install only what it is given; the libraries and the builder are those of an environment at hand."""
    libraries = sysconfig.get_path(
        "purelib", "venv", dict.fromkeys(("base", "platbase"), str(venv(ROOT / "requirements" / "runtime.txt")))
    )
    builder = sysconfig.get_path("purelib")
    for name, value in {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # as pip reads it: no isolation
        "PYTHONPATH": os.pathsep.join([libraries, builder]),
    }.items():
        monkeypatch.setenv(name, value)


def all_hooks(apps: Path) -> None:
    """A commit passes that is right, and none that isn't."""
    right = tool("pre-commit", "run", "--all-files", cwd=apps)
    assert right.returncode == 0, right.stdout + right.stderr
    assert len(re.findall(r"\.Passed$", right.stdout, re.MULTILINE)) == 2, right.stdout

    (apps / "redis" / "Chart.yaml").write_text("apiVersion: v2\nname: redis\nversion: 2.0.0\n")
    (apps / "tool" / "catalog-info.yaml").write_text(VALID.replace("kind: Component", "kind: Component\nspecs: {}"))
    git(apps, "add", "--all")
    wrong = tool("pre-commit", "run", cwd=apps)
    assert wrong.returncode == 1
    assert "redis/catalog-info.yaml" in wrong.stdout
    assert re.search(r"^tool/catalog-info.yaml:\d+: error: .*specs", wrong.stdout, re.MULTILINE), wrong.stdout


@pytest.mark.extended
def test_the_hooks_install_from_a_clone_and_stop_a_commit(apps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_an_index(monkeypatch)

    all_hooks(apps)


@pytest.mark.extended
def test_the_hooks_install_with_their_libraries(apps: Path, released: Path) -> None:
    all_hooks(apps)

    git(apps, "checkout", "--quiet", "--force", "HEAD")
    (command,) = re.findall(rf"`(pre-commit try-repo\s+{HOME} .*?)`", PAGE)
    words = command.replace(HOME, str(released)).split()
    done = tool(*words, cwd=apps)
    assert (done.returncode, "Passed" in done.stdout) == (0, True), done.stdout + done.stderr
