"""Which files of a project are not as they were baked, and which its skeleton would bake differently today."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

from scenedock.documents.configuration import read_configuration
from scenedock.documents.problems import DocumentProblem
from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.local.disk import read_file
from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.errors import InputError, NotFoundError, ScenedockError
from scenedock.model.json import Json, JsonObject, as_list, as_object
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.skeletons.rendering.provenance import FORMAT, fingerprints
from scenedock.structs import dataclass
from scenedock.usecases.skeletons.bake_skeleton import bake_opened

Change: TypeAlias = Literal["", "added", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class FileDrift:
    """A file that isn't everywhere as it was baked: what the project, and what the skeleton has done to it since.

    `same` says that both have come to the same.
    """

    path: str
    project: Change
    skeleton: Change
    same: bool = False


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs. Where the skeleton can't be baked with the recorded answers, `reason` says why."""

    skeleton: str
    files: tuple[FileDrift, ...]
    baked: int
    reason: str = ""


def find_drift(
    project: Path, library: SkeletonLibrary, confined: ConfinedBakes, skeleton: str | Path | None = None
) -> Drift:
    """Compare a project with what it was baked from, and with what its skeleton bakes of the same answers today.

    `skeleton` is another one than the project names: its name or folder.

    Raises
    ------
    NotFoundError   the project doesn't say what it was baked from
    InputError      what says so can't be read, or has no hashes, or a file can't be read
    """
    about = _provenance(project)
    then = {path: str(hashed) for path, hashed in as_object(about["files"]).items()}
    named = skeleton or str(about["skeleton"])
    reason, today = "", then
    try:
        today = _baked_today(library, confined, named, about)
    except ScenedockError as error:
        reason = str(error)
    here = {path: _fingerprint(project / path) for path in {*then, *today}}
    files = (
        FileDrift(
            path,
            _change(then.get(path), here[path]),
            _change(then.get(path), today.get(path)),
            same=here[path] == today.get(path),
        )
        for path in sorted(here)
    )
    return Drift(str(named), tuple(each for each in files if each.project or each.skeleton), len(then), reason)


def _provenance(project: Path) -> JsonObject:
    file = project / PROVENANCE_FILE
    try:
        data = read_file(file)
    except NotFoundError:
        raise NotFoundError(
            f"{file}: there is no such file, so nothing says what this folder was baked from; name the folder of a "
            "project that `scenedock skeletons bake` has made"
        ) from None
    read = read_configuration(data, str(file), rules=_problems)
    return read.value


def _problems(value: Mapping[str, Json]) -> list[DocumentProblem]:
    if value.get("format") != FORMAT:
        return [
            DocumentProblem(
                (), f"has no `format: {FORMAT}`: release 0.1 recorded no hashes, so nothing can be compared"
            )
        ]
    wrong = [
        DocumentProblem((key,), f"must be {words}")
        for key, kind, words in (
            ("skeleton", str, "a text"),
            ("answers", dict, "an object"),
            ("files", dict, "an object"),
        )
        if not isinstance(value.get(key), kind)
    ]
    files = value.get("files")
    outside = [
        DocumentProblem(("files", path), "must be a path in the project")
        for path in (files if isinstance(files, dict) else ())
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts
    ]
    return wrong + outside


def _baked_today(
    library: SkeletonLibrary, confined: ConfinedBakes, skeleton: str | Path, about: JsonObject
) -> dict[str, str]:
    if withheld := as_list(about.get("withheld", [])):
        raise InputError(f"{', '.join(map(str, withheld))}: a secret answer, which is not recorded")
    tree = bake_opened(library.open(skeleton), as_object(about["answers"]), confined)
    return {path: hashed for path, hashed in fingerprints(tree).items() if path != PROVENANCE_FILE}


def _fingerprint(path: Path) -> str | None:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return hashlib.sha256(read_file(path)).hexdigest() if path.is_file() else None


def _change(before: str | None, now: str | None) -> Change:
    if before == now:
        return ""
    if before is None:
        return "added"
    return "deleted" if now is None else "changed"
