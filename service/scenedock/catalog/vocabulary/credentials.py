"""Credentials in addresses that would go into the catalog, where everyone sees them: they are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scenedock.documents.problems import Path, shown
from scenedock.model.addresses import credentials_in, without_credentials
from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json, JsonObject, as_object

_AS_IT_IS = ("spec", "definition")
_REMEDY = "Remove it from the file and rotate it: everyone who can read the repository has it."


def drop_credentials(document: JsonObject, place_of: Callable[[Path], Place]) -> tuple[JsonObject, list[Finding]]:
    """A document without credentials in its addresses, and a finding for each text that had any.

    `place_of` says where a path of the document was read. The definition of an API stays as it is: its file is
    meant to be shown, and may contain an address with a password as an example.
    """
    paths = [path for path in credentials_in(document) if path[:2] != _AS_IT_IS]
    if not paths:
        return document, []
    message = "has a password or token in an address, which is left out"
    findings = [
        Finding("warning", "credentials-in-address", f"{shown(path)} {message}", place_of(path), _REMEDY)
        for path in paths
    ]
    return as_object(_cleaned(document, ())), findings


def _cleaned(value: Json, path: Path) -> Json:
    if path == _AS_IT_IS:
        return value
    if isinstance(value, str):
        return without_credentials(value)
    if isinstance(value, Mapping):
        return {without_credentials(key): _cleaned(each, (*path, key)) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(each, (*path, number)) for number, each in enumerate(value)]
    return value
