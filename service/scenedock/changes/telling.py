"""Which values of a deployment tell what it runs: images, versions, digests, and where they come from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from scenedock.documents.reading import read_documents
from scenedock.errors import InputError
from scenedock.model.json import Json, as_object, as_text

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_TELLING: Final = frozenset(
    {"chart", "digest", "ref", "registry", "repo", "repository", "revision", "sha", "tag", "version", "versions"}
)
_TELLING_ENDS: Final = ("image", "images", "tag", "tags", "repository", "version", "digest", "registry", "sha256")
_IMAGE: Final = re.compile(r"[\w.-]+(?::\d+)?(?:/[\w.-]+)+(?::\w[\w.-]*)?(?:@sha256:[0-9a-f]+)?")
_DESCRIBES: Final = frozenset({"description", "home", "icon", "keywords", "maintainers", "sources"})


def telling_values(values: Json, path: str = "", *, tells: bool = False) -> Iterator[tuple[str, str]]:
    """The values that may tell what is run, by their paths: for their keys, or because they look like an image.

    Templates may take an image from any value, so what merely may be one counts.
    """
    if isinstance(values, Mapping):
        for key, below in values.items():
            yield from telling_values(below, f"{path}.{key}" if path else str(key), tells=tells or _tells(str(key)))
    elif isinstance(values, list):
        for number, below in enumerate(values):
            yield from telling_values(below, f"{path}[{number}]", tells=tells)
    elif tells or (isinstance(values, str) and _is_like_image(values)):
        yield path, values if isinstance(values, str) else _as_text(values)


def meaning_of(path: str, content: bytes) -> str:
    """What a file says: its documents without comments and layout, or where it isn't plain YAML, its text.

    What only describes a chart counts for nothing.
    """
    name = path.rpartition("/")[2]
    if b"{{" not in content and name.endswith((".yaml", ".yml")):
        try:
            found = [each.value for each in read_documents(content)]
        except InputError:
            return content.decode("utf-8", "backslashreplace")
        if name == "Chart.yaml":
            found = [{key: value for key, value in as_object(each).items() if key not in _DESCRIBES} for each in found]
        return _as_text(found)
    return content.decode("utf-8", "backslashreplace")


def documents_in(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    """What each document of a file is, and what it says; a file that can't be read is one."""
    try:
        documents = read_documents(content)
    except InputError:
        yield path, content.decode("utf-8", "backslashreplace")
        return
    for document in documents:
        value = as_object(document.value)
        about = as_object(value.get("metadata"))
        kind, name, namespace = (
            as_text(each) for each in (value.get("kind"), about.get("name"), about.get("namespace"))
        )
        said = " ".join(filter(None, (kind, f"{namespace}/{name}" if namespace else name))) if kind and name else path
        yield said, _as_text(_without_values(document.value))


def _without_values(document: Json) -> Json:
    """A document of Flux with only those of its inline values that tell what is run."""
    spec = as_object(as_object(document).get("spec"))
    if as_object(document).get("kind") != "HelmRelease" or "values" not in spec:
        return document
    return {**as_object(document), "spec": {**spec, "values": dict(telling_values(spec["values"]))}}


def _as_text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _tells(key: str) -> bool:
    words = [each.lower() for each in _WORD.findall(key)]
    return not _TELLING.isdisjoint(words) or any(each.endswith(_TELLING_ENDS) for each in words)


def _is_like_image(text: str) -> bool:
    return bool(_IMAGE.fullmatch(text)) or ("\n" in text and "image" in text)
