"""Symbolic links in a result, which hooks have created or callers sent: kept if they stay in it, else refused."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from scenedock.model.file_paths import folders_above
from scenedock.structs import dataclass, field

_MOST_ON_THE_WAY = 40
"""How many links Linux follows at most."""
_LONGEST_SHOWN = 200


class LeadsNowhereError(Exception):
    """There is no file and no folder at a path; the message says why."""


@dataclass(frozen=True, slots=True)
class LinkedFolder:
    """A folder with symbolic links, whose targets are as they were written; all paths are relative to the folder."""

    links: Mapping[str, str]
    files: Collection[str]
    folders: Collection[str]
    _known: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What each link that was followed leads to, and how many links are followed for it."""

    def find(self, path: str) -> str:
        """The file or folder that Linux finds at a path; empty for the folder itself.

        Raises
        ------
        LeadsNowhereError   there is none, or the way leaves the folder
        """
        return self._find(path, "", 0)[0]

    def _find(self, path: str, above: str, followed: int) -> tuple[str, int]:
        at = above
        for part in path.split("/"):
            if at in self.files:
                raise LeadsNowhereError(f"{at!r} on the way is a file")
            if part in {"", "."}:
                continue
            here = f"{at}/{part}" if at else part
            if part == "..":
                if not at:
                    raise LeadsNowhereError("it leaves the project's folder")
                at = posixpath.dirname(at)
            elif here in self.links:
                at, more = self._target(here, followed)
                followed += more
            elif here in self.folders or here in self.files:
                at = here
            else:
                raise LeadsNowhereError(
                    "its target doesn't exist, or is a folder without files, which git doesn't keep"
                )
        return at, followed

    def _target(self, link: str, followed: int) -> tuple[str, int]:
        if link not in self._known:
            text, above = self.links[link], posixpath.dirname(link)
            if posixpath.normpath(posixpath.join(above, text)).split("/")[0] in {"", ".."}:
                raise LeadsNowhereError(f"{link!r} leaves the project's folder")
            if followed == _MOST_ON_THE_WAY:
                raise LeadsNowhereError(f"it leads in a circle, or through more than {_MOST_ON_THE_WAY} links")
            target, by_then = self._find(text, above, followed + 1)
            self._known[link] = target, by_then - followed
        target, more = self._known[link]
        if followed + more > _MOST_ON_THE_WAY:
            raise LeadsNowhereError(f"it leads through more than {_MOST_ON_THE_WAY} links")
        return target, more


def wrong_link(links: Mapping[str, str], files: Collection[str]) -> str:
    """The link that leads out of a result, to nothing in it or in a circle, and why; empty if there is none.

    `links` has the target of each link, as it was written; all paths are relative to the project's folder. A link may
    lead through others. Folders without a file don't count, because git doesn't keep them.
    """
    folders = {"", *(folder for path in (*files, *links) for folder in folders_above(path))}
    inside: dict[str, set[str]] = defaultdict(set)
    for folder in folders - {""}:
        inside[posixpath.dirname(folder)].add(folder)
    to_folders: dict[tuple[str, str], str] = {}
    linked = LinkedFolder(links, files, folders)
    for path in sorted(links):
        try:
            target = linked.find(path)
        except LeadsNowhereError as error:
            return _said(path, links[path], str(error))
        if target in folders and target not in inside[above := posixpath.dirname(path)]:
            inside[above].add(target)
            to_folders[above, target] = path
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        path = next(to_folders[pair] for pair in pairwise(reversed(error.args[1])) if pair in to_folders)
        return _said(path, links[path], "whoever follows it comes back to it, and never ends")
    return ""


def _said(path: str, text: str, reason: str) -> str:
    return f"{path}: the link to {text[:_LONGEST_SHOWN]!r} can't be used: {reason}"
