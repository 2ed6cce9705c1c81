"""What is deployed in the end: the roots of Kustomize, and what Flux's Kustomizations make of folders.

Flux: "Kustomization", "HelmRelease", "Recommended settings"; what a Kustomization's source is, files say only where the
repository has it, too.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from scenedock.catalog.reading.kustomize.building import Builder, Result, Taken
from scenedock.catalog.reading.kustomize.files import image_changes, resolve
from scenedock.catalog.reading.kustomize.objects import KubernetesObject
from scenedock.catalog.reading.kustomize.patching import patches_in
from scenedock.catalog.reading.kustomize.substitution import is_open, substituted
from scenedock.model.file_paths import without_dots
from scenedock.model.finding import Finding
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.structs import dataclass, field, replace

_ENVIRONMENT_KEYS = frozenset({"environment", "env", "stage"})
_SPEC = ("spec",)
_SOURCE = ("spec", "sourceRef")
_FLUX_SYSTEM = "flux-system"
"""The source that Flux calls so is the repository that it is installed from."""
_MOST_OBJECTS = 30_000
"""In a small repository: what all Kustomizations of Flux deploy together, each as often as another one deploys it."""
_DEEPEST = 20
"""How many Kustomizations of Flux may deploy one another in a row."""

ELSEWHERE = "their sources are repositories that are not part of this run"
OPEN = "a variable that only a cluster knows names what they deploy"
NO_FOLDER = "their source has no such folder"


@dataclass(frozen=True, slots=True)
class Context:
    """How something comes to be deployed: by Kustomizations of Flux, the innermost first, or by none.

    `folders` are those of these Kustomizations' files and of what took them, the nearest first. `environment` is what
    one says in so many words.
    """

    kustomizations: tuple[KubernetesObject, ...] = ()
    folders: tuple[str, ...] = ()
    environment: str | None = None
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An object, or something taken, as it is deployed from the folder `root`."""

    one: KubernetesObject | Taken
    context: Context
    root: str
    document: JsonObject = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """Where it goes; empty where a cluster decides."""
        namespace = as_text(substituted(self.context.namespace or self.one.namespace, variables_of(self.context)))
        return "" if is_open(namespace) else namespace

    @property
    def chain(self) -> tuple[str, ...]:
        """The folders that it went through, the nearest first."""
        return (*self.one.chain, *self.context.folders)


@dataclass(frozen=True, slots=True)
class SeenKustomization:
    """A Kustomization of Flux: the folder of this repository that it deploys, or why there is none."""

    one: KubernetesObject
    folder: str | None
    reason: str = ""


@dataclass(slots=True)
class _Root:
    """One folder, or one file of Flux's, that nothing else takes, and what it deploys.

    `covered` are the folders that Kustomizations of Flux in it deploy, with all that these take.
    """

    folder: str
    result: Result
    context: Context
    occurrences: list[Occurrence] = field(default_factory=list)
    kustomizations: list[SeenKustomization] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Expander:
    """Follows all that is deployed, and reports to the builder what it doesn't follow.

    `owner` is the name of the repository of the run that an address means, or empty; `has_address` says whether this
    repository's own is known, so that others are told apart from it.
    """

    builder: Builder
    owner: Callable[[str], str]
    has_address: bool = True
    occurrences: list[Occurrence] = field(default_factory=list)
    kustomizations: list[SeenKustomization] = field(default_factory=list)
    _sources: dict[tuple[str, str], list[KubernetesObject]] = field(default_factory=lambda: defaultdict(list))
    _deployed: int = 0
    _following: set[str] = field(default_factory=set)

    def expand(self, flux_files: Sequence[str]) -> None:
        """Follow everything from its roots; `flux_files` are those with Flux's objects, sorted.

        What one root deploys by Flux is no root besides; and what Flux deploys somewhere runs nowhere else.
        """
        roots = list(self._roots(flux_files))
        for root in roots:
            self._visit(root)
        covering: dict[str, list[int]] = defaultdict(list)
        for number, root in enumerate(roots):
            for folder in root.covered:
                covering[folder].append(number)
        dropped: set[int] = set()
        for number, root in enumerate(roots):
            if any(at not in dropped and roots[at].folder != root.folder for at in covering[root.folder]):
                dropped.add(number)
        for number, root in enumerate(roots):
            if number not in dropped:
                self.kustomizations += root.kustomizations
                self.occurrences += root.occurrences
                self._following.update([root.folder] if root.kustomizations else ())
        by_flux = {each.one.place for each in self.occurrences if each.context.kustomizations}
        self.occurrences = [
            each for each in self.occurrences if each.context.kustomizations or each.one.place not in by_flux
        ]

    @property
    def by_flux(self) -> bool:
        """Whether Flux deploys any folder of the repository."""
        return any(seen.folder is not None for seen in self.kustomizations)

    def is_beside_flux(self, each: Occurrence) -> bool:
        """Whether no Kustomization of Flux deploys something, and none lies in the folder that has it."""
        return not each.context.kustomizations and each.root not in self._following

    def sources(self, kind: str, name: str) -> Sequence[KubernetesObject]:
        """Flux's sources of this kind and name, wherever the repository has them."""
        return self._sources.get((kind, name), ())

    def is_here(self, name: str) -> bool:
        """Whether a GitRepository may be this repository: by its address, or where files don't say it."""
        addresses = [as_text(value_at(each.document, ("spec", "url"))) for each in self.sources("GitRepository", name)]
        return not addresses or any(is_open(each) or self.owner(each) == self.builder.name for each in addresses)

    def elsewhere(self, seen: SeenKustomization) -> tuple[str, str] | None:
        """The folder of another repository of the run that a Kustomization of Flux deploys, with that one's name."""
        source = as_object(value_at(seen.one.document, _SOURCE))
        path = resolve("", as_text(value_at(seen.one.document, ("spec", "path"))).strip("/") or ".")
        for each in self.sources("GitRepository", as_text(source.get("name"))):
            owner = self.owner(as_text(value_at(each.document, ("spec", "url"))))
            if path is not None and owner not in {"", self.builder.name}:
                return owner, path
        return None

    def _roots(self, flux_files: Sequence[str]) -> Iterator[_Root]:
        builder = self.builder
        for path in flux_files:
            for one in builder.file(path, posixpath.dirname(path)):
                if one.is_flux_kustomization:
                    builder.share(_components_of(one.document))
                elif one.is_flux and not one.is_release:
                    self._sources[one.kind, one.name].append(one)
        for folder, each in sorted(builder.kustomizations.items()):
            if folder not in builder.taken_folders and not each.is_component and builder.counts(each.place.path):
                yield _Root(folder, builder.folder(folder), Context())
        for path in flux_files:
            folder = posixpath.dirname(path)
            if path not in builder.taken_files and not self._is_kustomized(folder):
                yield _Root(folder, Result(builder.file(path, folder)), Context(folders=(folder,)))

    def _is_kustomized(self, folder: str) -> bool:
        """Whether a kustomization of the folder or one above decides which files count."""
        while folder:
            if folder in self.builder.kustomizations:
                return True
            folder = posixpath.dirname(folder)
        return "" in self.builder.kustomizations

    def _visit(self, root: _Root) -> None:
        """Find what a root makes, and follow the Kustomizations of Flux in it."""
        seen: set[tuple[object, ...]] = set()
        pending = [(root.folder, root.result, root.context)]
        while pending:
            folder, result, context = pending.pop()
            found: list[Occurrence] = [Occurrence(each, context, folder) for each in result.taken]
            variables = variables_of(context)
            for one in result.objects:
                substitutes = one.is_flux and context.kustomizations
                document = as_object(substituted(one.document, variables)) if substitutes else one.document
                if one.is_flux_kustomization:
                    pending += self._followed(root, one, document, context, seen)
                else:
                    found.append(Occurrence(one, context, folder, document))
            root.occurrences += found
        if root.folder in root.covered:  # by itself: what it takes is deployed so, and not besides
            root.occurrences = [each for each in root.occurrences if each.context.kustomizations]

    def _followed(
        self,
        root: _Root,
        one: KubernetesObject,
        document: JsonObject,
        context: Context,
        seen: set[tuple[object, ...]],
    ) -> Iterator[tuple[str, Result, Context]]:
        """What a Kustomization of Flux deploys, once for each way in which it comes to be deployed."""
        folder, reason = self._folder_of(document)
        environment = _said_environment(document) or context.environment
        way = (one.place, one.chain, folder, reason, environment)
        if way in seen or len(context.kustomizations) > _DEEPEST:
            return
        if self._deployed > self.builder.most(_MOST_OBJECTS):
            self._refuse(one)
            return
        seen.add(way)
        root.kustomizations.append(SeenKustomization(one, folder, reason))
        if folder is None:
            return
        spec = as_object(document.get("spec"))
        result = self.builder.folder(folder)
        self._deployed += len(result.objects) + 1
        root.covered |= {folder, *(each for other in result.objects for each in other.chain)}
        objects = self.builder.with_components(result.objects, folder, list(_components_of(document)), one.place)
        changed = self.builder.changer.changed(objects, one.place, patches_in(spec, _SPEC), image_changes(spec, _SPEC))
        inner = Context(
            (replace(one, document=document), *context.kustomizations),
            tuple(dict.fromkeys((folder, *one.chain, *context.folders))),
            environment,
            as_text(spec.get("targetNamespace")),
        )
        yield folder, Result(tuple(changed), result.taken), inner

    def _refuse(self, one: KubernetesObject) -> None:
        message = (
            f"Flux's Kustomizations deploy more than {self.builder.most(_MOST_OBJECTS):,} objects; the rest is left out"
        )
        remedy = "Let Kustomizations deploy folders that don't hold all others."
        self.builder.findings.append(Finding("warning", "kustomization-not-followed", message, one.place, remedy))

    def _folder_of(self, document: JsonObject) -> tuple[str | None, str]:
        """The folder of this repository that a Kustomization of Flux deploys; None with the reason where none is."""
        path = without_dots(as_text(value_at(document, ("spec", "path"))))
        if is_open(path):
            return None, OPEN
        source = as_object(value_at(document, _SOURCE))
        kind, name = as_text(source.get("kind")), as_text(source.get("name"))
        if kind == "GitRepository":
            is_sure = name == _FLUX_SYSTEM or (self.has_address and bool(self.sources(kind, name)))
            if not self.is_here(name) or not (path or is_sure):
                return None, ELSEWHERE
            folder = resolve("", path or ".")
        else:
            folder = self._of_artifact(name, path)
        if folder is None or not self._exists(folder):
            return None, NO_FOLDER if kind == "GitRepository" else ELSEWHERE
        return folder, ""

    def _of_artifact(self, name: str, path: str) -> str | None:
        """The folder that is at a path of an artifact: one that an ArtifactGenerator copies, or the artifact is one."""
        path = posixpath.normpath(path or ".")
        for generator in (
            each for (kind, _), all_of in self._sources.items() if kind == "ArtifactGenerator" for each in all_of
        ):
            for artifact in map(as_object, as_list(value_at(generator.document, ("spec", "artifacts")))):
                if as_text(artifact.get("name")) == name:
                    for copy in map(as_object, as_list(artifact.get("copy"))):
                        folder = _copied(as_text(copy.get("from")), as_text(copy.get("to")), path)
                        if folder is not None and self._exists(folder):
                            return folder
        for candidate in (posixpath.join(name, path), path):
            folder = resolve("", candidate)
            if folder and self._exists(folder):
                return folder
        return self.builder.only_folder(path) if "/" in path else None

    def _exists(self, folder: str) -> bool:
        return not folder or folder in self.builder.kustomizations or self.builder.has_files(folder)


def _copied(origin: str, destination: str, path: str) -> str | None:
    """The folder of the repository that an ArtifactGenerator copies to a path: `@source/apps/** → @artifact/`."""
    if not origin.startswith("@") or not destination.startswith("@artifact/"):
        return None
    folder = origin.partition("/")[2].removesuffix("**").rstrip("/")
    inside = destination.removeprefix("@artifact/").strip("/")
    if path == inside or not inside or path.startswith(f"{inside}/"):
        return posixpath.normpath(posixpath.join(folder, path[len(inside) :].lstrip("/")))
    return None


def variables_of(context: Context) -> Mapping[str, str]:
    """What the innermost Kustomization of Flux substitutes, as far as it says so itself."""
    if not context.kustomizations:
        return {}
    given = as_object(value_at(context.kustomizations[0].document, ("spec", "postBuild", "substitute")))
    return {key: value if isinstance(value, str) else str(value) for key, value in given.items() if value is not None}


def _components_of(document: JsonObject) -> Iterator[str]:
    """The folders of the shared components that a Kustomization of Flux takes besides its own folder."""
    path = as_text(value_at(document, ("spec", "path"))).strip("/")
    for text in filter(None, map(as_text, as_list(value_at(document, ("spec", "components"))))):
        yield posixpath.normpath(posixpath.join(path, text))


def _said_environment(document: JsonObject) -> str | None:
    """The environment that a Kustomization of Flux says in so many words, among what it substitutes or its labels."""
    substitute = as_object(value_at(document, ("spec", "postBuild", "substitute")))
    labels = as_object(value_at(document, ("metadata", "labels")))
    for given in (substitute, labels):
        said = {as_text(value) for key, value in given.items() if key.lower() in _ENVIRONMENT_KEYS and as_text(value)}
        if len(said) == 1 and not is_open(found := said.pop()):
            return found
    return None
