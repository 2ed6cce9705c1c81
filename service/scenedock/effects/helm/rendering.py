"""What a chart of a repository becomes: its manifests, or the reason why it can't be rendered."""

from __future__ import annotations

import json
import re
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
_GIVEN = re.compile(r"\.\./given-\d+\.yaml")


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
        try:
            printed = program.run(work, ["template", *options, "--", release, f"./{installation.folder}"], "tree")
        except InputError as error:
            names = {path: each for path, each in zip(given, installation.values, strict=True) if isinstance(each, str)}
            raise InputError(_GIVEN.sub(lambda found: names.get(found[0], found[0]), str(error))) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    try:
        documents = read_documents(printed, max_bytes=len(printed) + 1)
    except InputError as error:
        raise InputError(f"what helm prints is no YAML: {error}") from None
    return tuple(document.value for document in documents if isinstance(document.value, dict))


def _given(files: ChartFiles, work: Path, number: int, values: str | JsonObject) -> str:
    """The path of a file with values, from the root of the tree: helm takes no comma and no `%` in it."""
    data = files.values_in(values) if isinstance(values, str) else json.dumps(values).encode()
    (work / f"given-{number}.yaml").write_bytes(data)
    return f"../given-{number}.yaml"
