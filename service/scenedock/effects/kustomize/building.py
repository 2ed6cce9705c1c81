"""What a kustomization of a repository becomes, with what an Application sets on top of it."""

from __future__ import annotations

import json
import posixpath
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Final

from scenedock.effects.helm.chart_files import ChartSource
from scenedock.effects.kustomize.files import check_local, files_of_kustomization
from scenedock.effects.kustomize.program import KustomizeProgram
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject, as_list, as_text
from scenedock.structs import dataclass

_OVERLAY: Final = ".scenedock-overlay"
_MOST_FILES: Final = 3_000
_MOST_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class KustomizationBuilder:
    """Builds kustomizations; the thread that has the `turn` reads the repository."""

    program: KustomizeProgram
    turn: threading.Lock

    def build(self, source: ChartSource, folder: str, overlay: JsonObject) -> bytes:
        """What kustomize prints for a folder; `overlay` is a kustomization above it, without its resources.

        Raises
        ------
        NotFoundError     there is neither kustomize nor kubectl
        NotAllowedError   this machine can't sandbox a process
        InputError        it can't be built, for the reason in the message
        """
        self.program.path()
        work = Path(tempfile.mkdtemp(prefix="scenedock-kustomize-")).resolve()
        try:
            tree = work / "tree"
            with self.turn:
                check_local(source, folder)
                _copy(source, files_of_kustomization(source, folder), tree)
                for each in map(as_text, as_list(overlay.get("components"))):
                    component = posixpath.normpath(posixpath.join(folder, each))
                    check_local(source, component)
                    _copy(source, files_of_kustomization(source, component), tree)
            built = folder
            if overlay:
                built = _OVERLAY
                (tree / built).mkdir(parents=True)
                (tree / built / "kustomization.yaml").write_text(json.dumps(_above(folder, overlay)), encoding="utf-8")
            return self.program.build(work, tree / built, tree)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _above(folder: str, overlay: JsonObject) -> JsonObject:
    above: dict[str, Json] = {**overlay, "resources": [f"../{folder}" if folder else ".."]}
    if listed := as_list(overlay.get("components")):
        above["components"] = [f"../{posixpath.normpath(posixpath.join(folder, as_text(each)))}" for each in listed]
    return above


def _copy(source: ChartSource, paths: frozenset[str], to: Path) -> None:
    if len(paths) > _MOST_FILES:
        raise InputError(f"the kustomization takes more than {_MOST_FILES:,} files")
    left = _MOST_BYTES
    for path in sorted(paths):
        data = source.read(path)
        left -= len(data)
        if left < 0:
            raise InputError(f"the kustomization takes more than {_MOST_BYTES >> 20} MiB of files")
        target = to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
