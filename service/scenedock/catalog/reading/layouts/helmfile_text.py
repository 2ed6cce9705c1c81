"""Helmfiles as they are written: templates, in which the names of the environment and the release are marked."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scenedock.catalog.reading.layouts.templates import read_template
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject, as_list, as_object

_ENVIRONMENT = re.compile(rb"\{\{-?[ \t]*(?:\.Environment\.Name|\.Values\.environment\.name)[ \t]*-?\}\}")
# The release's name, which is only known in its own templates: in a helmfile it is written as a text for later.
_RELEASE = re.compile(rb"(?P<later>\{\{-?[ \t]*`)?\{\{-?[ \t]*\.Release\.Name[ \t]*-?\}\}(?(later)`[ \t]*-?\}\})")
# Characters that no YAML file has a use for, in place of the names of the environment and the release.
ITS_NAME = "\ue001"
ITS_RELEASE = "\ue003"
MARKS = ("{{", ITS_NAME, ITS_RELEASE)
# A release that is installed where its name is in a list of the environment's values, perhaps with a check before.
_AMONG = re.compile(
    rb"(\binstalledTemplate:[ \t]*[\"']?)(?:\{\{`)?"
    rb"(?:\{\{-?[ \t]*if[ \t]+hasKey[ \t]+\.Environment\.Values[ \t]+\\?\"(?P<asked>\w+)\\?\"[ \t]*-?\}\})?"
    rb"\{\{-?[ \t]*has[ \t]+\.Release\.Name[ \t]+\.Environment\.Values\.(?P<list>(?(asked)(?P=asked)|\w+))[ \t]*-?\}\}"
    rb"(?:\{\{-?[ \t]*else[ \t]*-?\}\}(?:\{\{[^{}\n]*\}\}|[^{}\n]*)\{\{-?[ \t]*end[ \t]*-?\}\})?(?:`\}\})?"
)
ITS_LIST = "\ue002"
_ITEM = re.compile(r"([ \t]*)-[ \t]")


@dataclass(frozen=True, slots=True)
class Helmfile:
    """A helmfile: what its documents say together, and its text."""

    path: str
    documents: tuple[JsonObject, ...]
    text: str

    @property
    def folder(self) -> str:
        """The folder in which it is."""
        return posixpath.dirname(self.path)

    def at(self, path: str) -> str:
        """A path that the file names, from the repository's root."""
        return posixpath.normpath(posixpath.join(self.folder, path))

    def all(self, key: str) -> Iterator[Json]:
        """The items of a list, in all documents."""
        return (each for document in self.documents for each in as_list(document.get(key)))

    def line_of(self, name: str) -> int:
        """The line of a release."""
        named = re.compile(rf"\bname:[ \t]*[\"']?{re.escape(name)}(?![\w-])")
        found = named.search(self.text, max(self.text.find("\nreleases:"), 0)) or named.search(self.text)
        return self.text.count("\n", 0, found.start()) + 1 if found else 1

    def line_of_version(self, name: str, version: str) -> int:
        """The line of the version in a release's own item; 0 where it isn't plainly in one."""
        lines = self.text.splitlines()
        text = re.escape(version)
        written = re.compile(rf"(?:^|[\s,{{-])version:[ \t]*[\"']?{text}[\"']?[ \t]*(?:[,}}#].*)?$")
        start = self.line_of(name) - 1
        while start > 0 and not _ITEM.match(lines[start]):
            start -= 1
        item = _ITEM.match(lines[start]) if lines else None
        if item is None:
            return 0
        for number in range(start, len(lines)):
            line = lines[number]
            if number > start and line.strip() and not line.startswith(f"{item[1]} "):
                return 0
            if written.search(line):
                return number + 1
        return 0


def read_helmfile(path: str, read: Callable[[str], bytes]) -> Helmfile | None:
    """The helmfile at a path; None where it can't be read."""
    try:
        data = _AMONG.sub(rb"\1" + ITS_LIST.encode() + rb"\g<list>", read(path))
        data = _RELEASE.sub(ITS_RELEASE.encode(), _ENVIRONMENT.sub(ITS_NAME.encode(), data))
    except InputError:
        return None
    try:
        values = [document.value for document in read_documents(data)]
    except DocumentError:
        values = [document.value for document in read_template(data)] if b"{{" in data else []
    return Helmfile(path, tuple(map(as_object, values)), data.decode("utf-8", "replace"))
