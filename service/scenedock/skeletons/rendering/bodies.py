"""How to render a file's content, decided once for each skeleton version: as a template, or as fixed bytes."""

from __future__ import annotations

from collections.abc import Callable

from scenedock.skeletons.rendering.options import Options, line_end_of
from scenedock.skeletons.skeleton import Skeleton
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Fixed:
    """Bytes that don't depend on the answers."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template, and the line end for its result."""

    name: str
    line_end: str | None

    def encode(self, text: str) -> bytes:
        """The text as Python's text layer would write it."""
        if self.line_end in {"\r", "\r\n"}:
            text = text.replace("\n", self.line_end)
        return text.encode("utf-8")


Body = Fixed | Rendered


def read_body(skeleton: Skeleton, source: str, name: str, options: Options, is_code: Callable[[str], bool]) -> Body:
    """How to render the file at `source`; `name` is its path in the project folder.

    Raises
    ------
    SkeletonError   the file is text but not UTF-8
    """
    from binaryornot.helpers import CHUNK_SIZE, has_binary_extension, is_binary_string

    content = skeleton.files[source].content
    if has_binary_extension(name) or is_binary_string(content[:CHUNK_SIZE]):
        return Fixed(content)
    text = skeleton.text(source) or ""
    body = Rendered(name, options.line_end or line_end_of(content))
    if is_code(text):
        return body
    return Fixed(body.encode(text.replace("\n", options.template_line_end)))
