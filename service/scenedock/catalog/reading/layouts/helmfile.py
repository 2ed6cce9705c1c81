"""helmfile: releases, with the environments that a helmfile or one above it names.

Helmfiles are templates: what is literal in them counts, and so does the environment's name, which stands for each.
Source: helmfile, "Configuration", "Environment Values", "Using .gotmpl files".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from scenedock.catalog.reading.argo.applications import FROM_ELSEWHERE, NAMED_BY_TEMPLATE
from scenedock.catalog.reading.kustomize.files import text_of
from scenedock.catalog.reading.kustomize.images import may_set_images
from scenedock.catalog.reading.layouts.helmfile_environments import Environment, environments_in
from scenedock.catalog.reading.layouts.helmfile_text import (
    ITS_NAME,
    ITS_RELEASE,
    MARKS,
    Helmfile,
    read_helmfile,
)
from scenedock.catalog.reading.layouts.shape import Given, LayoutFacts, chart_called
from scenedock.catalog.reading.layouts.table import is_helmfile
from scenedock.catalog.vocabulary.globs import matches
from scenedock.documents.merging import merge_values
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Deployed
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.units import TEMPLATE, Unit, Written
from scenedock.structs import dataclass, field, replace

_SETTING = ("values", "valuesTemplate", "set", "setString", "setTemplate")
"""The keys of a release by which it has values."""
_ADDED = (*_SETTING, "secrets", "jsonPatches", "strategicMergePatches", "transformers")
"""The lists of a release that are added to those of templates that it inherits."""
_PATCHES = ("jsonPatches", "strategicMergePatches", "transformers")
"""The keys of a release by which what its chart renders is changed."""
_NAMES_AN_IMAGE = re.compile(r"image|tag|version|\{\{", re.IGNORECASE)
_UNREAD = "the releases of this helmfile are not known: only helmfile can make YAML of its template"
_WRITE_IT_THERE = "Write anchors and lists in the file itself, or list the services in an app list in scenedock.yaml."
_VERSION_UNCLEAR = "only helmfile knows the version of its chart"
_VALUES = (".yaml", ".yml", ".yaml.gotmpl", ".yml.gotmpl")
# Far more than anybody has: what is beyond counts for no environment, or not at all.
_MOST_FILES = 1000
_MOST_DECISIONS = 20_000


@dataclass(slots=True)
class _Reader:
    given: Given
    helmfiles: dict[str, Helmfile] = field(default_factory=dict)
    left: int = _MOST_DECISIONS
    units: list[Unit] = field(default_factory=list)
    seen: list[Deployed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    filled_by_others: set[str] = field(default_factory=set)

    def read(self) -> LayoutFacts:
        for path in self.given.here.files:
            if is_helmfile(path):
                self._open(path)
        below = {child for each in self.helmfiles.values() for child in self._below(each) if child != each.path}
        done: set[str] = set()
        above_others = sorted(self.helmfiles, key=lambda path: (path in below, path.count("/"), path))
        for path in above_others:
            self._add_all(path, {}, done)
        return LayoutFacts(tuple(self.units), tuple(self.seen), tuple(self.findings))

    def _open(self, path: str) -> None:
        """Read a helmfile and those that it includes."""
        ahead = [path]
        while ahead and len(self.helmfiles) < _MOST_FILES:
            path = ahead.pop()
            if path not in self.helmfiles and self.given.here.has(path) and (read := self._read(path)):
                self.helmfiles[path] = read
                ahead.extend(self._below(read))

    def _read(self, path: str) -> Helmfile | None:
        return read_helmfile(path, self.given.read)

    def _below(self, helmfile: Helmfile) -> Iterator[str]:
        """The helmfiles that one includes."""
        for each in helmfile.all("helmfiles"):
            path = as_text(each) or as_text(as_object(each).get("path"))
            if path and not any(sign in path for sign in (*MARKS, "::")):
                files = list(self._files_at(helmfile.at(path)))
                if as_object(each).get("values"):
                    self.filled_by_others.update(files)
                yield from files

    def _files_at(self, path: str) -> Iterator[str]:
        """A file, all YAML files of a folder, or those that a pattern fits."""
        here = self.given.here
        if any(sign in path for sign in "*?[{"):
            try:
                yield from (
                    file for file in here.below(posixpath.dirname(path.partition("*")[0])) if matches(file, [path])
                )
            except ValueError:
                return
        else:
            for file in here.below(path):
                if "/" not in file[len(path) + 1 :]:
                    yield file
            if here.has(path):
                yield path

    def _add_all(self, path: str, above: Mapping[str, Environment], done: set[str]) -> None:
        """Add the releases of a helmfile and of those below, which have the environments of the one above."""
        ahead = [(path, above)]
        while ahead:
            path, above = ahead.pop()
            helmfile = self.helmfiles.get(path)
            if helmfile is None or path in done:
                continue
            done.add(path)
            own = self._environments(helmfile)
            if not own:  # what is below has its own values alone, or those that it is given
                self.filled_by_others.add(path)
            environments = own or above
            releases = list(helmfile.all("releases"))
            if line := helmfile.unread_releases_at:
                place = Place(self.given.here.name, path, line)
                self.findings.append(Finding("warning", "helmfile-not-read", _UNREAD, place, _WRITE_IT_THERE))
            for release in releases:
                self._add(helmfile, as_object(release), environments)
            ahead.extend((child, environments) for child in self._below(helmfile))

    def _environments(self, helmfile: Helmfile) -> Mapping[str, Environment]:
        """The environments that a helmfile or its bases name, each with what is said of it."""
        found: dict[str, Environment] = {}
        for base in map(as_text, helmfile.all("bases")):
            if base and "{{" not in base and self.given.here.has(helmfile.at(base)):
                read = self._read(helmfile.at(base))
                for document in read.documents if read else ():
                    found |= environments_in(document, read or helmfile, self.given)
        for document in helmfile.documents:
            found |= environments_in(document, helmfile, self.given)
        return found

    def _add(self, helmfile: Helmfile, written: JsonObject, environments: Mapping[str, Environment]) -> None:
        """Add a release: as a unit in each of its environments, or as something that is seen."""
        release = self._inherited(helmfile, written)
        name, chart = as_text(release.get("name")), as_text(release.get("chart"))
        place = Place(self.given.here.name, helmfile.path, helmfile.line_of(name))
        if not name or not chart or release.get("installed") is False:
            return
        if any(sign in text for sign in MARKS for text in (name, chart)):
            self.seen.append(Deployed("helmfile release", name.replace(ITS_NAME, "*"), place, reason=NAMED_BY_TEMPLATE))
            return
        local, charts = helmfile.at(chart), self.given.here.charts
        folder = local if local in charts or chart.startswith((".", "/")) else None
        targets = () if folder is None else ((self.given.here.name, folder),)
        self.seen.append(Deployed("helmfile release", name, place, targets, "" if targets else FROM_ELSEWHERE))
        if folder is not None and folder not in charts:
            return
        known = self._known(release, environments, place)
        if known and all(holds is False for holds in known.values()):
            self.seen[-1] = replace(self.seen[-1], targets=(), reason="their conditions hold in no environment")
            return
        proven: list[str | None] = [each for each, holds in known.items() if holds and each != "default"]
        unit = self._as_written(helmfile, release, name, folder or self._home(helmfile, release), place)
        is_filled = helmfile.path not in self.filled_by_others
        for environment in proven or [None]:
            made = self._unit(unit, helmfile, release, environment, "" if folder is not None else chart)
            state = environments[environment].files if environment and made.value_templates and is_filled else ()
            self.units.append(replace(made, state_files=state))

    def _as_written(self, helmfile: Helmfile, release: JsonObject, name: str, path: str, place: Place) -> Unit:
        """A release in no environment, with the line of its chart's version, and a block that hides some of it."""
        unit = Unit("helmfile release", name, path, place, self.given.here.name)
        if block := helmfile.block_at(name):
            return replace(unit, unclear=f"{helmfile.path}:{block}: only helmfile knows what counts of this block")
        is_doubled = [as_object(each).get("name") for each in helmfile.all("releases")].count(name) > 1
        line = 0 if is_doubled else helmfile.line_of_version(name, text_of(release.get("version")))
        return replace(unit, version_at=Written(replace(place, line=line))) if line else unit

    def _known(
        self, release: JsonObject, environments: Mapping[str, Environment], place: Place
    ) -> Mapping[str, bool | None]:
        """Whether a release is in each environment; nothing, with a finding, where there are too many to say it."""
        self.left -= len(environments)
        if self.left >= 0:
            return {name: environment.has(release) for name, environment in environments.items()}
        if not self.findings:
            pairs = f"more than {_MOST_DECISIONS:,} pairs of a release and an environment"
            message = f"from here on releases have no environment: the repository has {pairs}"
            remedy = "Split the repository, or leave helmfiles out with `layouts: {helmfile: false}` in scenedock.yaml."
            self.findings.append(Finding("warning", "too-many-releases", message, place, remedy))
        return {}

    def _values_of_chart(self, chart: str) -> str:
        """The values of a chart itself, where settings say in which folder those of its chart repository are."""
        alias, _, name = chart.partition("/")
        folder = self.given.chart_folders.get(alias)
        at = posixpath.normpath(posixpath.join(folder, name)) if folder and name else ""
        return f"{at}/values.yaml" if at in self.given.here.charts else ""

    def _unit(self, unit: Unit, helmfile: Helmfile, release: JsonObject, environment: str | None, chart: str) -> Unit:
        """A release in an environment."""
        values: JsonObject = {}
        files: list[str] = []
        for each in as_list(release.get("values")):
            if path := self._filled(as_text(each), environment, unit.name):
                files.extend(file for file in self._files_at(helmfile.at(path)) if file.endswith(_VALUES))
            else:
                values = merge_values(values, as_object(each))
        plain = [file for file in files if not file.endswith(TEMPLATE)]
        secrets = [helmfile.at(path) for path in self._secrets(release, environment, unit.name) if path]
        version = self._filled(text_of(release.get("version")), environment, unit.name) if chart else ""
        version_at = unit.version_at if version else None
        return replace(
            unit,
            namespace=self._filled(as_text(release.get("namespace")), environment, unit.name),
            environment=environment,
            chart=chart_called(chart),
            chart_values=self._values_of_chart(chart),
            value_files=tuple(dict.fromkeys(plain)),
            value_templates=() if plain == files and not secrets else tuple(dict.fromkeys([*files, *secrets])),
            version=version if version_at else "",
            version_at=(version_at or Written(unit.place)) if chart else None,
            values=_without_marks(values),
            unclear=unit.unclear or self._unclear(helmfile, release, environment, unit),
            version_unclear="" if version_at or not release.get("version") else _VERSION_UNCLEAR,
        )

    def _secrets(self, release: JsonObject, environment: str | None, name: str) -> Iterator[str]:
        """The encrypted files of values, which count most; empty for one that nobody can name."""
        for each in as_list(release.get("secrets")):
            yield self._filled(as_text(each), environment, name)

    def _unclear(self, helmfile: Helmfile, release: JsonObject, environment: str | None, unit: Unit) -> str:
        """Why other things than files may set a tag of a release; empty where only its files do."""
        doubts = self._doubts(helmfile, release, environment, unit.name)
        return next((f"{unit.place.path}:{unit.place.line}: {doubt}" for doubt in doubts), "")

    def _doubts(self, helmfile: Helmfile, release: JsonObject, environment: str | None, name: str) -> Iterator[str]:
        secrets = self._secrets(release, environment, name)
        if not all(path and self.given.here.has(helmfile.at(path)) for path in secrets):
            yield "its secrets are known to helmfile alone"
        for key in _PATCHES:
            if any(self._may_set_images(helmfile, each) for each in as_list(release.get(key))):
                yield f"its {key} may change its image"
        defaults = (as_object(document.get("helmDefaults")) for document in helmfile.documents)
        if any(each.get("postRenderer") for each in (release, *defaults)):
            yield "a program changes what it renders"
        for each in (item for key in _SETTING for item in as_list(release.get(key))):
            if path := as_text(each):
                filled = self._filled(path, environment, name)
                is_elsewhere = "://" in filled or "::" in filled or helmfile.at(filled).startswith(("/", "../"))
                if is_elsewhere or not filled.endswith(_VALUES):
                    yield f"the values {_opened(path)!r} are known to helmfile alone"
            elif _NAMES_AN_IMAGE.search(str(each)):
                yield "values that are written here are known to helmfile alone"

    def _may_set_images(self, helmfile: Helmfile, patch: Json) -> bool:
        """Whether a patch, or the file that it names, may change an image, or can't be read."""
        path = helmfile.at(as_text(patch)) if as_text(patch) else ""
        if path and not self.given.here.has(path):
            return True
        said = self.given.here.read(path) if path else patch
        return may_set_images(said) or "{{" in str(said)

    def _filled(self, text: str, environment: str | None, name: str) -> str:
        """A text with the names that are known; empty where more stays open."""
        if ITS_NAME in text and environment is None:
            return ""
        filled = text.replace(ITS_RELEASE, name).replace(ITS_NAME, environment or "")
        return "" if "{{" in filled else filled

    def _home(self, helmfile: Helmfile, release: JsonObject) -> str:
        """The folder of a release: one of its values that is called like it, else the helmfile's."""
        for each in as_list(release.get("values")):
            folder = posixpath.dirname(helmfile.at(as_text(each))) if as_text(each) else ""
            if posixpath.basename(folder) == release.get("name") and next(self.given.here.below(folder), ""):
                return folder
        return helmfile.folder

    def _inherited(self, helmfile: Helmfile, release: JsonObject) -> JsonObject:
        """A release with what it takes from the helmfile's templates."""
        templates: JsonObject = {}
        for document in helmfile.documents:
            templates = {**templates, **as_object(document.get("templates"))}
        inherited: JsonObject = {}
        for each in map(as_object, as_list(release.get("inherit"))):
            template = as_object(templates.get(as_text(each.get("template"))))
            left_out = {as_text(key) for key in as_list(each.get("except"))}
            inherited = _with_more(inherited, {key: template[key] for key in template if key not in left_out})
        return _with_more(inherited, release)


def _with_more(inherited: JsonObject, more: JsonObject) -> JsonObject:
    """What a release inherits, with more of its own: of values, both count, its own more; all else replaces."""
    both = {key: [*as_list(inherited[key]), *as_list(more[key])] for key in _ADDED if key in inherited and key in more}
    return {**inherited, **more, **both}


def _without_marks(value: JsonObject) -> JsonObject:
    """Values in which the names of the environment and the release are open again."""
    return as_object(_opened(value))


def _opened(value: Json) -> Json:
    if isinstance(value, str):
        return value.replace(ITS_NAME, "{{…}}").replace(ITS_RELEASE, "{{…}}")
    if isinstance(value, Mapping):
        return {key: _opened(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [_opened(below) for below in value]
    return value


def read(given: Given) -> LayoutFacts:
    """What helmfiles deploy."""
    return _Reader(given).read()
