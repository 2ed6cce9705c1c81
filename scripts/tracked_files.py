"""A hook of the build: a source distribution made in a git checkout has tracked files only."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TrackedFiles(BuildHookInterface):  # type: ignore[type-arg] # the type of its configuration
    """Excludes what lies in the checkout and isn't tracked: notes, data, keys."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface
        """Exclude these files before any is collected."""
        if not (Path(self.root) / ".git").exists():  # a source distribution that is built again
            return
        listed = subprocess.run(
            ["git", "ls-files", "--others", "--directory", "-z"],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        excluded = self.build_config.target_config.setdefault("exclude", [])
        excluded += [f"/{_escaped(path)}" for path in listed.split("\0") if path]


def _escaped(path: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]!#\\ " else character for character in path)
