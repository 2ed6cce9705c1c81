"""The files that a kustomization takes, those of the folders that it takes included."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from scenedock.documents.reading import read_documents
from scenedock.effects.helm.chart_files import ChartSource
from scenedock.errors import InputError
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text

_TAKING: Final = ("resources", "bases", "components", "crds", "configurations", "generators", "transformers")
_FROM_ELSEWHERE: Final = re.compile(
    r"^[a-z+]+://|^[\w.-]+@[\w.-]+:|^git::|^github\.com[/:]|\?ref=|^[\w-]+(\.[\w-]+)+/.*//"
)


def files_of_kustomization(source: ChartSource, folder: str) -> frozenset[str]:
    """The paths of the files that a folder's kustomization takes, and of the kustomizations on the way.

    Every text in a kustomization counts that is the path of a file of the repository: of patches, generators and
    whatever comes later.
    """
    found: set[str] = set()
    waiting, seen = [folder], set[str]()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        file = kustomization_in(source, at)
        if file is None:
            found.update(source.below(at))  # a folder of files, for a generator or a chart
            continue
        found.add(file)
        for text in _texts(_document(source, file)):
            path = _joined(at, text)
            if path in source.paths:
                found.add(path)
            elif path is not None and path != at and _is_folder(source, path):
                waiting.append(path)
    return frozenset(found)


def check_local(source: ChartSource, folder: str) -> None:
    """Check that a kustomization takes nothing from elsewhere, and no charts.

    Raises
    ------
    InputError   it does; the message names what, and the file
    """
    waiting, seen = [folder], set[str]()
    while waiting:
        at = waiting.pop()
        file = kustomization_in(source, at)
        if at in seen or file is None:
            continue
        seen.add(at)
        document = _document(source, file)
        if document.get("helmCharts") or document.get("helmChartInflationGenerator"):
            raise InputError(f"{file}: it inflates charts (helmCharts), which is not done here")
        for key in _TAKING:
            for text in map(as_text, as_list(document.get(key))):
                path = _joined(at, text)
                if path is not None and (path in source.paths or _is_folder(source, path)):
                    waiting.append(path)
                elif _FROM_ELSEWHERE.search(text):
                    raise InputError(
                        f"{file}: it takes {text} from elsewhere, and nothing is fetched for kustomizations"
                    )


def kustomization_in(source: ChartSource, folder: str) -> str | None:
    """The path of a folder's kustomization."""
    return next((path for name in KUSTOMIZATIONS if (path := posixpath.join(folder, name)) in source.paths), None)


def _document(source: ChartSource, path: str) -> JsonObject:
    try:
        documents = read_documents(source.read(path))
    except InputError:
        return {}
    return as_object(documents[0].value) if documents else {}


def _texts(value: Json) -> Iterator[str]:
    """All texts in a value; of `name=path`, as generators have it, the path."""
    if isinstance(value, str):
        yield value
        if "=" in value:
            yield value.partition("=")[2]
    elif isinstance(value, dict):
        for below in value.values():
            yield from _texts(below)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below)


def _joined(folder: str, text: str) -> str | None:
    if not text or "\n" in text or len(text) > 1_000 or text.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(folder, text))
    return None if path.startswith("..") else "" if path == "." else path


def _is_folder(source: ChartSource, path: str) -> bool:
    return next(source.below(path), None) is not None
