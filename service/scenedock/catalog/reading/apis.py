"""Files that define an API: OpenAPI, AsyncAPI, GraphQL, protocol buffers."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import Literal

from scenedock.catalog.vocabulary.formats import join_name
from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import DocumentError, read_document
from scenedock.model.helm import ApiFile
from scenedock.model.json import as_object

# An entity carries its definition; a larger one makes every reader of the catalog slow.
LARGEST_DEFINITION = 1 << 20

_NAMES: tuple[tuple[re.Pattern[str], Literal["openapi", "asyncapi", "graphql", "grpc"]], ...] = (
    (re.compile(r"^(.+[-_.])?(openapi|swagger)([-_.].+)?\.(ya?ml|json)$"), "openapi"),
    (re.compile(r"^(.+[-_.])?asyncapi([-_.].+)?\.(ya?ml|json)$"), "asyncapi"),
    (re.compile(r"^.+\.(graphql|graphqls|gql)$"), "graphql"),
    (re.compile(r"^.+\.proto$"), "grpc"),
)
_ROOT_KEYS = {"openapi": ("openapi", "swagger"), "asyncapi": ("asyncapi",)}
_GENERIC_STEMS = frozenset({"openapi", "swagger", "asyncapi", "schema", "api", "service"})
_TYPE_WORDS = re.compile(r"(^|[-_.])(openapi|swagger|asyncapi)(?=$|[-_.])")
_NOT_IN = ("templates", "charts", "ci", "crds", "tests", "node_modules")


def is_api_file(path: str) -> bool:
    """Whether a file of a folder defines an API, by its path inside the folder."""
    *parents, name = path.split("/")
    return not any(parent in _NOT_IN or parent.startswith(".") for parent in parents) and _type_of(name) is not None


def read_api(path: str, data: bytes) -> tuple[ApiFile | None, str]:
    """The API that a file defines; without one, what is wrong with the file (empty: it simply isn't an API)."""
    kind = _type_of(posixpath.basename(path))
    if kind is None:
        return None, ""
    if encryption_of(data):
        return None, ""
    if len(data) > LARGEST_DEFINITION:
        return None, f"the API definition has {len(data):,} bytes; an entity may have at most {LARGEST_DEFINITION:,}"
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")  # the same, however git checks out text
    except UnicodeDecodeError:
        return None, "the API definition is not valid UTF-8"
    if kind in _ROOT_KEYS:
        try:
            document = as_object(read_document(data).value)
        except DocumentError as error:
            return None, str(error)
        if not any(key in document for key in _ROOT_KEYS[kind]):
            return None, ""
    return (ApiFile(path, kind, text), "") if text.strip() else (None, "the API definition is empty")


def api_name(service: str, api: ApiFile) -> str:
    """The name of an API: the service's, and the file's stem where that says more than `openapi`.

    >>> (
    ...     api_name("billing", ApiFile("openapi.yaml", "openapi", "")),
    ...     api_name("billing", ApiFile("a/v2.proto", "grpc", "")),
    ... )
    ('billing', 'billing-v2')
    """
    stem = posixpath.splitext(posixpath.basename(api.path))[0].lower()
    rest = _TYPE_WORDS.sub("", stem).strip("-_.")
    return service if not rest or rest in _GENERIC_STEMS or rest == service else join_name(service, rest)


@lru_cache(maxsize=4096)
def _type_of(name: str) -> Literal["openapi", "asyncapi", "graphql", "grpc"] | None:
    return next((kind for pattern, kind in _NAMES if pattern.match(name.lower())), None)
