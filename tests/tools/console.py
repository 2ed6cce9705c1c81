"""The console blocks of a page: what is typed, what is printed, and a shell to type it into."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

LEFT_OUT = "…"
"""A line of a page that stands for any lines that are printed, or none."""
_MARK = "THE COMMAND HAS ENDED WITH"
_SECONDS = 600
"""A hang fails."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that a page tells to type, and the lines that it shows as printed."""

    line: str
    shown: tuple[str, ...]

    def is_printed(self, text: str) -> bool:
        """Whether a text is what the page shows."""
        parts = [".*" if line == LEFT_OUT else f"{re.escape(line)}\n" for line in self.shown]
        return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def console_blocks(page: str) -> list[list[Typed]]:
    """What is typed in each block of a page's text, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [[_typed(part) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]] for block in blocks]


def _typed(part: str) -> Typed:
    line, *shown = part.rstrip("\n").split("\n")
    return Typed(line, tuple(shown))


class Shell:
    """A shell in a folder that knows only these variables; what a line changes in it holds for the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def type(self, line: str) -> str:
        """Type a line; what it prints, on both streams.

        Raises
        ------
        AssertionError   the command fails; the message has its output
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{{ {line}\n}} </dev/null; printf '{_MARK} %s\\n' $?\n")
        self._process.stdin.flush()
        printed, watch = "", Timer(_SECONDS, self._process.kill)
        watch.start()
        while _MARK not in printed:
            read = self._process.stdout.readline()
            assert read, f"the shell has ended: {line}\n{printed}"
            printed += read
        watch.cancel()
        text, _, status = printed.rpartition(_MARK)
        assert int(status) == 0, f"{line}\n{text}"
        return text

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def plain_path(*first: Path) -> str:
    """A PATH with these folders and those of the system, without this environment's."""
    return os.pathsep.join([*map(str, first), "/usr/local/bin", "/usr/bin", "/bin"])
