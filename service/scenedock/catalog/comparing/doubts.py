"""What may have said that something is there, and now says nothing: as long as it can't be read, nothing has vanished.

A tool's manifest that was overwritten shows no sign of its tool. So for something that is gone, though its folder is
there, every file is read that could be one; as long as nothing is gone, nobody has to.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from scenedock.catalog.comparing.memory import folder_of
from scenedock.catalog.reading.argo.applications import API_GROUP
from scenedock.catalog.reading.layouts.manifests import UNREADABLE_MANIFEST
from scenedock.catalog.reading.layouts.table import is_helmfile
from scenedock.catalog.reading.layouts.templates import read_template
from scenedock.catalog.reading.plan import is_chart_file, reason_in_name
from scenedock.catalog.vocabulary.globs import matches
from scenedock.catalog.vocabulary.source_urls import path_in_edit_url
from scenedock.documents.encryption import encryption_of, is_lfs_pointer
from scenedock.documents.reading import MAX_BYTES, DocumentError, conflict_in, read_documents
from scenedock.errors import InputError
from scenedock.model.entity import Entity
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import CHART_FILE, KUSTOMIZATIONS, Listing, RepositoryFacts
from scenedock.model.json import JsonObject, as_object, as_text

_EDIT_URL = "backstage.io/edit-url"
_ENVIRONMENTS = "scenedock.dev/environments"
_SUBMODULES = ".gitmodules"
_SUBMODULE = re.compile(r"^[ \t]*path[ \t]*=[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_FIX = "Fix the file, or delete it if that is intended; until then the last good entities stay."
_EMPTY = DocumentError("the file is empty")
_LINK = DocumentError("this is a symbolic link that leads to no file of the repository")
_EMPTY_REMEDY = "Restore the file if it should say something; what it switched on is gone."
_SUBMODULE_REMEDY = "Check out the submodule, or exclude the folder in scenedock.yaml; until then the last one stays."


@dataclass(frozen=True, eq=False)
class ToolFiles:
    """The files of a repository that may tell tools what to deploy; `read` gives the bytes of any of its files.

    `manifests` may do so by their names; `asked` are those that a tool's file reads for what it deploys. What settings
    have `excluded` is gone on purpose.
    """

    facts: RepositoryFacts
    listing: Listing
    read: Callable[[str], bytes]
    manifests: tuple[str, ...] = ()
    asked: Collection[str] = ()
    excluded: tuple[str, ...] = ()

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders that hold something, and the root."""
        paths = (*self.listing.files, *self.listing.special, *self.listing.folder_links)
        return frozenset(("", *(folder for path in paths for folder in folders_above(path))))

    @cached_property
    def _files(self) -> frozenset[str]:
        return frozenset(self.listing.files)

    @cached_property
    def unreadable(self) -> tuple[Finding, ...]:
        """A finding for each file that may be a manifest and can't be read; a template or an encrypted one may be."""
        found: list[Finding] = []
        for path in sorted({*self.manifests, *self.asked} - self.listing.outside):
            check = _unreadable if path not in self.asked else _of_values if is_chart_file(path) else _silent
            if not reason_in_name(path.split("/")) and (problem := self._problem(path, check)):
                found.append(self._finding(path, problem))
        return tuple(found)

    def emptied(self, *, any_file: bool) -> Iterator[Finding]:
        """A warning for each values file that a tool's file reads and that is empty: what it switched on is gone.

        Any file may have been a manifest.
        """
        values = {path for path in self.asked if is_chart_file(path)}
        for path in sorted(values.union(self.manifests if any_file else ()).intersection(self.listing.inside)):
            with suppress(InputError):
                if not self.read(path).strip():
                    yield replace(self._finding(path, _EMPTY), severity="warning", remedy=_EMPTY_REMEDY)

    def source_of(self, entity: Entity) -> str:
        """The file that an entity comes from, as far as it says that; values, which people edit, deploy nothing."""
        path = self._edited(entity)
        return path if posixpath.basename(path) == CHART_FILE or not is_chart_file(path) else ""

    def _edited(self, entity: Entity) -> str:
        return path_in_edit_url(as_text(_annotations(entity).get(_EDIT_URL)), self.facts)

    def is_there(self, path: str) -> bool:
        """Whether there is anything at a path."""
        return path in self._files or self._is_no_file(path)

    def silent(self, entity: Entity) -> Iterator[Finding]:
        """A finding for each file that an entity may come from and that says nothing any more, empty ones too."""
        source, home = self.source_of(entity), folder_of(entity) or ""
        paths = [source] if source else [*filter(_is_never_empty, self.manifests)]
        if posixpath.basename(home) == entity.name or (home and posixpath.dirname(self._edited(entity)) == home):
            paths += (path for path in self._called(posixpath.basename(home)) if path.startswith(f"{home}/"))
        if not source or self._names(source, entity.name):
            paths += self._called(entity.name)
        chart = posixpath.join(home, CHART_FILE)
        for path in dict.fromkeys((*paths, *((chart,) if self._is_no_file(chart) else ()))):
            if problem := self._problem(path, _of_template if "/templates/" in f"/{path}" else _silent):
                yield self._finding(path, problem)

    def _names(self, source: str, name: str) -> bool:
        """Whether a file still has the name of what came from it: then something else has lost that."""
        try:
            return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])".encode(), self.read(source)) is not None
        except InputError:
            return False

    def elsewhere(self, entity: Entity) -> Iterator[Finding]:
        """A finding where the folder of an entity is a submodule now, or a link, and its files aren't here."""
        path = folder_of(entity) or ""
        folders = (*folders_above(path), path)
        if link := next((folder for folder in folders if folder in self.listing.outside), ""):
            yield self._finding(link, _LINK)
        elif not self._submodules.isdisjoint(folders):
            said = f"is in a submodule now, whose files aren't here; {entity.ref.short} came from it"
            yield Finding("error", "unreadable-submodule", said, Place(self.facts.name, path), _SUBMODULE_REMEDY)

    @cached_property
    def _submodules(self) -> frozenset[str]:
        try:
            text = self.read(_SUBMODULES).decode("utf-8", "replace") if _SUBMODULES in self.listing.inside else ""
        except InputError:
            text = ""
        return frozenset(each.strip('/"') for each in _SUBMODULE.findall(text))

    def _called(self, name: str) -> Collection[str]:
        """The manifests, or links to what isn't here, of which a folder or the file itself is called so."""
        return self._by_name.get(name, ())

    @cached_property
    def _by_name(self) -> Mapping[str, Collection[str]]:
        by_name: dict[str, dict[str, None]] = defaultdict(dict)
        for path in (*self.manifests, *sorted(self.listing.outside)):
            if not is_chart_file(path):
                for name in (*path.split("/"), posixpath.splitext(posixpath.basename(path))[0]):
                    by_name[name][path] = None
        return by_name

    def _problem(self, path: str, check: Callable[[bytes], DocumentError | None]) -> DocumentError | None:
        """Why a file says nothing; None where there is nothing at all."""
        if (path, check) not in self._problems:
            self._problems[path, check] = self._look_at(path, check)
        return self._problems[path, check]

    @cached_property
    def _problems(self) -> dict[tuple[str, object], DocumentError | None]:
        return {}

    def _look_at(self, path: str, check: Callable[[bytes], DocumentError | None]) -> DocumentError | None:
        if path in self.listing.outside:
            return _LINK
        if self._is_no_file(path):
            return DocumentError("this is not a file any more")
        if path not in self._files:
            return None
        try:
            return check(self.read(path))
        except InputError as error:
            return DocumentError(str(error))

    def _is_no_file(self, path: str) -> bool:
        """Whether there is something else at a path: a folder, a pipe."""
        listing = self.listing
        if path in self._files:
            return False
        if path in listing.special or path in listing.folder_links or path in self.folders:
            return True
        try:
            self.read(path)
        except InputError as error:
            return isinstance(error.__cause__, IsADirectoryError)
        return False

    def _finding(self, path: str, problem: DocumentError) -> Finding:
        place = Place(self.facts.name, path, problem.line)
        return Finding("error", UNREADABLE_MANIFEST, f"not used as evidence: {problem}", place, _FIX)


@dataclass(frozen=True, slots=True)
class Doubts:
    """What can't be read and may have said what is gone: findings, that are errors unless nothing is gone.

    `unreadable` are folders as in `Look`; `directories`, what the repository has.
    """

    findings: tuple[Finding, ...] = ()
    unreadable: frozenset[str] = frozenset()
    directories: frozenset[str] = frozenset()


NO_DOUBTS = Doubts()


def find_doubts(
    files: ToolFiles, others: Iterable[ToolFiles], gone: Sequence[Entity], *, is_less: bool = False
) -> Doubts:
    """The doubts about what is gone from a repository, or `is_less` than before; others may have its manifests.

    What a person has deleted together with its folder, or with the file that it came from, is gone.
    """
    kept = [each for each in gone if not matches(folder_of(each) or "", files.excluded)]
    there = [each for each in kept if (folder_of(each) or "") in files.folders]
    moved = [each for each in kept if (folder_of(each) or "") not in files.folders]
    doubted = [each for each in there if not (source := files.source_of(each)) or files.is_there(source)]
    found = [finding for each in doubted for finding in files.silent(each)]
    if doubted or is_less:
        found += files.unreadable
    if is_anywhere := not all(map(files.source_of, doubted)):
        found += [finding for other in others for finding in other.unreadable]
    elsewhere = {folder_of(each) or "": finding for each in moved for finding in files.elsewhere(each)}
    by_file = {(each.place.repository, each.place.path): each for each in (*found, *elsewhere.values())}
    empty = tuple(files.emptied(any_file=is_anywhere)) if doubted or is_less else ()
    if not doubted and not elsewhere:
        return Doubts((*(replace(each, severity="warning") for each in by_file.values()), *empty))
    if not by_file:
        return Doubts(empty)
    here = {posixpath.dirname(path) for repository, path in by_file if repository == files.facts.name}
    unreadable = frozenset(elsewhere) or here or {folder_of(each) or "" for each in doubted}
    return Doubts((*by_file.values(), *empty), frozenset(unreadable), files.folders | elsewhere.keys())


def _is_never_empty(path: str) -> bool:
    """Whether the tool that reads a file for its name refuses an empty one."""
    return is_helmfile(path) or posixpath.basename(path) in KUSTOMIZATIONS


def is_less_than(before: Entity, now: Entity | None) -> bool:
    """Whether an entity runs in fewer environments than before."""
    return now is not None and not _environments(before) <= _environments(now)


def _environments(entity: Entity) -> frozenset[str]:
    return frozenset(filter(None, as_text(_annotations(entity).get(_ENVIRONMENTS)).split(",")))


def _annotations(entity: Entity) -> JsonObject:
    return as_object(entity.metadata.get("annotations"))


def _unreadable(data: bytes) -> DocumentError | None:
    """Why no tool can read a file, as far as that can be told of it alone."""
    return None if encryption_of(data) else _of_values(data)


def _of_values(data: bytes) -> DocumentError | None:
    """Why values can't be read: where a tool asks for them, encrypted ones can't be, either."""
    if not data.strip() or len(data) > MAX_BYTES or (b"{{" in data and not conflict_in(data)):
        return None
    return _silent(data)


def _of_template(data: bytes) -> DocumentError | None:
    """Why a chart's template says nothing: it may say anything in ways that nobody can read here."""
    return _of_values(data) if data.strip() else _EMPTY


def _silent(data: bytes) -> DocumentError | None:
    """Why a file that said something says nothing."""
    if not data.strip():
        return _EMPTY
    if is_lfs_pointer(data):
        return DocumentError("git-lfs has not fetched the file: this is a pointer to it")
    try:
        documents = read_documents(data)
    except DocumentError as error:
        is_template = b"{{" in data and not conflict_in(data) and any(True for _ in read_template(data))
        return None if is_template else error
    for each in documents:
        if not isinstance(each.value, (dict, list)):
            return DocumentError("the file is text, not YAML with keys and values", line=each.line)
        value = as_object(each.value)
        spec = as_object(value.get("spec"))
        if (
            value.get("kind") == "Application"
            and as_text(value.get("apiVersion")).startswith(API_GROUP)
            and not (spec.get("source") or spec.get("sources"))
        ):
            return DocumentError("the Application has no source", line=each.line)
    return None
