"""The file in a result that records what it was baked from, so that it can be updated later."""

from __future__ import annotations

import hashlib

from scenedock.documents.writing import write_documents
from scenedock.model.json import Json, JsonObject
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from scenedock.structs import dataclass

FORMAT = 2
"""The format of the file. Release 0.1 wrote none, with all values as `answers`, and no `files`."""
_HEADING = "# Written by Scenedock: what this folder was baked from. Keep it, to update the folder later.\n"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a skeleton, from which the same skeleton can be had again.

    It is the release of Scenedock that it ships with (`scenedock`), or a commit of a repository: its address
    (`source`), the `directory` in it, the `ref` of the list, and the `commit`. A folder that is neither has only the
    `digest` of its files.
    """

    skeleton: str
    scenedock: str = ""
    source: str = ""
    directory: str = ""
    ref: str = ""
    commit: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a bake, without secrets.

    `answers` were given; `computed` are those of the other questions, as the skeleton's defaults made them; `withheld`
    are the names of questions with an answer that is secret, or contains one.
    """

    answers: JsonObject
    computed: JsonObject
    withheld: tuple[str, ...] = ()


def with_provenance(tree: BakedTree, provenance: Provenance, values: Values) -> BakedTree:
    """The tree with the provenance file added, which has a hash of each other file, and the target of each link."""
    origin = ("skeleton", "scenedock", "source", "directory", "ref", "commit", "digest")
    about: dict[str, Json] = {
        "format": FORMAT,
        **{key: value for key in origin if (value := getattr(provenance, key))},
        "answers": values.answers,
        "computed": values.computed,
        **({"withheld": list(values.withheld)} if values.withheld else {}),
        "files": dict(fingerprints(tree)),
    }
    return tree.with_file(BakedFile(f"{tree.root}/{PROVENANCE_FILE}", (_HEADING + write_documents([about])).encode()))


def fingerprints(tree: BakedTree) -> dict[str, str]:
    """The hash of each file by its path in the project, and the target of each link after an arrow."""
    return {file.path[len(tree.root) + 1 :]: _fingerprint(file) for file in tree.files}


def _fingerprint(file: BakedFile) -> str:
    if file.link:
        return f"-> {file.content.decode()}"
    return hashlib.sha256(file.content).hexdigest()
