"""What a kustomization, or Flux's, changes of objects: by patches and images, and by what isn't followed."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from scenedock.catalog.reading.kustomize.files import ImageChange, Kustomization, resolve
from scenedock.catalog.reading.kustomize.images import (
    may_set_images,
    may_set_versions,
    with_changed_images,
    with_patched_images,
    with_unclear_images,
)
from scenedock.catalog.reading.kustomize.objects import KubernetesObject
from scenedock.catalog.reading.kustomize.patching import (
    Change,
    Changes,
    Patch,
    Target,
    apply,
    inline_documents,
    name_of,
)
from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json, as_object, as_text
from scenedock.model.units import Written
from scenedock.structs import dataclass, replace

Documents = Callable[[str], Sequence[tuple[Place, Json]]]
"""The documents in a YAML file, each with its place; none where it can't be read."""

_MOST_CHANGES = 200_000
"""Patches, each as often as there is an object that it may be for, and operations of those that are."""


@dataclass(slots=True)
class Changer:
    """Changes the objects of one repository, of which `paths` are the files, and `documents` reads one.

    What isn't followed is added to `findings`. All changes are counted together, and end where they are too many.
    """

    paths: Collection[str]
    documents: Documents
    findings: list[Finding]
    _count: int = 0

    def changed(
        self, objects: Iterable[KubernetesObject], place: Place, patches: Iterable[Patch], images: Iterable[ImageChange]
    ) -> Iterator[KubernetesObject]:
        """Objects with the patches and images of a kustomization, or of Flux's; `place` is its file's."""
        folder = posixpath.dirname(place.path)
        read = Changes(each for patch in patches for each in self._read_patch(patch, folder, place))
        changes = tuple(images)
        for one in objects:
            patched = self._patched(one, read, place)
            if patched is not None:
                yield with_changed_images(patched, place, changes)

    def may_change(self, objects: int) -> bool:
        """Count objects that are changed; False where this is too many."""
        self._count += objects
        return self._count <= _MOST_CHANGES

    def unclear_charts(self, one: Kustomization) -> str:
        """Why a kustomization may change images of the charts that it inflates; empty where it doesn't."""
        said = [self._said_by(patch, one.folder, one.place) for patch in one.patches]
        may_patch = any(each is None or may_set_images([document for document, _ in each]) for each in said)
        if not (one.images or may_patch or self.setter_of(one)):
            return ""
        return f"{one.place.path}:{one.place.line}: what it changes of its chart isn't followed"

    def setter_of(self, one: Kustomization) -> str:
        """What of a kustomization may change images, and isn't followed; empty without."""
        for each in one.setters:
            path = as_text(each) or as_text(as_object(each).get("path"))
            at = resolve(one.folder, path) if path and "\n" not in path else None
            said = [document for _, document in self.documents(at)] if at is not None and at in self.paths else [each]
            if may_set_images(said) or (at is not None and at not in self.paths):
                return "a replacement or a transformer may change its image"
        return ""

    def _read_patch(self, patch: Patch, folder: str, place: Place) -> Iterator[Change]:
        """What a patch says, and where it is written."""
        given = Target.of(patch.target) if patch.target else None
        said = self._said_by(patch, folder, place)
        if said is None:
            yield Change(given or Target(), None, Written(place, patch.at), is_unread=True)
        for each, written in said or ():
            yield Change(given or Target.of_patch(as_object(each)), each, written, renames=patch.renames)

    def _said_by(self, patch: Patch, folder: str, place: Place) -> list[tuple[Json, Written]] | None:
        """The documents of a patch, each with its place; None where it can't be read, or is elsewhere."""
        if patch.path:
            path = resolve(folder, patch.path)
            documents = self.documents(path) if path is not None and path in self.paths else ()
            return [(document, Written(at)) for at, document in documents] or None
        inline = inline_documents(patch.text)
        return None if inline is None else [(document, Written(place, patch.at)) for document in inline]

    def _patched(self, one: KubernetesObject, changes: Changes, place: Place) -> KubernetesObject | None:
        if changes and self._count > _MOST_CHANGES:
            message = f"more than {_MOST_CHANGES:,} patches of objects; the rest of them changes nothing"
            self.note(message, place, "Name the object in each patch's `target`, and patch it once.")
            return with_unclear_images(one, place, "there are too many patches to follow", releases=True)
        document, by, names = one.document, list(one.patched_by), one.names
        for change in changes.perhaps_of(one.names):
            self._count += 1
            fits = change.target.fits(document, one.names, one.namespace, is_labelled=one.is_labelled)
            if fits is not False and (change.is_unread or (fits is None and may_set_versions(change.said))):
                what = "a patch that can't be read" if change.is_unread else "a patch by a pattern or by labels"
                one = with_unclear_images(one, change.written.place, f"{what} may change its image", releases=True)
            elif fits:
                patched = apply(document, change.said, renames=change.renames)
                if patched is None:
                    return None
                self._count += change.size
                if (name := name_of(patched)) != name_of(document):
                    names = (*names, name)
                document = patched
                by.append(change.written)
                one = with_patched_images(one, change.written, change.said)
        if len(by) == len(one.patched_by):
            return one
        return replace(one, document=document, patched_by=tuple(by), names=names)

    def note(self, message: str, place: Place, remedy: str) -> None:
        """Say once what isn't followed."""
        finding = Finding("warning", "kustomization-not-followed", message, place, remedy)
        if finding not in self.findings[-1:]:
            self.findings.append(finding)
