"""Helmfiles as they are written: templates, in which the names of the environment and the release are marked."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence

from scenedock.catalog.reading.layouts.templates import read_template
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject, as_list, as_object
from scenedock.structs import dataclass

# Both names may be written as a text for later: the release's is only known in its own templates.
_ENVIRONMENT = re.compile(
    rb"(?P<later>\{\{-?[ \t]*`)?\{\{-?[ \t]*(?:\.Environment\.Name|\.Values\.environment\.name)[ \t]*-?\}\}"
    rb"(?(later)`[ \t]*-?\}\})"
)
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
_RELEASES = re.compile(r"^releases:[ \t]*(?:#.*)?$", re.MULTILINE)
_ITEM = re.compile(r"([ \t]*)-[ \t]+")
_BLOCK = re.compile(r"\{\{-?[ \t]*(if|else|range|with|end)\b([^{}]*)\}\}")


@dataclass(frozen=True, slots=True)
class Helmfile:
    """A helmfile: what its documents say together, and its text."""

    path: str
    documents: tuple[JsonObject, ...]
    text: str
    lines: tuple[str, ...] = ()
    around: tuple[int, ...] = ()
    """Of each line, the line of a block around it that asks for the environment, or 0; empty without templates."""

    @property
    def folder(self) -> str:
        """The folder in which it is."""
        return posixpath.dirname(self.path)

    @property
    def unread_releases_at(self) -> int:
        """The line of releases which no document has, as it isn't YAML without what helmfile fills in; 0 without."""
        found = None if any("releases" in each for each in self.documents) else _RELEASES.search(self.text)
        return self.text.count("\n", 0, found.start()) + 1 if found else 0

    def at(self, path: str) -> str:
        """A path that the file names, from the repository's root."""
        return posixpath.normpath(posixpath.join(self.folder, path))

    def all(self, key: str) -> Iterator[Json]:
        """The items of a list, in all documents."""
        return (each for document in self.documents for each in as_list(document.get(key)))

    def line_of(self, name: str) -> int:
        """The line of a release."""
        named = re.compile(
            rf"^[ \t]*(?:-[ \t]+)?(?:\{{[^#\n]*)?\bname:[ \t]*[\"']?{re.escape(name)}(?![\w-])", re.MULTILINE
        )
        found = named.search(self.text, max(self.text.find("\nreleases:"), 0)) or named.search(self.text)
        return self.text.count("\n", 0, found.start()) + 1 if found else 1

    def line_of_version(self, name: str, version: str) -> int:
        """The line of the version in a release's own item; 0 where it isn't plainly in one."""
        lines = self._item_of(name)
        if not lines or any(map(_BLOCK.search, lines.values())):
            return 0
        first, indent = next(iter(lines.values())), _ITEM.match(next(iter(lines.values())))
        if indent is None:
            return 0
        text = re.escape(version)
        written = re.compile(rf"version:[ \t]*[\"']?{text}[\"']?[ \t]*(?:#.*)?$")
        in_braces = re.compile(rf"[\s,{{]version:[ \t]*[\"']?{text}[\"']?[ \t]*[,}}]")
        for number, line in lines.items():
            own = line[len(indent[0]) :] if line is first or not line[: len(indent[0])].strip() else ""
            if written.match(own) or (own[:1] == "{" and own.count("{") == 1 and in_braces.search(own)):
                return number
        return 0

    def block_at(self, name: str) -> int:
        """The line of a block in a release's item, or of one around it that asks for the environment; 0 without."""
        lines = self._item_of(name) if self.around else {}
        asked = self.around[min(lines) - 1] if lines else 0
        return asked or next((at for at, line in lines.items() if _BLOCK.search(line)), 0)

    def _item_of(self, name: str) -> dict[int, str]:
        """The lines of a release's item, by their numbers; none where they aren't plainly there."""
        lines = self.lines
        start = self.line_of(name) - 1
        indent = len(lines[start]) - len(lines[start].lstrip()) if lines else 0
        is_found = bool(lines) and _ITEM.match(lines[start]) is not None
        while start > 0 and not is_found:
            start -= 1
            item = _ITEM.match(lines[start])
            is_found = item is not None and len(item[0]) == indent
        found = _ITEM.match(lines[start]) if is_found else None
        if found is None:
            return {}
        item_lines = {start + 1: lines[start]}
        for number in range(start + 1, len(lines)):
            line = lines[number]
            if line.strip() and not line.lstrip().startswith("{{") and not line.startswith(f"{found[1]} "):
                break
            item_lines[number + 1] = line
        return _without_end(item_lines)


def _without_end(lines: dict[int, str]) -> dict[int, str]:
    """The lines of an item without the blank ones, and those that end or begin blocks, after it."""
    numbers = list(lines)
    while numbers and (not lines[numbers[-1]].strip() or lines[numbers[-1]].lstrip().startswith("{{")):
        numbers.pop()
    return {number: lines[number] for number in numbers}


def _blocks_around(lines: Sequence[str]) -> Iterator[int]:
    """Of each line, the line of the first block around it that asks for the environment; 0 without."""
    blocks: list[int] = []  # for each open one the line that asks, of it or of one around it
    for number, line in enumerate(lines, 1):
        yield blocks[-1] if blocks else 0
        for word, action in _BLOCK.findall(line) if "{{" in line else ():
            if word == "end":
                del blocks[-1:]
                continue
            before = blocks.pop() if word == "else" and blocks else 0
            around = blocks[-1] if blocks else 0
            blocks.append(around or before or (number if ".Environment.Name" in action else 0))


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
    text = data.decode("utf-8", "replace")
    lines = tuple(text.splitlines())
    return Helmfile(
        path, tuple(map(as_object, values)), text, lines, tuple(_blocks_around(lines) if "{{" in text else ())
    )
