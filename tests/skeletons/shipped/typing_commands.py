"""The commands of the documentation, typed in a folder."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.skeletons.shipped.world import run
from tests.tools.helm import helm

IDENTITY = [f"GIT_{who}_{what}=nobody@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the README says one needs, on the PATH."""
    here = Path(sys.executable)
    place = tmp_path_factory.mktemp("bin")
    for name, program in {
        "helm": helm("4"),
        "kubernetes-validate": here.with_name("kubernetes-validate"),
        "scenedock": here.with_name("scenedock"),
    }.items():
        (place / name).symlink_to(program)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PATH", str(place), prepend=":")
        yield


def follow(line: str, folder: Path, typed: str | None = None) -> str:
    """Type a line of the documentation; what it prints. `typed` comes to it on standard input."""
    if not line.startswith("scenedock "):
        return run(["env", *IDENTITY, "sh", "-ec", line], folder)
    with contextlib.chdir(folder):
        identity = dict(variable.split("=") for variable in IDENTITY)
        done = CliRunner(env=identity).invoke(main, shlex.split(line)[1:], input=typed)
    assert done.exit_code == 0, f"{line}\n{done.output}"
    return done.stdout


def versions(folder: Path, service: str = "hello") -> dict[str, str]:
    listed = json.loads(follow("scenedock deployments list --format json", folder))
    return {each["environment"]: each["version"] for each in listed if each["service"] == service}
