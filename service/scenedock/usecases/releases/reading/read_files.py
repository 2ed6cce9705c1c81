"""The files of one repository as they are read for versions: each once, and which an answer needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import Document, read_document, read_documents
from scenedock.errors import InputError
from scenedock.model.json import as_object
from scenedock.releases.deployed import Layer
from scenedock.releases.images import without_images
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass, field

_NOT_THERE = "no such file"
"""What the error says of a file that isn't there; values files may be named that no environment has."""


@dataclass(slots=True)
class ReadFiles:
    """The files of a repository; `read` gives the bytes of one.

    `known` are documents that somebody has read already, `seen` the files that the last answer needed, `unread` those
    that are there, and couldn't be read, `problems` says why, of documents.
    """

    read: Callable[[str], bytes]
    known: dict[str, Document] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)
    _all_documents: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    _layers: dict[str, Layer] = field(default_factory=dict)

    def forget(self, path: str) -> None:
        """Read a file again when it is needed: it has changed."""
        self.known.pop(path, None)
        self.problems.pop(path, None)
        self.unread.discard(path)
        self._all_documents.pop(path, None)
        self._layers.pop(path, None)

    def layers(self, paths: Iterable[str]) -> list[Layer]:
        """The layers of values files, also of those that aren't there."""
        paths = tuple(paths)
        self.seen.update(paths)
        return [self._layers.get(path) or self._layer(path) for path in paths]

    def document(self, path: str) -> Document:
        """The first document of a file, of SOPS with ciphertext in it; empty where it can't be read or isn't there.

        Why it can't be read is kept in `problems`.
        """
        self.seen.add(path)
        if path not in self.known:
            try:
                self.known[path] = read_document(self.bytes_of(path))
            except InputError as error:
                self.known[path] = Document(None)
                if _NOT_THERE not in str(error).lower():
                    self.problems[path] = f"{path}: {error}"
        return self.known[path]

    def documents(self, path: str) -> tuple[Document, ...]:
        """All documents of a file; none where it can't be read or is encrypted."""
        self.seen.add(path)
        if path not in self._all_documents:
            try:
                data = self.bytes_of(path)
                self._all_documents[path] = () if encryption_of(data) else read_documents(data)
            except InputError:
                self._all_documents[path] = ()
        return self._all_documents[path]

    def bytes_of(self, path: str) -> bytes:
        """The bytes of a file.

        Raises
        ------
        InputError   it can't be read
        """
        self.seen.add(path)
        try:
            return self.read(path)
        except InputError as error:
            if _NOT_THERE not in str(error).lower():
                self.unread.add(path)
            raise

    def data(self, path: str) -> bytes:
        """The bytes of a file; empty where it can't be read."""
        if path in self.known and self.known[path].data:
            self.seen.add(path)
            return self.known[path].data
        try:
            return self.bytes_of(path)
        except InputError:
            return b""

    def _layer(self, path: str) -> Layer:
        document = self.document(path)
        values = as_object(document.value)
        layer = self._layers[path] = Layer(
            path,
            values,
            document.line_of_text,
            unreadable=self.problems.get(path, ""),
            spot_of=Spot((), document.number).below,
            without_images=without_images(values),
        )
        return layer
