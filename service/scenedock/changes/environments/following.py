"""What follows from the copy itself: what leads to something that is copied, too, leads to the copy of that."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from scenedock.changes.environments.decisions import Verdict
from scenedock.changes.environments.entries import Entry
from scenedock.changes.environments.words import Words
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.structs import dataclass

_LISTS: Final = frozenset({"bases", "components", "resources"})
"""What a kustomization lists files and folders under."""
_NAMING: Final = frozenset({"app", "path", "service"})
"""The keys under which a single word may be the name of a folder."""


@dataclass(frozen=True)
class Following:
    """Tells what follows from which paths are copied to which; `there` are the files that are there already."""

    copies: Iterable[tuple[str, str]]
    there: Collection[str]
    words: Words
    new: str

    def decided(self, path: str, target: str, entry: Entry, verdict: Verdict) -> Verdict:
        """What becomes of a value of a file: what follows, where it would be asked; else the verdict."""
        text = entry.value
        if verdict.outcome != "asked" or not isinstance(text, str) or not text or entry.is_key:
            return verdict
        wanted = self.words.replaced(text, self.new) or text
        is_listed = posixpath.basename(path) in KUSTOMIZATIONS and entry.name in _LISTS
        is_path = is_listed or "/" in text or posixpath.splitext(text)[1] or entry.name in _NAMING
        folders = [(posixpath.dirname(path), posixpath.dirname(target))] + ([] if is_listed else [("", "")])
        for folder, copy in folders if is_path else ():
            old, new = (_joined(*each) for each in ((folder, text), (copy, wanted)))
            if old in self._targets and self._targets[old] == {new}:
                if wanted == text:
                    return Verdict("copied", "what it leads to is copied, too")
                return Verdict("replaced", "what it leads to is copied, too", wanted)
            if is_listed and old == new and old in self._paths:
                return Verdict("copied", "it leads to the same")
        return verdict

    @cached_property
    def _targets(self) -> Mapping[str, Collection[str]]:
        """What becomes of files and folders that are copied; a folder may become several."""
        found: dict[str, set[str]] = {}
        for source, target in self.copies:
            for old, new in zip(_with_folders(source), _with_folders(target), strict=False):
                found.setdefault(old, set()).add(new)
        return found

    @cached_property
    def _paths(self) -> Collection[str]:
        return {each for path in self.there for each in _with_folders(path)}


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _with_folders(path: str) -> Iterator[str]:
    """A path, and the folders that it is in, the innermost first."""
    while path:
        yield path
        path = posixpath.dirname(path)
