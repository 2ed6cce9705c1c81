"""What `scenedock deployments` prints of small repositories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.scenarios.repositories import plant


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(main, ["deployments", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def listed(tmp_path: Path, files: Mapping[str, str], *options: str) -> dict[str, dict[str, Any]]:
    """The deployments of a repository by `service/environment`."""
    root = plant(tmp_path / "apps", files)
    documents = json.loads(run("list", root, "--format", "json", *options))
    return {"/".join(filter(None, (each["service"], each["environment"]))): each for each in documents}


def place(deployment: Mapping[str, Any]) -> str:
    return f"{deployment['file']}:{deployment['line']}"
