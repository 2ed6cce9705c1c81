"""What a chart of a repository becomes: its manifests, or the reason why it can't be rendered."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scenedock.documents.plain_secrets import without_values
from scenedock.documents.reading import read_document, read_documents
from scenedock.effects.helm.chart_cache import ChartCache
from scenedock.effects.helm.chart_files import ChartFiles, ChartSource
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject
from scenedock.structs import dataclass, field

_ARCHIVE: Final = "chart.tgz"
_LONGEST_RELEASE: Final = 53
_GIVEN: Final = re.compile(r"(?:\.\./)*[^ :]*given-\d+\.yaml")
_MOST_BYTES_KEPT: Final = 256 << 20
"""Of copies of charts that may be rendered again."""


@dataclass(frozen=True, slots=True)
class FileOf:
    """A file of another repository than the chart's."""

    source: ChartSource = field(compare=False)
    repository: str
    path: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value as `--set` takes it; `is_text` as `--set-string`, `is_file` with the path of a file as `--set-file`."""

    name: str
    value: str
    is_text: bool = False
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Installation:
    """A chart as it is installed: its folder in a repository, or a `remote` one, and what is given to it.

    `values` are, in Helm's order, paths of files in the repository, or values themselves; `parameters` count for more.
    The chart's own values.yaml is always the first, whether it is named or not.
    """

    folder: str
    release: str
    namespace: str = "default"
    values: Sequence[str | FileOf | JsonObject] = ()
    parameters: Sequence[Parameter] = ()
    has_crds: bool = False
    options: Sequence[str] = ()
    remote: RemoteChart | None = None


def render(program: HelmProgram, source: ChartSource, installation: Installation) -> tuple[JsonObject, ...]:
    """The manifests of an installation, in helm's order. Of the repository helm sees only the chart and the values.

    Raises
    ------
    NotFoundError     there is no helm
    NotAllowedError   this machine can't sandbox a process
    InputError        the chart can't be rendered, for the reason in the message
    """
    with ChartRenderer(program) as renderer:
        return manifests_in(renderer.render(source, installation))


def manifests_in(printed: bytes) -> tuple[JsonObject, ...]:
    """The manifests in what helm prints.

    Raises
    ------
    InputError   it can't be read as YAML
    """
    try:
        documents = read_documents(printed, max_bytes=len(printed) + 1)
    except InputError as error:
        raise InputError(f"what helm prints is no YAML: {error}") from None
    return tuple(document.value for document in documents if isinstance(document.value, dict))


@dataclass(slots=True)
class ChartRenderer:
    """Renders charts; each is copied once, however often it is rendered.

    Threads may share it: a repository is read by the one that has its `turn`.
    """

    program: HelmProgram
    cache: ChartCache | None = None
    _work: Path = field(init=False)
    _copies: dict[tuple[int, str], Path] = field(default_factory=dict)
    _sources: list[ChartSource] = field(default_factory=list)
    _bytes: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._work = Path(tempfile.mkdtemp(prefix="scenedock-helm-")).resolve()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        shutil.rmtree(self._work, ignore_errors=True)

    def render(self, source: ChartSource, installation: Installation) -> bytes:
        """What helm prints for an installation.

        Raises
        ------
        NotFoundError     there is no helm
        NotAllowedError   this machine can't sandbox a process
        InputError        the chart can't be rendered, for the reason in the message
        """
        work = Path(tempfile.mkdtemp(prefix="run-", dir=self._work))
        try:
            names: dict[str, str] = {}
            with self.turn:
                tree = self._copy_of(source, installation)
                arguments = [*self._options(source, installation, work, names), "--", _release(installation)]
            try:
                chart = f"./{_ARCHIVE if installation.remote else installation.folder}"

                def hide(said: str) -> str:
                    with self.turn:
                        return without_values(said, _values_of(source, installation))

                return self.program.run(work, ["template", *arguments, chart], tree, [tree], hide)
            except InputError as error:
                said = _GIVEN.sub(lambda found: names.get(found[0].rpartition("/")[2], found[0]), str(error))
                raise InputError(said) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _copy_of(self, source: ChartSource, installation: Installation) -> Path:
        """The root of a tree with a chart and all that it depends on."""
        key = id(source), str(installation.remote or installation.folder)
        if key not in self._copies:
            root = Path(tempfile.mkdtemp(prefix="tree-", dir=self._work))
            files = ChartFiles(source, root, self.cache)
            if installation.remote is None:
                files.copy_chart(installation.folder)
            elif self.cache is None:
                raise InputError(f"its chart comes from elsewhere: {installation.remote}")
            else:
                (root / _ARCHIVE).write_bytes(self.cache.archive(installation.remote))
            if self._bytes + files.size > _MOST_BYTES_KEPT:
                return root
            self._bytes += files.size
            self._copies[key] = root
            self._sources.append(source)  # while it lives, nothing else has its number
        return self._copies[key]

    def _options(self, source: ChartSource, installation: Installation, work: Path, names: dict[str, str]) -> list[str]:
        """The options; what is given is written into `work`, and `names` says which path each file has."""
        options = [f"--namespace={installation.namespace}"]
        if installation.has_crds:
            options.append("--include-crds")
        options += installation.options
        given: list[str | FileOf | JsonObject] = [*installation.values]
        for number, each in enumerate(given):
            options.append(f"--values={_given(source, work, number, each, names)}")
        for parameter in installation.parameters:
            value, option = parameter.value, "--set-string" if parameter.is_text else "--set"
            if parameter.is_file:
                value, option = _given(source, work, len(names), value, names), "--set-file"
            options += [option, f"{parameter.name}={value}"]
        return options


def _values_of(source: ChartSource, installation: Installation) -> Iterator[Json]:
    """All values that an installation is given, as far as they can be read."""
    own = [] if installation.remote else [posixpath.join(installation.folder, "values.yaml")]
    for each in [*own, *installation.values]:
        try:
            if isinstance(each, FileOf):
                yield read_document(each.source.values_in(each.path)).value
            else:
                yield read_document(source.values_in(each)).value if isinstance(each, str) else each
        except InputError:
            continue
    yield from ({each.name: each.value} for each in installation.parameters)


def _release(installation: Installation) -> str:
    return installation.release[:_LONGEST_RELEASE].rstrip("-.")


def _given(
    source: ChartSource, work: Path, number: int, values: str | FileOf | JsonObject, names: dict[str, str]
) -> str:
    """The path of a copy of a file, or of a file with values: helm takes no comma and no `%` in it."""
    name = f"given-{number}.yaml"
    if isinstance(values, FileOf):
        data, names[name] = values.source.values_in(values.path), values.path
    elif isinstance(values, str):
        data, names[name] = source.values_in(values), values
    else:
        data, names[name] = json.dumps(values).encode(), name
    (work / name).write_bytes(data)
    return str(work / name)
