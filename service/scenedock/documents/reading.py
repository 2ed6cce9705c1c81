"""Read YAML files as JSON values, as Helm or Backstage reads them.

Every file gives documents or a `DocumentError`, whatever it contains: its size, its depth and the number of nodes that
its aliases expand to are limited.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from scenedock.documents.composed import Composed, DocumentError, Position, RepeatedKey
from scenedock.documents.encryption import encryption_of
from scenedock.documents.ordinary import read_ordinary
from scenedock.documents.scalars import BACKSTAGE, HELM, Meaning
from scenedock.model.json import Json, as_object
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from yaml import YAMLError

__all__ = [
    "BACKSTAGE",
    "HELM",
    "Document",
    "DocumentError",
    "RepeatedKey",
    "as_utf8",
    "conflict_in",
    "read_document",
    "read_documents",
]

# Helm's own limit for one file of a chart (`MaxDecompressedFileSize`).
MAX_BYTES = 5 * 1024 * 1024
# libyaml compares each directive with all others.
MAX_TAG_DIRECTIVES = 1000

_TEMPLATE = re.compile(rb"""[^#'"]*\{[{%]""")
_BEFORE_TEXT = rb"[^#]*(?<![\w-])[\"']?%b[\"']?:[ \t]+[\"']?"
_BEHIND_TEXT = re.compile(rb"[\"']?[ \t]*(?:[,}#\r].*)?")
_BLOCK = re.compile(rb"\|[-+0-9]*[ \t\r]*(?:#.*)?$")
_CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)


class _Stream:
    """The bytes of one file. Lines are determined by reading it again, because only problems need them."""

    def __init__(self, data: bytes, meaning: Meaning) -> None:
        self.data = data
        self._meaning = meaning
        self._read = 0

    def documents(self) -> Iterator[Document]:
        """Every document, including empty ones."""
        if ordinary := read_ordinary(self.data, self._meaning):
            self._read = 1
            yield Document(*ordinary, self)
            return
        from yaml import YAMLError  # libyaml is imported where a file isn't ordinary

        from scenedock.documents.composing import compose

        try:
            for composed in compose(self.data, self._meaning):
                self._read += 1
                yield Document(composed.value, composed.line, self, self._read - 1, bool(composed.repeated_keys))
        except YAMLError as error:
            raise _explained(_translated(error, self.data), self.data) from error
        except DocumentError as error:
            raise _explained(error, self.data) from error

    @cached_property
    def with_positions(self) -> tuple[Composed, ...]:
        """The documents, with their positions."""
        from scenedock.documents.composing import compose

        return tuple(islice(compose(self.data, self._meaning, with_positions=True), self._read))


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document, which begins in `line`.

    `value` consists of dicts, lists and scalars. Parts of it may be the same object, so it must not be modified.
    """

    value: Json
    line: int = 1
    _stream: _Stream | None = field(default=None, repr=False, compare=False)
    _index: int = field(default=0, repr=False, compare=False)
    _repeats: bool = field(default=False, repr=False, compare=False)

    @property
    def number(self) -> int:
        """Which of the file's documents it is, from 1, empty ones included."""
        return self._index + 1

    @property
    def data(self) -> bytes:
        """The bytes of its file; empty where there is none."""
        return self._stream.data if self._stream else b""

    @property
    def repeated_keys(self) -> tuple[RepeatedKey, ...]:
        """The keys that occur twice in a mapping of the document, with both lines."""
        return self._stream.with_positions[self._index].repeated_keys if self._stream and self._repeats else ()

    def line_of(self, path: Sequence[str | int]) -> int:
        """The line of `position_of`."""
        return self.position_of(path)[0]

    def line_of_text(self, path: Sequence[str | int]) -> int:
        """As `line_of`, at a tenth of its cost for a text that is written behind its key, and so only once."""
        value, data = self.value, self.data
        for key in path:
            value = as_object(value).get(str(key))
        if isinstance(value, str) and value and not (b"&" in data or b"*" in data or b"\n---" in data):
            found = list(_places_of(data, _before_text(str(path[-1])), value.encode()))
            if len(found) == 1:
                return data.count(b"\n", 0, found[0]) + 1
        return self.line_of(path)

    def is_block(self, path: Sequence[str | int]) -> bool:
        """Whether the text at a path is written as it is, in the lines below its key."""
        line = self.line_of(path)
        return _BLOCK.search(b"".join(self.data.split(b"\n", line)[line - 1 : line])) is not None

    def lines_below(self, root: Sequence[str | int]) -> Callable[[Sequence[str | int]], int]:
        """`line_of` for paths that begin at `root`."""
        return lambda path: self.line_of((*root, *path))

    def position_of(self, path: Sequence[str | int]) -> Position:
        """Line and column where the key or item at `path` begins, or else its nearest existing parent.

        For a value from an alias or a merge key it is the place where the value was written.
        """
        if self._stream is None:
            return self.line, 1
        composed = self._stream.with_positions[self._index]
        position, value = (composed.line, 1), composed.value
        for step in path:
            position = composed.positions.get(id(value), {}).get(step, position)
            match value, step:
                case dict(), str():
                    value = value.get(step)
                case list(), int() if 0 <= step < len(value):
                    value = value[step]
                case _:
                    break
        return position


_NOTHING = Document(None)


def read_documents(data: bytes, *, meaning: Meaning = HELM, max_bytes: int = MAX_BYTES) -> tuple[Document, ...]:
    """Every document of a YAML file, except empty ones, in order.

    Raises
    ------
    DocumentError   not YAML, encrypted, a template, too large, or not representable in JSON
    """
    return tuple(document for document in _stream(data, meaning, max_bytes).documents() if document.value is not None)


def read_document(data: bytes, *, meaning: Meaning = HELM, max_bytes: int = MAX_BYTES) -> Document:
    """The first document of a YAML file; its value is None where the file, or this document, is empty.

    Helm 3 reads just the first document of Chart.yaml and of values files and ignores what follows; Helm 4 merges all
    documents of the chart's own values.yaml.

    Raises
    ------
    DocumentError   as in `read_documents`
    """
    return next(_stream(data, meaning, max_bytes).documents(), _NOTHING)


def conflict_in(data: bytes) -> int | None:
    """The line of the first conflict marker that a merge has left in a file."""
    found = _CONFLICT.search(data)
    return _line_at(data, found.start()) if found else None


def as_utf8(data: bytes) -> bytes:
    """The bytes of a file as UTF-8 if it begins like UTF-16, which every reader of YAML takes; else the same.

    Raises
    ------
    DocumentError   it only begins so
    """
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data
    try:
        return data.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"this is not YAML: it begins like UTF-16, but is not valid UTF-16 ({error.reason})"
        ) from None


def _stream(data: bytes, meaning: Meaning, max_bytes: int) -> _Stream:
    encryption = encryption_of(data)
    if encryption not in {None, "sops"}:
        raise DocumentError(f"the file is encrypted with {encryption}; decrypt it first, or leave it out")
    if len(data) > max_bytes:
        raise DocumentError(f"the file has {len(data):,} bytes, more than the limit of {max_bytes:,}")
    data = as_utf8(data)
    if b"\0" in data:
        raise DocumentError("the file is binary, not YAML", line=_line_at(data, data.index(b"\0")))
    if data.count(b"%TAG") > MAX_TAG_DIRECTIVES:
        raise DocumentError("the file has too many %TAG directives")
    return _Stream(data, meaning)


@lru_cache(maxsize=1024)  # the same few keys are asked for
def _before_text(key: str) -> re.Pattern[bytes]:
    return re.compile(_BEFORE_TEXT % re.escape(key.encode()))


def _places_of(data: bytes, before: re.Pattern[bytes], text: bytes) -> Iterator[int]:
    """Where a text stands behind a key on its line, with nothing but its end or a comment after it."""
    at = data.find(text)
    while at >= 0:
        end = at + len(text)
        line_end = data.find(b"\n", end)
        if before.fullmatch(data, data.rfind(b"\n", 0, at) + 1, at) and _BEHIND_TEXT.fullmatch(
            data, end, len(data) if line_end < 0 else line_end
        ):
            yield at
        at = data.find(text, end)


def _line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _translated(error: YAMLError, data: bytes) -> DocumentError:
    """PyYAML's error as a DocumentError."""
    from yaml import MarkedYAMLError
    from yaml.reader import ReaderError

    if isinstance(error, ReaderError):
        return DocumentError(f"this is not YAML: {error.reason}", line=_line_at(data, error.position))
    if not isinstance(error, MarkedYAMLError):
        return DocumentError(f"this is not YAML: {error}")
    message = f"this is not YAML: {error.problem}"
    if error.context and error.context_mark:
        message += f", {error.context} that begins in line {error.context_mark.line + 1}"
    if not error.problem_mark:
        return DocumentError(message)
    return DocumentError(message, line=error.problem_mark.line + 1, column=error.problem_mark.column + 1)


def _explained(error: DocumentError, data: bytes) -> DocumentError:
    """A clearer error where a conflict marker, a `{{ … }}` or a tab is the cause, else the same: libyaml says none."""
    if conflict := conflict_in(data):
        return DocumentError("the file has a conflict marker, `<<<<<<<`, of an unfinished merge", line=conflict)
    lines = data.splitlines()
    for number in (error.line or 1, (error.line or 1) - 1):
        line = lines[number - 1] if 1 <= number <= len(lines) else b""
        if _TEMPLATE.match(line):
            return DocumentError("this is a template, not YAML: it has `{{` or `{%` outside quotes", line=number)
        if line.lstrip(b" ").startswith(b"\t"):
            return DocumentError("the line is indented with a tab; YAML allows only spaces", line=number)
    return error
