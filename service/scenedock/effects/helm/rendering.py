"""What a chart of a repository becomes: its manifests, or the reason why it can't be rendered."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scenedock.documents.reading import read_documents
from scenedock.effects.helm.chart_files import ChartFiles, ChartSource
from scenedock.effects.helm.program import HelmProgram
from scenedock.errors import InputError
from scenedock.model.json import JsonObject

_LONGEST_RELEASE = 53
_CHARACTERS_OF_LISTS = frozenset(',"')


@dataclass(frozen=True, slots=True)
class Installation:
    """A chart as it is installed: its folder in a repository, and what is given to it.

    `values` are, in Helm's order, paths of files in the repository, or values themselves. The chart's own values.yaml
    is always the first, whether it is named or not.
    """

    folder: str
    release: str
    namespace: str = "default"
    values: Sequence[str | JsonObject] = ()


def render(program: HelmProgram, source: ChartSource, installation: Installation) -> tuple[JsonObject, ...]:
    """The manifests of an installation, in helm's order. Of the repository helm sees only the chart and the values.

    Raises
    ------
    NotFoundError     there is no helm
    NotAllowedError   this machine can't sandbox a process
    InputError        the chart can't be rendered, for the reason in the message
    """
    work = Path(tempfile.mkdtemp(prefix="scenedock-helm-")).resolve()
    try:
        tree = work / "tree"
        tree.mkdir()
        files = ChartFiles(source, tree)
        files.copy_chart(installation.folder)
        given = [_given(files, work, number, each) for number, each in enumerate(installation.values)]
        release = installation.release[:_LONGEST_RELEASE].rstrip("-.")
        options = [f"--namespace={installation.namespace}", *(f"--values={path}" for path in given)]
        printed = program.run(work, ["template", *options, "--", release, f"./{installation.folder}"], "tree")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    try:
        documents = read_documents(printed, max_bytes=len(printed) + 1)
    except InputError as error:
        raise InputError(f"what helm prints is no YAML: {error}") from None
    return tuple(document.value for document in documents if isinstance(document.value, dict))


def _given(files: ChartFiles, work: Path, number: int, values: str | JsonObject) -> str:
    """The path of a file with values, from the root of the tree."""
    if isinstance(values, str):
        if _CHARACTERS_OF_LISTS.intersection(values):
            raise InputError(f"{values}: helm takes no values file with a comma or a quotation mark in its path")
        files.copy_values(values)
        return f"./{values}"
    (work / f"given-{number}.json").write_text(json.dumps(values), encoding="utf-8")
    return f"../given-{number}.json"
