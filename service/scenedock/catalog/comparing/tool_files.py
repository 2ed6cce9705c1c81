"""The files of a repository that may have told that something is there, and those of them that say nothing."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property
from itertools import islice, takewhile

from scenedock.catalog.comparing import silence
from scenedock.catalog.comparing.memory import path_of
from scenedock.catalog.reading.apis import is_api_file
from scenedock.catalog.reading.handwritten import ENTITY_FILES, is_ours
from scenedock.catalog.reading.layouts.manifests import UNREADABLE_MANIFEST
from scenedock.catalog.reading.layouts.table import is_helmfile, is_named
from scenedock.catalog.reading.plan import is_chart_file, reason_in_name
from scenedock.catalog.vocabulary.globs import matches
from scenedock.catalog.vocabulary.source_urls import FILE_ANNOTATION, path_in_edit_url, path_in_source_location
from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import DocumentError
from scenedock.errors import InputError
from scenedock.model.entity import Entity
from scenedock.model.file_paths import folders_above, is_utf8
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import CHART_FILE, KUSTOMIZATIONS, Listing, RepositoryFacts
from scenedock.model.json import JsonObject, as_object, as_text
from scenedock.structs import dataclass, replace

_EDIT_URL = "backstage.io/edit-url"
_SOURCE_LOCATION = "backstage.io/source-location"
_REQUIREMENTS = "requirements.yaml"
_SUBMODULES = ".gitmodules"
_SUBMODULE = re.compile(r"^[ \t]*path[ \t]*=[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_WORD = re.compile(rb"[\w-]+")
_SUFFIXES = (".yaml", ".yml", ".json", ".gotmpl")
"""Of files that tools read; a folder, a pipe or a link to nothing that is called so was a file."""
_FIX = "Fix the file, or delete it if that is intended; until then the last good entities stay."
_LINK = DocumentError("this is a symbolic link that leads to no file of the repository")
_NO_FILE = DocumentError("this is not a file any more")
_EMPTY_REMEDY = "Restore the file if it should say something; what it switched on is gone."
_SUBMODULE_REMEDY = "Check out the submodule, or exclude the folder in scenedock.yaml; until then the last one stays."

_Check = Callable[[bytes], DocumentError | None]


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
        """A finding for each file that may be a manifest and can't be read; a template or an encrypted one may be.

        A link out of the repository may be there for good, so it counts only where a tool reads it.
        """
        found: list[Finding] = []
        links = set(filter(_is_read_by_name, self.listing.outside))
        manifests = {*self.manifests, *self._no_files} - self.listing.outside
        for path in sorted({*manifests, *self.asked, *self._not_excluded(links)}):
            check = _of_asked(path) if path in self.asked else _of_named if is_named(path) else silence.of_any
            if not reason_in_name(path.split("/")) and (problem := self._problem(path, check)):
                found.append(self._finding(path, problem))
        return tuple(found)

    @cached_property
    def _no_files(self) -> frozenset[str]:
        """Folders, links to some, and pipes that are called like a manifest."""
        paths = {*self.listing.special, *self.listing.folder_links, *self.folders}
        return self._not_excluded(path for path in paths if path.endswith(_SUFFIXES))

    def _not_excluded(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset(
            path for path in paths if not any(matches(each, self.excluded) for each in (*folders_above(path), path))
        )

    def emptied(self, *, any_file: bool) -> Iterator[Finding]:
        """A warning for each file that a tool's file reads and that is empty, or encrypted: both may be right.

        Any file may have been a manifest.
        """
        for path in sorted({*self.asked, *(self.manifests if any_file else ())}.intersection(self.listing.inside)):
            with suppress(InputError):
                check = silence.of_switch if path in self.asked else silence.of_empty
                if problem := check(self.read(path)):
                    yield replace(self._finding(path, problem), severity="warning", remedy=_EMPTY_REMEDY)

    def source_of(self, entity: Entity) -> str:
        """The file that an entity comes from, as far as it says that; values, which people edit, deploy nothing.

        A person may have written anything: a path that no file of a repository can have doesn't count.
        """
        path = self._edited(entity) or as_text(_annotations(entity).get(FILE_ANNOTATION))
        is_source = posixpath.basename(path) == CHART_FILE or not is_chart_file(path)
        return path if is_source and _is_plain(path) else ""

    def _edited(self, entity: Entity) -> str:
        return path_in_edit_url(as_text(_annotations(entity).get(_EDIT_URL)), self.facts)

    def is_there(self, path: str) -> bool:
        """Whether there is anything at a path."""
        return path in self._files or self.is_no_file(path)

    def silent(self, entity: Entity) -> Iterator[Finding]:
        """A finding for each file that an entity may come from and that says nothing any more, empty ones too."""
        source, home = self.source_of(entity), self.home_of(entity) or ""
        paths = [source] if source else [*self._silent_by_name]
        if posixpath.basename(home) == entity.name or (home and posixpath.dirname(self._edited(entity)) == home):
            paths += (path for path in self._called(posixpath.basename(home)) if path.startswith(f"{home}/"))
        if not source or self._names(source, entity.name):
            paths += self._called(entity.name)
        chart = posixpath.join(home, CHART_FILE)
        paths += [chart] if chart in self.listing.outside or self.is_no_file(chart) else []
        for path in dict.fromkeys(paths):
            if problem := self._problem(
                path, self._check_of(path, is_source=path == source or bool(home and path.startswith(f"{home}/")))
            ):
                yield self._finding(path, problem)

    @cached_property
    def _silent_by_name(self) -> tuple[str, ...]:
        """The manifests that no tool takes empty and that may say nothing: the strictest check finds all."""
        paths = filter(_is_never_empty, self.manifests)
        return tuple(path for path in paths if self._problem(path, self._check_of(path, is_source=True)))

    def _check_of(self, path: str, *, is_source: bool) -> _Check:
        if path in self.asked:
            return _of_asked(path)
        if "/templates/" in f"/{path}":
            return silence.of_template
        return silence.of_source if is_source else silence.of_manifest

    def described(self, entity: Entity) -> Iterator[Finding]:
        """A finding for each file that may have described an entity that no folder alone makes, and says nothing."""
        home = self.home_of(entity) or ""
        for path in self._describing_in(home):
            folder, name = posixpath.split(path)
            if not _may_describe(name, entity.kind):
                continue
            if name == _REQUIREMENTS and folder != home and not self.is_there(posixpath.join(folder, CHART_FILE)):
                continue  # Ansible's, or another tool's: a chart's is beside its Chart.yaml
            if problem := self._problem(path, _of_description(name)):
                yield self._finding(path, problem)

    def _describing_in(self, home: str) -> Sequence[str]:
        """The files that may describe what is below a folder; of the root, those of them that say nothing."""
        if not home:
            return self._silent_describing
        first = bisect_left(self._describing, f"{home}/")
        return [*takewhile(lambda path: path.startswith(f"{home}/"), islice(self._describing, first, None))]

    @cached_property
    def _silent_describing(self) -> tuple[str, ...]:
        return tuple(
            each for each in self._describing if self._problem(each, _of_description(posixpath.basename(each)))
        )

    @cached_property
    def _describing(self) -> tuple[str, ...]:
        paths = {*self.listing.files, *self.listing.special, *self.listing.folder_links, *self.folders}
        return tuple(
            path
            for path in sorted(paths)
            if _may_describe(posixpath.basename(path), "API", "Resource")
            and not reason_in_name(path.split("/"))
            and not any(matches(each, self.excluded) for each in folders_above(path))
        )

    def home_of(self, entity: Entity) -> str | None:
        """The folder of an entity by what itself says; None if it says none."""
        path = path_of(entity)
        if path is not None:
            return path
        return path_in_source_location(as_text(_annotations(entity).get(_SOURCE_LOCATION)), self.facts) or None

    def _names(self, source: str, name: str) -> bool:
        """Whether a file still has the name of what came from it: then something else has lost that."""
        data, words = self._text_of(source)
        if _WORD.fullmatch(name.encode()):
            return name.encode() in words
        return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])".encode(), data) is not None

    def _text_of(self, path: str) -> tuple[bytes, frozenset[bytes]]:
        """The bytes of a file, and the words in them; none where it can't be read. Much may have come from one file."""
        if path not in self._texts:
            try:
                data = self.read(path)
            except InputError:
                data = b""
            self._texts[path] = data, frozenset(_WORD.findall(data))
        return self._texts[path]

    @cached_property
    def _texts(self) -> dict[str, tuple[bytes, frozenset[bytes]]]:
        return {}

    def elsewhere(self, entity: Entity) -> Iterator[Finding]:
        """A finding where the folder of an entity is a submodule now, or a link, and its files aren't here."""
        path = self.home_of(entity) or ""
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

    def _problem(self, path: str, check: _Check) -> DocumentError | None:
        """Why a file says nothing; None where there is nothing at all."""
        if (path, check) not in self._problems:
            self._problems[path, check] = self._look_at(path, check)
        return self._problems[path, check]

    @cached_property
    def _problems(self) -> dict[tuple[str, object], DocumentError | None]:
        return {}

    def _look_at(self, path: str, check: _Check) -> DocumentError | None:
        if path in self.listing.outside:
            return _LINK
        if self.is_no_file(path):
            return _NO_FILE
        if path not in self._files:
            return None
        try:
            return check(self.read(path))
        except InputError as error:
            return DocumentError(str(error))

    def is_no_file(self, path: str) -> bool:
        """Whether there is something else at a path: a folder, a pipe."""
        listing = self.listing
        if not _is_plain(path) or path in self._files:
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


def _annotations(entity: Entity) -> JsonObject:
    return as_object(entity.metadata.get("annotations"))


def _of_asked(path: str) -> _Check:
    return silence.of_values if is_chart_file(path) else silence.of_asked


def _of_named(data: bytes) -> DocumentError | None:
    """Why a file that a tool reads for its name says nothing; one that is empty or encrypted may be meant so."""
    return silence.of_template(data) if data.strip() and not encryption_of(data) else None


def _is_plain(path: str) -> bool:
    """Whether a path from the root of a repository is one that a file in it can have."""
    is_text = "\0" not in path and is_utf8(path)
    return (
        is_text
        and path not in {"", ".", ".."}
        and not path.startswith(("/", "../"))
        and posixpath.normpath(path) == path
    )


def _of_description(name: str) -> _Check:
    check = silence.of_source if name.endswith(_SUFFIXES) else silence.of_api
    return _unless_ours(check) if name in ENTITY_FILES else check


@cache
def _unless_ours(check: _Check) -> _Check:
    """The check of a catalog-info.yaml that a person may have written: one that is generated describes nothing else."""
    return lambda data: None if is_ours(data) else check(data)


def _may_describe(name: str, *kinds: str) -> bool:
    """Whether a file that is called so describes entities of some kinds, besides what its folder is."""
    return (
        name in ENTITY_FILES
        or ("Resource" in kinds and name == _REQUIREMENTS)
        or ("API" in kinds and is_api_file(name))
    )


def _is_read_by_name(path: str) -> bool:
    """Whether some tool reads a file for its name wherever it is."""
    return is_named(path) or posixpath.basename(path) in {CHART_FILE, "values.yaml"}


def _is_never_empty(path: str) -> bool:
    """Whether the tool that reads a file for its name refuses an empty one."""
    return is_helmfile(path) or posixpath.basename(path) in KUSTOMIZATIONS
