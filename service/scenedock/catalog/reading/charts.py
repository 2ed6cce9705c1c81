"""Chart.yaml (and requirements.yaml of apiVersion v1) as a `Chart`: tolerant, because real ones have oddities."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable

from scenedock.documents.scalars import HELM
from scenedock.model.helm import Chart, Dependency
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at

# What `helm create` writes: it describes nothing.
STOCK_DESCRIPTIONS = frozenset({"a helm chart for kubernetes", "a helm chart for deploying to kubernetes"})


def read_chart(
    document: JsonObject,
    requirements: JsonObject,
    *,
    folder: str,
    chart_folders: Container[str],
    merged_values: Iterable[JsonObject],
) -> Chart:
    """The chart of a folder.

    `merged_values` are the values of each environment: a dependency counts as enabled if it is in one of them.
    """
    values = list(merged_values)
    annotations = as_object(document.get("annotations"))
    dependencies = (*as_list(document.get("dependencies")), *as_list(requirements.get("dependencies")))
    return Chart(
        name=_word(document.get("name")),
        description=_description(document.get("description")),
        library=as_text(document.get("type")) == "library",
        deprecated=document.get("deprecated") is True,
        keywords=tuple(_word(keyword) for keyword in as_list(document.get("keywords"))),
        sources=_sources(document),
        maintainers=tuple(
            name
            for name in (_word(as_object(item).get("name")) for item in as_list(document.get("maintainers")))
            if name
        ),
        owner=_owner_annotation(annotations),
        dependencies=tuple(
            _dependency(as_object(item), folder, chart_folders, values)
            for item in dependencies
            if _word(as_object(item).get("name"))
        ),
    )


def is_enabled(dependency: JsonObject, values: JsonObject) -> bool:
    """Whether a dependency's `condition`, else its `tags`, holds on the values.

    Helm: the first path of `condition` that exists and is a boolean decides; without one, tags that are set decide
    (one true is enough); otherwise the dependency is enabled.
    """
    for path in as_text(dependency.get("condition")).split(","):
        state = value_at(values, path.strip().split("."))
        if isinstance(state, bool):
            return state
    switches = as_object(values.get("tags"))
    states = [state for tag in as_list(dependency.get("tags")) if isinstance(state := switches.get(_word(tag)), bool)]
    return any(states) or not states


def _dependency(item: JsonObject, folder: str, chart_folders: Container[str], values: list[JsonObject]) -> Dependency:
    name, source = _word(item.get("name")), as_text(item.get("repository"))
    local = _local_folder(name, source, folder, chart_folders)
    return Dependency(
        name=name,
        alias=_word(item.get("alias")),
        folder=local,
        remote=bool(source) and not source.startswith("file:"),
        enabled=any(is_enabled(item, each) for each in values or [{}]),
        missing=_target(source, folder) if source.startswith("file://") and local is None else "",
    )


def _local_folder(name: str, source: str, folder: str, chart_folders: Container[str]) -> str | None:
    """The local chart that a dependency means: by its `file://` path, never by a path out of the repository."""
    if not source.startswith("file://"):
        return None
    target = _target(source, folder)
    for candidate in (target, posixpath.join(target, name)):
        path = "" if candidate == "." else candidate
        if path in chart_folders:
            return path
    return None


def _target(source: str, folder: str) -> str:
    return posixpath.normpath(posixpath.join(folder, source.removeprefix("file://")))


def _word(value: Json) -> str:
    """A scalar as the text that Helm makes of it: names are numbers by accident (`name: 0644`); empty for no scalar."""
    try:
        return HELM.key(value).strip()
    except ValueError:
        return ""


def _description(value: Json) -> str:
    text = " ".join(as_text(value).split())
    return "" if text.rstrip(".").lower() in STOCK_DESCRIPTIONS else text


def _sources(document: JsonObject) -> tuple[str, ...]:
    addresses = [*map(as_text, as_list(document.get("sources"))), as_text(document.get("home"))]
    return tuple(dict.fromkeys(address for address in addresses if address))


def _owner_annotation(annotations: JsonObject) -> str:
    """The value of an annotation called `owner`, or `<prefix>/owner`."""
    for key in sorted(annotations):
        if key.rpartition("/")[2] == "owner":
            return as_text(annotations[key])
    return ""
