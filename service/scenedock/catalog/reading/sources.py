"""What the sources of Argo CD's Applications mean: a folder of one of the repositories that are read together."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator

from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_text
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Manifest:
    """One YAML document that is a mapping; `place` is where it begins.

    `is_template` says that it is a chart's template, in which `{{ … }}` stands for what stays open; `requires` are the
    chart's values, as dotted paths, without which there is no such document.
    """

    place: Place
    value: JsonObject
    is_template: bool = False
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Manifests:
    """What is needed of a repository to evaluate sources: its files, its address, how to read one YAML file.

    `charts` are the folders with a chart, `environments` what it lists as the names of its environments. What is read
    of a file is None only where it can't be read.
    """

    name: str
    files: tuple[str, ...]
    charts: frozenset[str]
    url: str
    environments: EnvironmentLists
    read: Callable[[str], Json]

    def deployment_folder(self, path: str) -> str:
        """The folder of the chart that a values file belongs to; without one the file's own folder."""
        with_chart = (folder for folder in reversed(folders_above(path)) if folder in self.charts)
        return next(with_chart, posixpath.dirname(path))

    def has(self, path: str) -> bool:
        """Whether there is a file."""
        number = bisect_left(self.files, path)
        return number < len(self.files) and self.files[number] == path

    def below(self, folder: str) -> Iterator[str]:
        """The files in a folder and in those below it."""
        beginning = f"{folder}/" if folder else ""
        for number in range(bisect_left(self.files, beginning), len(self.files)):
            if not self.files[number].startswith(beginning):
                return
            yield self.files[number]

    def folders(self) -> list[str]:
        """Every folder that holds a file, sorted."""
        return sorted({folder for path in self.files for folder in folders_above(path)})


@dataclass(frozen=True, slots=True)
class Repositories:
    """The repository whose manifests are read, and the others of the run."""

    here: Manifests
    others: tuple[Manifests, ...] = ()

    def of(self, source: JsonObject) -> Manifests | None:
        """The repository that a `repoURL` means: by its address, else by its name; None where it is another.

        A templated or missing `repoURL` means the one where it stands, and so does any where that one's own address
        isn't known and no other fits.
        """
        address = as_text(source.get("repoURL"))
        if not address or "{{" in address:
            return self.here
        slug = slug_of(address)
        for each in (self.here, *self.others):
            if each.url and slug_of(each.url) == slug:
                return each
        called = [
            each
            for each in (self.here, *self.others)
            if not each.url and posixpath.basename(each.name.lower()) == posixpath.basename(slug)
        ]
        if len(called) == 1:
            return called[0]
        return None if self.here.url else self.here


def slug_of(address: str) -> str:
    """`host/owner/name` in lower case and without credentials, for every way to write a git address."""
    stripped = re.sub(r"^[a-z+]+://", "", address.strip().lower())
    stripped = stripped.rpartition("@")[2].replace(":", "/", 1) if "@" in stripped else stripped
    return stripped.rstrip("/").removesuffix(".git")
