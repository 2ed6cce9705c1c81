"""What a kustomization makes of the files that it takes: objects, with what its patches change of Flux's.

Nothing is fetched and nothing runs: bases of other repositories, generators and plugins stay unknown. Each folder is
built once, however many others take it.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from scenedock.catalog.reading.kustomize.changing import Changer, Documents
from scenedock.catalog.reading.kustomize.files import (
    InflatedChart,
    Kustomization,
    is_remote,
    read_kustomization,
    resolve,
)
from scenedock.catalog.reading.kustomize.images import with_unclear_images
from scenedock.catalog.reading.kustomize.objects import KubernetesObject, objects_in
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.model.json import as_object
from scenedock.structs import dataclass, field, replace

_DEEPEST = 60
"""How many kustomizations may take one another in a row."""
_MOST_OBJECTS = 20_000
_MOST_FOR_A_FILE = 20
"""In all results together, and more of them for each YAML file: what folders of folders multiply to is limited."""
_MOST_IN_ONE = 20_000
"""In one result."""
_LONGEST_NAME = 253
"""Of an object of Kubernetes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Something besides objects that a kustomization takes: a base from elsewhere, or a chart.

    `unclear` says why its images may be others than its values say.
    """

    folder: str
    place: Place
    chain: tuple[str, ...]
    remote: str = ""
    chart: InflatedChart | None = None
    namespace: str = ""
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a folder makes: objects, and what is not known of it."""

    objects: tuple[KubernetesObject, ...] = ()
    taken: tuple[Taken, ...] = ()


@dataclass(slots=True)
class Builder:
    """Builds the kustomizations of one repository, called `name`; `paths` are its files, `documents` reads one.

    `taken_folders` and `taken_files` are those that a kustomization takes which `counts`, by the path of its file.
    `incomplete` are the folders of which something that they take was left out.
    """

    name: str
    paths: Collection[str]
    documents: Documents
    counts: Callable[[str], bool]
    changer: Changer = field(init=False)
    findings: list[Finding] = field(default_factory=list)
    kustomizations: dict[str, Kustomization] = field(default_factory=dict)
    taken_folders: set[str] = field(default_factory=set)
    taken_files: set[str] = field(default_factory=set)
    shared_folders: set[str] = field(default_factory=set)
    patch_files: set[str] = field(default_factory=set)
    incomplete: set[str] = field(default_factory=set)
    _results: dict[str, Result] = field(default_factory=dict)
    _files: dict[str, tuple[KubernetesObject, ...]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _inside: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _folders: list[str] = field(default_factory=list)
    _called: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0

    def __post_init__(self) -> None:
        self.changer = Changer(self.paths, self.documents, self.findings)
        paths = sorted(self.paths)
        for name in reversed(KUSTOMIZATIONS):
            for path in paths:
                if posixpath.basename(path) == name:
                    self._read(path)
        for path in paths:
            if path.endswith((".yaml", ".yml")):
                self._inside[posixpath.dirname(path)].append(path)
        self._folders = sorted(f"{folder}/" for folder in self._inside)
        counted = [each for each in self.kustomizations.values() if self.counts(each.place.path)]
        self.share([folder for each in counted for folder in self._note_taken(each)])
        self.patch_files -= self.taken_files
        self.taken_files |= self.patch_files

    def share(self, folders: Iterable[str]) -> None:
        """Note folders as shared components, with everything that these take."""
        pending = [folder for folder in folders if folder in self.kustomizations]
        self.taken_folders.update(pending)
        while pending:
            folder = pending.pop()
            if folder not in self.shared_folders:
                self.shared_folders.add(folder)
                one = self.kustomizations[folder]
                taken = (resolve(folder, text) for text in (*one.resources, *one.components))
                pending += (path for path in taken if path is not None and path in self.kustomizations)

    def _read(self, path: str) -> None:
        for place, document in self.documents(path)[:1]:
            folder = posixpath.dirname(path)
            self.kustomizations[folder] = read_kustomization(folder, place, as_object(document))

    def _note_taken(self, one: Kustomization) -> Iterator[str]:
        """Note what a kustomization takes; gives the shared components among it."""
        for text in (*one.resources, *one.components):
            path = resolve(one.folder, text)
            if path in self.kustomizations:
                self.taken_folders.add(path)
                if text in one.components or self.kustomizations[path].is_component:
                    yield path
            elif path is not None:
                self.taken_files.add(path)
        patches = (resolve(one.folder, patch.path) for patch in one.patches if patch.path)
        self.patch_files.update(filter(None, patches))

    def folder(self, folder: str) -> Result:
        """What a folder makes: by its kustomization, else of all the YAML in it, as Flux does."""
        if folder in self._results:
            if folder in self.incomplete:
                self.incomplete.update(self._open)
            return self._results[folder]
        one = self.kustomizations.get(folder)
        if folder in self._open or len(self._open) >= _DEEPEST or self._count > self.most(_MOST_OBJECTS):
            self._refuse(folder)
            return Result()
        self._open.append(folder)
        try:
            result = self._built(one) if one else self._raw(folder)
        finally:
            self._open.pop()
        if len(result.objects) > _MOST_IN_ONE:
            self._count += self.most(_MOST_OBJECTS)
            self._refuse(folder)
            result = Result(result.objects[:_MOST_IN_ONE], result.taken)
        self._count += len(result.objects) + 1
        self._results[folder] = result
        return result

    def most(self, objects: int) -> int:
        """How many objects are made of a repository of this size, where a small one may make some."""
        return objects + _MOST_FOR_A_FILE * sum(map(len, self._inside.values()))

    def only_folder(self, path: str) -> str | None:
        """The folder whose path ends so, if there is one such: an artifact may be made of any folder."""
        if not self._called:
            for folder in self._folders:
                self._called[posixpath.basename(folder[:-1])].append(folder[:-1])
        found = [folder for folder in self._called.get(posixpath.basename(path), ()) if folder.endswith(f"/{path}")]
        return found[0] if len(found) == 1 else None

    def has_files(self, folder: str) -> bool:
        """Whether there is YAML in a folder or below it."""
        return next(self._below(folder), None) is not None

    def _below(self, folder: str) -> Iterator[str]:
        """The folders with YAML from one on, sorted."""
        inside = f"{folder}/" if folder else ""
        for at in range(bisect_left(self._folders, inside), len(self._folders)):
            if not self._folders[at].startswith(inside):
                return
            yield self._folders[at][:-1]

    def file(self, path: str, folder: str) -> tuple[KubernetesObject, ...]:
        """The objects in a file that the kustomization of a folder takes."""
        if path not in self._files:
            read = (
                each for place, document in self.documents(path) for each in objects_in(place, as_object(document), "")
            )
            self._files[path] = tuple(read)
        return tuple(replace(each, folder=folder) for each in self._files[path])

    def with_components(
        self, objects: Sequence[KubernetesObject], folder: str, components: Sequence[str], place: Place
    ) -> Sequence[KubernetesObject]:
        """The objects of a folder; the images are unclear of those that a component may change which Flux adds."""
        for path in dict.fromkeys(components):
            if all(each.unclear or not each.images for each in objects):
                break
            component = self.kustomizations.get(path) if self.changer.may_change(len(objects)) else None
            is_plain = component is not None and not component.components
            same = (
                {(each.place, each.images, each.unclear) for each in self._transformed(objects, component)}
                if component is not None and is_plain
                else set()
            )
            what = f"Flux adds the component {path!r} to {folder!r}, which may change its image"
            objects = [
                each if (each.place, each.images, each.unclear) in same else with_unclear_images(each, place, what)
                for each in objects
            ]
        return objects

    def _built(self, one: Kustomization) -> Result:
        objects: list[KubernetesObject] = []
        taken: list[Taken] = []
        for text in one.resources:
            if is_remote(text):
                taken.append(Taken(one.folder, one.place, (), remote=text))
                continue
            path = self._inside_of(one, text)
            if path in self.kustomizations:
                below = self.folder(path)
                objects += below.objects
                taken += below.taken
            elif path in self.paths:
                objects += self.file(path, one.folder)
        taken += (Taken(one.folder, one.place, (), chart=each, namespace=each.namespace) for each in one.charts)
        for text in one.components:
            path = self._inside_of(one, text)
            if path in self.kustomizations:
                below = self.folder(path)
                component = self.kustomizations[path]
                objects = [*self._transformed([*objects, *below.objects], component)]
                taken += below.taken
            else:
                objects = [
                    with_unclear_images(each, one.place, f"the component {text!r} isn't read") for each in objects
                ]
        objects = [*self._transformed(objects, one)]
        if any(each.chart for each in taken) and (unclear := self.changer.unclear_charts(one)):
            taken = [replace(each, unclear=each.unclear or unclear) if each.chart else each for each in taken]
        once = {(each.place, each.names, each.namespace): each for each in reversed(objects)}
        return Result(
            tuple(replace(each, chain=(*each.chain, one.folder)) for each in reversed(once.values())),
            tuple(
                replace(each, chain=(*each.chain, one.folder), namespace=one.namespace or each.namespace)
                for each in taken
            ),
        )

    def _transformed(self, objects: Iterable[KubernetesObject], one: Kustomization) -> Iterator[KubernetesObject]:
        setter = self.changer.setter_of(one)
        for each in self.changer.changed(objects, one.place, one.patches, one.images):
            changed = with_unclear_images(each, one.place, setter) if setter else each
            if (one.prefix or one.suffix) and self._may_rename(changed, one):
                changed = replace(changed, names=(*changed.names, f"{one.prefix}{changed.names[-1]}{one.suffix}"))
            if one.namespace and each.kind != "Namespace":
                changed = replace(changed, namespace=one.namespace)
            if one.labels:
                changed = replace(changed, is_labelled=True)
            yield changed

    def _raw(self, folder: str) -> Result:
        """Everything below a folder without a kustomization; folders below that have one are built by it."""
        objects: list[KubernetesObject] = []
        taken: list[Taken] = []
        inside = f"{folder}/" if folder else ""
        built: set[str] = set()
        for other in self._below(folder):
            above = [each for each in folders_above(f"{other}/") if each.startswith(inside) and each != folder]
            kustomized = next((each for each in above if each in self.kustomizations), None)
            if kustomized is None:
                objects += (each for path in self._inside[other] for each in self.file(path, other))
            elif kustomized not in built and not self.kustomizations[kustomized].is_component:
                built.add(kustomized)
                below = self.folder(kustomized)
                objects += below.objects
                taken += below.taken
        return Result(tuple(objects), tuple(taken))

    def _may_rename(self, each: KubernetesObject, one: Kustomization) -> bool:
        """Whether an object may have a prefix and a suffix: with a finding where Kubernetes has no such names."""
        if len(one.prefix) + len(each.names[-1]) + len(one.suffix) <= _LONGEST_NAME:
            return True
        message = (
            f"its prefix and suffix make names of more than {_LONGEST_NAME} characters; these are left as they are"
        )
        self.changer.note(message, one.place, "Shorten `namePrefix` and `nameSuffix`: Kubernetes takes no longer name.")
        return False

    def _inside_of(self, one: Kustomization, text: str) -> str:
        """The path of what a kustomization takes; a finding, and no path of a file, where it leads out."""
        path = resolve(one.folder, text)
        if path is None:
            message = f"{text!r} leads out of the repository and is not followed"
            remedy = "Keep what a kustomization takes in the same repository."
            self.findings.append(Finding("warning", "kustomization-outside-repository", message, one.place, remedy))
            return ".."
        return path

    def _refuse(self, folder: str) -> None:
        self.incomplete.update((*self._open, folder))
        one = self.kustomizations.get(folder)
        place = one.place if one else Place(self.name, folder or ".")
        if folder in self._open:
            message = f"the kustomization takes itself, by way of {', '.join(self._open[self._open.index(folder) :])}"
        elif len(self._open) >= _DEEPEST:
            message = f"more than {_DEEPEST} kustomizations take one another; what is below this one is left out"
        else:
            message = "the kustomizations make too many objects; the rest is left out"
        remedy = "Take each folder once; until then what runs there is not known."
        self.changer.note(message, place, remedy)
