"""Paths of files from a root: their folders, and which paths are allowed in a result or a commit on any system."""

from __future__ import annotations

import re
from collections.abc import Callable

from scenedock.structs import dataclass

LONGEST_NAME = 255
"""The maximum length of one file or folder name on common file systems, in bytes."""


@dataclass(frozen=True, slots=True)
class PathRefusal:
    """Why a path can't be used. `marker` is the text that causes it; empty if no single text does."""

    reason: str
    marker: str = ""


_RULES: tuple[tuple[Callable[[str], bool], PathRefusal], ...] = (
    (lambda path: path.startswith("/"), PathRefusal("it begins with `/`", "/")),
    (lambda path: ".." in path.split("/"), PathRefusal("it contains `..`", "..")),
    (lambda path: "\\" in path, PathRefusal("it contains a backslash", "\\")),
    (lambda path: bool(re.match(r"[A-Za-z]:", path)), PathRefusal("it begins with a drive", ":")),
    (
        lambda path: bool(re.search(r"[\x00-\x1f\x7f]", path)),
        PathRefusal("it contains a NUL or another control character"),
    ),
    (lambda path: not is_utf8(path), PathRefusal("it is not UTF-8")),
    (
        lambda path: any(_is_git_folder(name) for name in path.split("/")),
        PathRefusal("it is inside a `.git` folder, where files become commands", "git"),
    ),
    (
        lambda path: any(len(name.encode()) > LONGEST_NAME for name in path.split("/")),
        PathRefusal(f"a name in it is longer than {LONGEST_NAME} bytes"),
    ),
)

_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[ .].*)?", re.IGNORECASE)


def refusal(path: str) -> PathRefusal | None:
    """Why a file can't have this path, relative to its project or repository; None if it can."""
    return next((refused for is_forbidden, refused in _RULES if is_forbidden(path)), None)


def misleading(name: str) -> PathRefusal | None:
    """Why a file or folder shouldn't have this name: it means something else on Windows, or to a reader.

    Sources: Microsoft's "Naming Files, Paths, and Namespaces" (a device, with any extension), and Unicode's UAX #9
    (characters that change the direction of a text, so that it reads differently).
    """
    if character := _BIDI.search(name):
        return PathRefusal("it contains a character that changes the direction of text", character[0])
    if device := _DEVICE.fullmatch(name):
        return PathRefusal(f"{name!r} is the name of a device on Windows", device[1].lower())
    return None


def without_dots(path: str) -> str:
    """The path without empty parts and `.`."""
    return "/".join(part for part in path.split("/") if part not in {"", "."})


def folders_above(path: str) -> list[str]:
    """Every folder that contains a path, the outermost first; without the root.

    >>> folders_above("apps/billing/values.yaml")
    ['apps', 'apps/billing']
    """
    folders, at = [], path.find("/")
    while at >= 0:
        folders.append(path[:at])
        at = path.find("/", at + 1)
    return folders


def is_utf8(text: str) -> bool:
    """Whether a text has no lone surrogates, as which Python reads bytes from a disk that aren't UTF-8."""
    return text.isascii() or not re.search(r"[\ud800-\udfff]", text)


def _is_git_folder(name: str) -> bool:
    """Whether some file system treats the name as `.git`.

    The list is git's: trailing dots, spaces, streams and short names on Windows, characters that macOS ignores.
    """
    seen = re.sub(r"[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]", "", name)
    return bool(re.fullmatch(r"(\.git|git~\d)[. ]*(:.*)?", seen, re.IGNORECASE))
