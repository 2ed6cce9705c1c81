"""The environments of helmfiles, with their values.

Source: helmfile, "Environment Values", "Environment Secrets".
"""

from __future__ import annotations

from functools import cached_property

from scenedock.catalog.reading.layouts.helmfile_text import ITS_LIST, ITS_NAME, MARKS, Helmfile
from scenedock.catalog.reading.layouts.shape import Given
from scenedock.documents.merging import merge_values
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.structs import dataclass

# helmfile reads all other files of an environment's values as YAML.
_NO_YAML = (".gotmpl", ".hcl")


@dataclass(frozen=True, eq=False)
class Environment:
    """An environment of a helmfile: its values, and files of values by their paths from the repository's root."""

    given: Given
    written: tuple[Json, ...]
    secrets: tuple[str, ...] = ()

    @cached_property
    def values(self) -> JsonObject | None:
        """Its values; None where a template writes some of them."""
        values: JsonObject = {}
        for each in self.written:
            path = as_text(each)
            if path and ("{{" in path or path.endswith(_NO_YAML)):
                return None
            if not path or self.given.here.has(path):
                values = merge_values(values, as_object(self.given.here.read(path) if path else each))
        return values

    def value(self, key: str) -> Json:
        """The value at a dotted path; None where nothing here says it."""
        return value_at(self.values, key.split("."))

    @property
    def files(self) -> tuple[str, ...]:
        """The files of its values; none where not all its values are in files of the repository that can be read."""
        files = (*map(as_text, self.written), *self.secrets)
        return files if self.values is not None and all(map(self.given.here.has, files)) else ()

    @cached_property
    def says_all(self) -> bool:
        """Whether all its values are known: no file of them is elsewhere."""
        files = filter(None, map(as_text, self.written))
        return self.values is not None and all(map(self.given.here.has, files))

    def has(self, release: JsonObject) -> bool | None:
        """Whether a release is there in it; None where its values don't say."""
        said: list[bool | None] = [None if isinstance(release.get("installed"), str) else True]
        if condition := as_text(release.get("condition")):
            value = self.value(condition)
            said.append(None if value is None and not self.says_all else bool(value))
        if template := as_text(release.get("installedTemplate")):
            names = self.value(template[1:]) if template.startswith(ITS_LIST) else None
            said.append(_is_among(as_text(release.get("name")), names))
        return False if False in said else None if None in said else True


def environments_in(document: JsonObject, helmfile: Helmfile, given: Given) -> dict[str, Environment]:
    """The environments of a document."""
    named: dict[str, Environment] = {}
    for name, said in as_object(document.get("environments")).items():
        if not any(sign in name for sign in MARKS):
            said_of = as_object(said)
            written = as_list(said_of.get("values"))
            values = (
                helmfile.at(text.replace(ITS_NAME, name)) if (text := as_text(each)) else each for each in written
            )
            secrets = (
                helmfile.at(text.replace(ITS_NAME, name)) for text in map(as_text, as_list(said_of.get("secrets")))
            )
            named[name] = Environment(given, tuple(values), tuple(secrets))
    return named


def _is_among(name: str, names: Json) -> bool | None:
    """Whether a list of an environment has a name; None where there is no list, or a template writes some of it."""
    if not isinstance(names, list) or (name not in names and any("{{" in as_text(each) for each in names)):
        return None
    return name in names
