"""What a developer does first in a new service: every command of its README, typed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from tests.chain.company import IDENTITY
from tests.skeletons.shipped.answers import MICROSERVICES
from tests.skeletons.shipped.world import bake
from tests.tools.git_server import git
from tests.tools.server import SECONDS_TO_WAIT, free_port, wait_until

pytestmark = pytest.mark.extended


def test_every_command_of_its_readme_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    made = bake("microservice-python", tmp_path, MICROSERVICES["oldest"])
    git(made, "init", "--quiet", "--initial-branch=main")
    lines = re.findall(r"^\$ (.*?)(?: +#.*)?$", (made / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert lines[:2] == ["make set-up", ".venv/bin/pre-commit install"]
    assert [line for line in lines if line.startswith("make ")] == [
        "make set-up",
        "make check",
        "make lock",
        "make run",
        "make migrate",
        'make migration message="add invoices"',
    ]

    # `make run` goes on until it is stopped, and needs the variable that is set below it.
    lines.remove("make run")
    typed(made, lines)
    port = free_port()
    with subprocess.Popen(
        ["make", "run"],
        cwd=made,
        env={**os.environ, "PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path}/run.db"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        try:
            wait_until(lambda: answer(port) is not None, "the service")
            assert answer(port) == {"service": "search", "version": "development"}
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(SECONDS_TO_WAIT)

    # What was generated is what the project's own checks want, and the hooks let a commit pass, or refuse it.
    typed(made, ["make check"])
    git(made, "add", "--all")
    refused = subprocess.run(
        ["git", *IDENTITY, "commit", "--quiet", "--message", "added things"], cwd=made, capture_output=True, check=False
    )
    assert refused.returncode != 0
    typed(made, [f"git {' '.join(IDENTITY)} commit --quiet --message 'feat: add the first version'"])


def typed(folder: Path, lines: list[str]) -> None:
    """Type lines in one shell."""
    script = "\n".join(lines)
    environment = {**os.environ, "HOME": str(folder.parent)}
    done = subprocess.run(
        ["sh", "-exc", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def answer(port: int) -> object:
    """What the service says, if it runs."""
    try:
        return json.loads(urllib3.request("GET", f"http://127.0.0.1:{port}/", retries=False).data)
    except urllib3.exceptions.HTTPError:
        return None
