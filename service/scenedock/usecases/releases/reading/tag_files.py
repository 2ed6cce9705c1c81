"""Files that settings name for versions: YAML, `.env` files, or files that are nothing but a version."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable

from scenedock.catalog.vocabulary.settings import VersionFiles
from scenedock.documents.encryption import CIPHERTEXT
from scenedock.documents.reading import Document
from scenedock.errors import InputError
from scenedock.model.json import Json, as_object
from scenedock.releases.deployed import TagFile
from scenedock.releases.images import Keys, text_of
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass

_ASSIGNMENT = re.compile(r"^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=[\"']?([^\"'\r\n#]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TagFiles:
    """The files that a `setting` names, of the `files` that there are; `document` gives the YAML in one of them."""

    setting: VersionFiles
    files: Collection[str]
    read: Callable[[str], bytes]
    document: Callable[[str], Document]

    def of(self, environment: str | None, names: Iterable[str]) -> TagFile | None:
        """What the file says for a service by one of its names, if there is one; what says a version comes first."""
        if not self.setting.file or ("{environment}" in self.setting.file + self.setting.path and not environment):
            return None
        found: TagFile | None = None
        for name in dict.fromkeys(filter(None, names)):
            path, keys = (
                text.replace("{environment}", environment or "").replace("{service}", name)
                for text in (posixpath.normpath(self.setting.file), self.setting.path)
            )
            path = posixpath.normpath(path)
            if path not in self.files:
                continue
            try:
                data = self.read(path)
            except InputError:
                continue
            found = found or self._tag_in(path, data, keys)
            if found.version or "{service}" not in self.setting.path:
                return found
            found = None
        return found

    def _tag_in(self, path: str, data: bytes, keys: str) -> TagFile:
        """The version in a file of tags: at a path of YAML, of a variable in an `.env` file, or the whole file."""
        text = data.decode("utf-8", "replace")
        if not keys:
            return TagFile(path, text.strip() if len(text.split()) == 1 else "", 1, Spot((), form="text"))
        name = posixpath.basename(path)
        if name.endswith(".env") or name.startswith(".env"):
            assigned = [found for found in _ASSIGNMENT.finditer(text) if found[1] == keys]
            if not assigned:
                return TagFile(path, "", 1)
            last = assigned[-1]  # as for a shell
            line = text.count("\n", 0, last.start()) + 1
            return TagFile(path, last[2].strip(), line, Spot((keys,), form="env"))
        document = self.document(path)
        value, steps = _follow(document.value, keys.split("."))
        version = text_of(value)
        spot = Spot(steps, document.number)
        return TagFile(path, "" if version.startswith(CIPHERTEXT) else version, document.line_of(steps), spot)


def _follow(value: Json, names: Iterable[str]) -> tuple[Json, Keys]:
    """What is at a path, None where nothing is, and its keys; items of a list are found by their `name`."""
    steps: list[str | int] = []
    for name in names:
        if isinstance(value, list):
            number = next((at for at, each in enumerate(value) if as_object(each).get("name") == name), len(value))
            steps.append(number)
            value = value[number] if number < len(value) else None
        else:
            steps.append(name)
            value = as_object(value).get(name)
    return value, tuple(steps)
