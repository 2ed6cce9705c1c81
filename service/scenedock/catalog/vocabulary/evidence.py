"""Evidence: what proves a value. Rules give it beside the value; the line is looked up only where somebody asks."""

from __future__ import annotations

import re

from scenedock.structs import dataclass, field


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value, and what proves it, in words: `CODEOWNERS: the last pattern that matches`.

    `files` are paths in the `repository`, the one that is looked at first in front. The line is that of `keys`, a path
    in a YAML file; else the first that `pattern` matches; else that of the value that gives the `sign`, such as a host;
    else `line`. With an `item`, a sign in a file that lists items counts only in the one of this name. Two are equal
    where their values are.
    """

    value: str
    said: str = field(compare=False)
    repository: str = field(default="", compare=False)
    files: tuple[str, ...] = field(default=(), compare=False)
    keys: tuple[str | int, ...] = field(default=(), compare=False)
    pattern: str = field(default="", compare=False)
    sign: str = field(default="", compare=False)
    item: str = field(default="", compare=False)
    line: int | None = field(default=None, compare=False)


def item_called(name: str) -> str:
    """A pattern for the line of an item or key of this name: `- name: billing`, `- billing`, `billing: true`."""
    return rf"(?:name:[ \t]*|^[ \t]*-[ \t]*|^[ \t]*)[\"']?{re.escape(name)}[\"']?[ \t]*(?::|,|\}}|#|$)"


def dependency_called(name: str) -> str:
    """A pattern for the line of a chart's dependency."""
    return rf"name:[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*(?:,|\}}|#|$)"
