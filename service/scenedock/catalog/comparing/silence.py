"""Why a file that told something says nothing any more, as far as that can be told of its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scenedock.catalog.reading.argo.applications import API_GROUP
from scenedock.catalog.reading.layouts.templates import read_template
from scenedock.documents.encryption import CIPHERTEXT, encryption_of, is_lfs_pointer
from scenedock.documents.reading import MAX_BYTES, Document, DocumentError, conflict_in, read_documents
from scenedock.model.json import Json, as_object, as_text

EMPTY = DocumentError("the file is empty")
_IS_LIST = "the file is a list, not YAML with keys and values"
_IS_TEXT = "the file is text, not YAML with keys and values"


def of_any(data: bytes) -> DocumentError | None:
    """Why no tool can read a file, as far as that can be told of it alone."""
    return None if encryption_of(data) else _of_template_or_nothing(data)


def of_values(data: bytes) -> DocumentError | None:
    """Why Helm can't read values: they have keys, and where a tool asks for them, encrypted ones can't be read."""
    if problem := _of_template_or_nothing(data):
        return problem
    if not data.strip() or len(data) > MAX_BYTES or b"{{" in data:
        return None
    return next((DocumentError(_IS_LIST, line=each.line) for each in _documents(data) if _is_list(each)), None)


def of_template(data: bytes) -> DocumentError | None:
    """Why a chart's template says nothing: it may say anything in ways that nobody can read here."""
    if len(data) > MAX_BYTES or (b"{{" in data and not conflict_in(data)):
        return None
    return of_source(data)


def of_asked(data: bytes) -> DocumentError | None:
    """Why a file of which a tool's file reads keys, or a list of such, says nothing."""
    if problem := of_manifest(data):
        return problem
    for each in _documents(data):
        if _is_list(each) and isinstance(each.value, list) and not any(isinstance(one, dict) for one in each.value):
            return DocumentError("the file is a list without keys and values", line=each.line)
    return None


def of_source(data: bytes) -> DocumentError | None:
    """Why a file from which something came says nothing: no tool has a manifest that is a list, or ciphertext."""
    if problem := of_manifest(data):
        return problem
    documents = _documents(data)
    if documents and all(map(_is_list, documents)):
        return DocumentError(_IS_LIST, line=documents[0].line)
    return _of_ciphertext(data, documents)


def of_empty(data: bytes) -> DocumentError | None:
    """Why a file says nothing for certain: it is empty."""
    return None if data.strip() else EMPTY


def of_switch(data: bytes) -> DocumentError | None:
    """Why values switch nothing on; there are good ones of which this is true as well."""
    return _of_ciphertext(data, _documents(data)) if data.strip() else EMPTY


def of_api(data: bytes) -> DocumentError | None:
    """Why a file that defined an API says nothing; it may be no YAML."""
    if not data.strip():
        return EMPTY
    if is_lfs_pointer(data):
        return _pointer()
    if encryption := encryption_of(data):
        return DocumentError(f"the file is encrypted with {encryption}")
    if conflict := conflict_in(data):
        return DocumentError("the file has a conflict marker", line=conflict)
    return DocumentError("the file is not text") if b"\0" in data else None


def of_manifest(data: bytes) -> DocumentError | None:
    """Why a file that said something says nothing."""
    if not data.strip():
        return EMPTY
    if is_lfs_pointer(data):
        return _pointer()
    try:
        documents = read_documents(data)
    except DocumentError as error:
        is_template = b"{{" in data and not conflict_in(data) and any(True for _ in read_template(data))
        return None if is_template else error
    for each in documents:
        if not isinstance(each.value, (dict, list)):
            return DocumentError(_IS_TEXT, line=each.line)
        value = as_object(each.value)
        spec = as_object(value.get("spec"))
        if (
            value.get("kind") == "Application"
            and as_text(value.get("apiVersion")).startswith(API_GROUP)
            and not (spec.get("source") or spec.get("sources"))
        ):
            return DocumentError("the Application has no source", line=each.line)
    return None


def _of_template_or_nothing(data: bytes) -> DocumentError | None:
    if not data.strip() or len(data) > MAX_BYTES or (b"{{" in data and not conflict_in(data)):
        return None
    return of_manifest(data)


def _pointer() -> DocumentError:
    return DocumentError("git-lfs has not fetched the file: this is a pointer to it")


def _of_ciphertext(data: bytes, documents: Iterable[Document]) -> DocumentError | None:
    if encryption_of(data) and all(_is_hidden(each.value) for each in documents):
        return DocumentError("the file is encrypted with sops, also what isn't secret in it")
    return None


def _documents(data: bytes) -> tuple[Document, ...]:
    try:
        return tuple(read_documents(data))
    except DocumentError:
        return ()


def _is_list(document: Document) -> bool:
    return isinstance(document.value, list) and bool(document.value)


def _is_hidden(value: Json) -> bool:
    """Whether SOPS has encrypted all that a document says, and not only what is secret in it."""
    texts = list(_texts({key: below for key, below in as_object(value).items() if key != "sops"}))
    return bool(texts) and all(text.startswith(CIPHERTEXT) for text in texts)


def _texts(value: Json) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str):
            yield each
