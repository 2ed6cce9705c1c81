"""Services that are items of a values file ("app of apps"), and files that say which service is enabled where."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from scenedock.catalog.reading.handwritten import ENTITY_FILES
from scenedock.catalog.reading.values import read_values
from scenedock.catalog.vocabulary.settings import FILE_NAME, AppList
from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import DocumentError, read_document
from scenedock.errors import InputError
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Listing, ListItem
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.structs import dataclass, field, replace

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_ENVIRONMENT = "{environment}"


@dataclass(frozen=True, slots=True)
class AppListFile:
    """One file of an app list, and the environment that its name says."""

    path: str
    environment: str | None


@dataclass(slots=True)
class ListedItems:
    """The items of all app lists of a repository, what is to be said of them, and the folders of lists not read."""

    items: list[ListItem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)


def read_app_lists(
    repository: str, app_lists: Iterable[AppList], listing: Listing, read: Callable[[str], bytes]
) -> ListedItems:
    """The items of the app lists that the settings of a repository name; `read` gives the bytes of a file."""
    listed = ListedItems()
    for app_list in app_lists:
        files = files_of(app_list, listing)
        if not files:
            message, place = f"no file is called {app_list.file!r}", Place(repository, FILE_NAME)
            remedy = "Correct `apps[].file`; until then the last good entities of its items stay."
            listed.findings.append(Finding("error", "no-app-list", message, place, remedy))
            listed.unreadable.add(posixpath.dirname(app_list.file.strip("/")))
        for file in files:
            _read_file(Place(repository, file.path), app_list, file, read, listed)
    return listed


def _read_file(
    place: Place, app_list: AppList, file: AppListFile, read: Callable[[str], bytes], listed: ListedItems
) -> None:
    """Add the items of one file to those `listed`; where it can't be read, its folder."""

    def note(message: str) -> None:
        remedy = "Correct `apps` or the file."
        listed.findings.append(Finding("warning", "unreadable-app-list", message, place, remedy))

    try:
        data = read(file.path)
        if encryption := encryption_of(data):
            raise InputError(f"is encrypted with {encryption}, so its items can't be read")  # noqa: TRY301 - one way out
        document = read_document(data)
    except InputError as error:
        line = error.line if isinstance(error, DocumentError) else None
        remedy = "Fix the file; until then the last good entities of its items stay."
        unreadable = Finding("error", "unreadable-app-list", str(error), replace(place, line=line), remedy)
        listed.findings.append(unreadable)
        listed.unreadable.add(posixpath.dirname(file.path))
        return
    listed.items.extend(read_items(app_list, file, document.value, note))


def files_of(app_list: AppList, listing: Listing) -> list[AppListFile]:
    """The files of an app list, sorted by path."""
    before, placeholder, after = app_list.file.strip("/").partition(_ENVIRONMENT)
    pattern = re.compile(
        re.escape(before) + (r"([A-Za-z0-9][A-Za-z0-9._-]*)" if placeholder else "()") + re.escape(after)
    )
    files = (path for path in listing.inside if not _is_settings_or_catalog(path))
    matches = ((path, pattern.fullmatch(path)) for path in files)
    return [AppListFile(path, match[1] or None) for path, match in matches if match]


def _is_settings_or_catalog(path: str) -> bool:
    """Whether a file isn't an app list though `{environment}.yaml` would match it: settings, or a catalog file."""
    return path == FILE_NAME or posixpath.basename(path) in ENTITY_FILES


def read_items(app_list: AppList, file: AppListFile, document: Json, note: Callable[[str], None]) -> Iterator[ListItem]:
    """The items of one file that are enabled, in the file's order. `note` is told of items that can't be read."""
    lists = 0
    for environment, items in _item_lists(app_list.items, document, file.environment):
        lists += 1
        for name, item in _named_items(items, note):
            if item.get("enabled") is False:
                continue
            chart = as_text(item.get(app_list.chart_key)).strip("/") if app_list.chart_key else ""
            yield ListItem(
                name=name,
                environment=environment,
                list_path=file.path,
                chart_folder=chart or app_list.default_chart,
                default_chart=not chart and bool(app_list.default_chart),
                slug=_fill(app_list.repository, {**item, "name": name}),
                facts=read_values(item),
            )
    if not lists:
        note(f"has nothing at `{app_list.items}`" if app_list.items else "is empty")


def items_in(document: Json) -> dict[str, tuple[tuple[str | int, ...], Json]]:
    """What may be an item in the document of an app list, by its name: its path and value, the first of each name."""
    found: dict[str, tuple[tuple[str | int, ...], Json]] = {}
    _add_items(document, (), found)
    return found


def _add_items(value: Json, path: tuple[str | int, ...], found: dict[str, tuple[tuple[str | int, ...], Json]]) -> None:
    if not isinstance(value, (dict, list)):
        return
    for key, below in value.items() if isinstance(value, dict) else enumerate(value):
        at = (*path, key)
        if isinstance(key, str):
            found.setdefault(key, (at, below))
        if isinstance(below, dict) and isinstance(name := below.get("name"), str):
            found.setdefault(name, (at, below))
        _add_items(below, at, found)


def _item_lists(path: str, document: Json, environment: str | None) -> Iterator[tuple[str | None, Json]]:
    """The lists of items at a dotted path, with the environment that a `{environment}` in the path stands for."""
    before, placeholder, after = path.partition(_ENVIRONMENT)
    value = value_at(document, _keys(before))
    if not placeholder:
        if value is not None:
            yield environment, value
        return
    for key, below in as_object(value).items():
        items = value_at(below, _keys(after))
        if items is not None:
            yield key, items


def _keys(path: str) -> Iterator[str]:
    return filter(None, path.split("."))


def _named_items(items: Json, note: Callable[[str], None]) -> Iterator[tuple[str, JsonObject]]:
    """Name and configuration: of mappings with a `name`, plain names, or a mapping from name to configuration."""
    if isinstance(items, Mapping):
        for name, item in items.items():
            yield name, {"enabled": item} if isinstance(item, bool) else as_object(item)
        return
    for number, item in enumerate(as_list(items), start=1):
        name = as_text(item) or as_text(as_object(item).get("name"))
        if name and "{{" not in name:
            yield name, as_object(item)
        else:
            note(f"item {number} has no name, or one with a template expression")


def _fill(template: str, item: JsonObject) -> str:
    """`{a|b}` becomes the first of several values that the item has; nothing where it has none."""
    lost = False

    def look_up(match: re.Match[str]) -> str:
        nonlocal lost
        value = next((text for key in match[1].split("|") if (text := as_text(item.get(key)))), "")
        lost = lost or not value
        return value

    filled = _PLACEHOLDER.sub(look_up, template)
    return "" if lost else filled
