"""The file in a result that records what it was baked from, so that it can be updated later."""

from __future__ import annotations

from dataclasses import dataclass

from scenedock.documents.writing import write_documents
from scenedock.model.json import Json, JsonObject
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.skeletons.rendering.output import BakedFile, BakedTree

_HEADING = "# Written by Scenedock: what this folder was baked from. Keep it, to update the folder later.\n"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a skeleton: a repository with its ref and commit, or a folder with a digest of its files."""

    skeleton: str
    source: str = ""
    directory: str = ""
    ref: str = ""
    commit: str = ""
    digest: str = ""


def with_provenance(tree: BakedTree, provenance: Provenance, answers: JsonObject) -> BakedTree:
    """The tree with the provenance file added; `answers` must not contain secrets."""
    about: dict[str, Json] = {
        key: value
        for key in ("skeleton", "source", "directory", "ref", "commit", "digest")
        if (value := getattr(provenance, key))
    }
    text = _HEADING + write_documents([{**about, "answers": answers}])
    return tree.with_file(BakedFile(f"{tree.root}/{PROVENANCE_FILE}", text.encode()))
