"""Phase three, `policed`: what Backstage would refuse, or people would miss, is found before it is emitted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from scenedock.catalog.mapping.entities import Mapped
from scenedock.catalog.mapping.identities import CONTAINERS
from scenedock.catalog.vocabulary.formats import is_annotation_key, is_label_key, is_label_value, is_tag
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.catalog.vocabulary.validation import problems_here
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Severity
from scenedock.model.json import Json, as_list, as_object


def police(mapped: Mapped) -> Mapped:
    """The entities that may be emitted: clean, valid, each reference claimed once."""
    officer = _Police()
    services = []
    for each in mapped.services:
        allowed = officer.allowed(each.entities)
        if allowed and allowed[0].kind == each.main.kind:
            services.append(each if allowed == each.entities else replace(each, entities=allowed))
    shared = officer.allowed(mapped.shared)
    return replace(
        mapped,
        services=tuple(services),
        shared=shared,
        findings=(*mapped.findings, *officer.findings),
    )


GENERIC_NAMES = CONTAINERS - {"argocd"} | frozenset(
    """base bootstrap common config configs configuration default global infra infrastructure main misc root secret
    secrets shared""".split()
)
"""What folders of nearly every repository are called; a Backstage has one Component of a name."""


class _Police:
    """Looks at one entity after the other and remembers which references are taken."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._claimed: dict[EntityRef, Entity] = {}

    def allowed(self, entities: Iterable[Entity]) -> tuple[Entity, ...]:
        return tuple(entity for entity in map(self._cleaned, entities) if self._may_pass(entity))

    def _cleaned(self, entity: Entity) -> Entity:
        """The entity without tags, labels and annotations whose form Backstage refuses."""
        metadata: dict[str, Json] = dict(entity.metadata)
        lost: list[str] = []
        if tags := as_list(metadata.get("tags")):
            metadata["tags"] = [tag for tag in tags if isinstance(tag, str) and is_tag(tag)]
            lost.extend(f"tag {tag!r}" for tag in tags if not (isinstance(tag, str) and is_tag(tag)))
        for field, allowed in (("labels", _is_label), ("annotations", _is_annotation)):
            pairs = as_object(metadata.get(field))
            if bad := sorted(key for key, value in pairs.items() if not allowed(key, value)):
                metadata[field] = {key: value for key, value in pairs.items() if key not in bad}
                lost.extend(f"{field.removesuffix('s')} {key!r}" for key in bad)
        if not lost:
            return entity
        said = f"{', '.join(lost)} of {entity.ref} can't stand in an entity and is left out"
        self._find(entity, "warning", "field-left-out", said, "Correct it where it is written.")
        kept = {key: value for key, value in metadata.items() if value}
        return replace(entity, document={**entity.document, "metadata": kept})

    def _may_pass(self, entity: Entity) -> bool:
        if problems := problems_here(entity.document):
            said = f"{entity.ref} would be refused: {'; '.join(map(str, problems))}"
            self._find(entity, "error", "invalid-entity", said, "Correct it with `overrides` in scenedock.yaml.")
            return False
        if entity.kind == "Component" and entity.name.lower() in GENERIC_NAMES and entity.spec.get("type") != "library":
            said = f"{entity.ref.short} is so general a name that another repository will have one of it, too"
            remedy = "Rename the folder, or name the Component in a catalog-info.yaml of your own."
            self._find(entity, "info", "general-name", said, remedy)
        first = self._claimed.setdefault(entity.ref, entity)
        if first is not entity:
            said = f"{entity.ref} is already described by {first.place}; only that one is emitted"
            self._find(entity, "error", "duplicate-ref", said, "Rename one of the two.")
            return False
        if entity.spec.get("owner") == UNKNOWN and entity.kind in {"Component", "System"}:
            said = f"{entity.ref.short} has no owner"
            remedy = "Name one in CODEOWNERS, or set `owner` in scenedock.yaml."
            self._find(entity, "warning", "owner-unknown", said, remedy)
        return True

    def _find(self, entity: Entity, severity: Severity, code: str, message: str, remedy: str) -> None:
        self.findings.append(Finding(severity, code, message, entity.place, remedy))


def _is_label(key: str, value: Json) -> bool:
    return is_label_key(key) and isinstance(value, str) and is_label_value(value)


def _is_annotation(key: str, value: Json) -> bool:
    return isinstance(value, str) and _is_annotation_key(key)


# Most entities have the same ones.
_is_annotation_key = lru_cache(maxsize=1024)(is_annotation_key)
