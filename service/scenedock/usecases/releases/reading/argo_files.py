"""The values files that an Argo CD Application names, wherever they are.

Source: Argo CD, "Helm" (values files are relative to the chart, or from the root, at an address, or a pattern)
and "Multiple Sources" (`$ref/…`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence

from scenedock.catalog.reading.argo.written import folder_at, leads_out, value_files_of_source
from scenedock.documents.reading import Document
from scenedock.model.finding import Place
from scenedock.model.helm import Application
from scenedock.model.json import JsonObject
from scenedock.usecases.releases.reading.argo_values import sources_of


def named_value_files(
    application: Application, chart: str, manifests: Sequence[Document], read: Callable[[str], Document], elsewhere: str
) -> Iterator[tuple[str, str]]:
    """The values files of the source that deploys the folder of an Application, or its `chart`, in their order.

    Each with its path in the repository of the deployment, or else why nobody can tell what is in it. The parameters
    are those of `application_layers`.
    """
    sources = sources_of(application, manifests, read)
    references = {one.text("ref"): one.rendered() for one in sources}
    for one in sources:
        if len(sources) > 1 and not one.deploys(chart):
            continue
        source = one.rendered()
        for file in value_files_of_source(source):
            path, why = _path_of(file, source, references, application.path)
            at = Place(elsewhere, application.place.path, one.document.line_of((*one.place, "helm", "valueFiles")))
            if why or not leads_out(path):
                yield path, f"{at}: {why}" if why else ""


def all_value_files(
    application: Application, manifests: Sequence[Document], read: Callable[[str], Document]
) -> list[str] | None:
    """The values files that an Application names for the chart in its folder, in their order; None if that is unclear.

    Besides them it has its own `values.yaml` alone.
    """
    sources = [one for one in sources_of(application, manifests, read) if one.text("path") and one.deploys("")]
    if len(sources) != 1 or sources[0].source.get("plugin"):
        return None
    found = [*named_value_files(application, "", manifests, read, "")]
    is_clear = len(found) == len(value_files_of_source(sources[0].source)) and not any(why for _, why in found)
    return [path for path, _ in found] if is_clear else None


def _path_of(file: str, source: JsonObject, references: Mapping[str, JsonObject], folder: str) -> tuple[str, str]:
    """The path of a values file from the repository's root, or why it has none here."""
    if "{{" in file:
        return "", f"only Argo CD knows the values file {file!r}"
    if "://" in file:
        return "", f"the values file {file!r} is elsewhere"
    if any(sign in file for sign in "*?["):
        return "", f"the values files {file!r} are a pattern"
    if file.startswith("$"):
        name, _, path = file[1:].partition("/")
        taken = references.get(name)
        if taken is None:
            return "", f"only Argo CD knows the values file {file!r}"
        if not source.get("chart") and source.get("repoURL") != taken.get("repoURL"):
            return "", f"the values file {file!r} is in another repository"
        return folder_at(path), ""
    return folder_at(file if file.startswith("/") else posixpath.join(folder, file)), ""
