"""The catalog as Backstage fetches it: an index of files, in each of which an entity stays for good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from scenedock.catalog.emitting.output import in_order
from scenedock.catalog.emitting.summary import count_by_type
from scenedock.catalog.explaining.coverage import Coverage
from scenedock.catalog.vocabulary.validation import problems_of
from scenedock.documents.reading import BACKSTAGE, DocumentError, read_documents
from scenedock.documents.writing import write_documents
from scenedock.model.entity import API_VERSION, Entity, EntityRef
from scenedock.model.finding import Finding, Reason
from scenedock.model.json import JsonObject, as_object, as_text
from scenedock.structs import dataclass, field, replace

INDEX = "catalog-info.yaml"


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """A Component in a table for people. `folder` is relative to the repository's root."""

    name: str
    type: str
    owner: str
    lifecycle: str
    repository: str
    folder: str

    @classmethod
    def of(cls, entity: Entity) -> ComponentLine:
        """The line of a Component."""
        kind, owner, lifecycle = (as_text(entity.spec.get(key)) for key in ("type", "owner", "lifecycle"))
        owner = owner.removeprefix("group:default/")
        folder = as_text(as_object(entity.metadata.get("annotations")).get("scenedock.dev/path"))
        return cls(entity.name, kind, owner, lifecycle, entity.place.repository, folder or entity.place.path)


@dataclass(frozen=True, slots=True)
class Feed:
    """The files by name, `catalog-info.yaml` among them; how many entities of each kind they hold; what was found.

    `reasons` say why that is not all as the repositories have it now, `coverage` what is deployed and represented.
    """

    files: Mapping[str, bytes]
    by_kind: Mapping[str, int]
    findings: tuple[Finding, ...]
    components: tuple[ComponentLine, ...]
    reasons: tuple[Reason, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    proofs: Mapping[str, str] = field(default_factory=dict)
    """Of files by name, where it was made just now: a digest of the entities, and of the bytes that were read again."""

    @property
    def entities(self) -> int:
        """How many entities the files hold, the index not counted."""
        return sum(self.by_kind.values())


@dataclass(frozen=True, slots=True)
class FeedEdit:
    """What makes another feed of one, with as many entities.

    `documents` are texts in a file, with what stands there then; `components` lines, with those instead. `findings`
    are all that there are, None if they stay.
    """

    documents: tuple[tuple[str, bytes, bytes], ...] = ()
    components: tuple[tuple[ComponentLine, ComponentLine], ...] = ()
    findings: tuple[Finding, ...] | None = None

    def applied(self, feed: Feed) -> Feed:
        """The other feed.

        Raises
        ------
        ValueError   this isn't the feed that it was made for
        """
        files, components = dict(feed.files), list(feed.components)
        for name, old, new in self.documents:
            if files.get(name, b"").count(old) != 1:
                raise ValueError(f"{name} has another text than the one that is edited")
            files[name] = files[name].replace(old, new)
        for line, other in self.components:
            components[components.index(line)] = other
        findings = feed.findings if self.findings is None else self.findings
        return replace(feed, files=files, components=tuple(components), findings=findings)


def make_feed(
    entities: Sequence[Entity],
    findings: Sequence[Finding],
    reasons: Sequence[Reason] = (),
    coverage: Sequence[Coverage] = (),
    last: Feed | None = None,
) -> Feed:
    """The feed of some entities; what Backstage would refuse is left out, and is a finding.

    An invalid entity affects only itself. A file that isn't valid YAML would affect all its entities, so each file is
    read again; but not if the `last` feed has it, with a proof by these same rules that it is of the same entities.

    Raises
    ------
    ValueError   a file that was written can't be read; then the writer has a bug, and nothing may be served
    """
    kept: list[Entity] = []
    refused: list[Finding] = []
    for entity in in_order(entities):
        if problems := problems_of(entity.document):
            message = f"{entity.ref} is left out of the feed: {'; '.join(map(str, problems))}"
            refused.append(
                Finding("error", "refused-entity", message, entity.place, "Correct the files it comes from.")
            )
        else:
            kept.append(entity)
    files = _in_files(kept)
    documents = {INDEX: [_location(name) for name in sorted(files)]} | {
        name: [each.document for each in files[name]] for name in files
    }
    written: dict[str, bytes] = {}
    proofs: dict[str, str] = {}
    for name, content in documents.items():
        said = json.dumps(content).encode()
        data = last.files.get(name, b"") if last else b""
        proof = _proof(said, data)
        if not last or last.proofs.get(name) != proof:
            data = _written(name, content)
            proof = _proof(said, data)
        written[name], proofs[name] = data, proof
    by_kind = {kind: sum(types.values()) for kind, types in count_by_type(kept).items()}
    components = tuple(ComponentLine.of(each) for each in kept if each.kind == "Component")
    return Feed(written, by_kind, (*refused, *findings), components, tuple(reasons), tuple(coverage), proofs)


def location_ref(name: str) -> EntityRef:
    """The Location by which the index names a file."""
    return EntityRef.of("Location", f"scenedock-{name.removesuffix('.yaml')}")


def registered_ref(target: str) -> EntityRef:
    """The Location that Backstage makes of the address of a file that is registered or in its configuration.

    Source: `computeLocationEntityRef` of @backstage/plugin-catalog-backend.
    """
    digest = hashlib.sha1(f"url:{target}".encode(), usedforsecurity=False).hexdigest()
    return EntityRef.of("Location", f"generated-{digest}")


def with_findings(feed: Feed, code: str, findings: Sequence[Finding], reasons: Sequence[Reason]) -> Feed:
    """The feed with these findings and reasons before all others, instead of those that it has of this code."""
    return replace(
        feed,
        findings=(*findings, *(each for each in feed.findings if each.code != code)),
        reasons=(*reasons, *(each for each in feed.reasons if each.code != code)),
    )


def file_of(ref: EntityRef) -> str:
    """The file that an entity is in, whatever else there is."""
    return f"entities-{hashlib.sha256(str(ref).encode()).hexdigest()[0]}.yaml"


def _in_files(entities: Sequence[Entity]) -> dict[str, list[Entity]]:
    """Each entity in the one of 16 files that the hash of its reference names; only files with entities.

    An entity so stays in its file whatever comes and goes around it: Backstage refuses one that a second file brings
    while the first still does. A change of one has Backstage look at all of its file: 1.6 s for 5, 6.8 s for 5,000.
    """
    files: dict[str, list[Entity]] = {}
    for entity in entities:
        files.setdefault(file_of(entity.ref), []).append(entity)
    return files


def _location(name: str) -> JsonObject:
    """The Location of a file; with one for all files, Backstage would look at all of them after a change of one."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Location",
        "metadata": {"name": location_ref(name).name, "description": "A file of Scenedock's catalog"},
        "spec": {"target": f"./{name}"},
    }


def _proof(documents: bytes, data: bytes) -> str:
    """A digest that is another if the documents, as JSON, or the bytes of their file are."""
    return hashlib.sha256(b"%d " % len(documents) + documents + data).hexdigest()


def _written(name: str, documents: Sequence[JsonObject]) -> bytes:
    text = write_documents(documents).encode()
    try:
        read = [document.value for document in read_documents(text, meaning=BACKSTAGE, max_bytes=len(text) + 1)]
    except DocumentError as error:
        raise ValueError(f"{name} can't be read again: {error}") from error
    if len(read) != len(documents):
        raise ValueError(f"{name} has {len(read)} documents when it is read again, not {len(documents)}")
    return text
