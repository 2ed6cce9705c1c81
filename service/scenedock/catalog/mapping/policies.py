"""Phase three, `policed`: what Backstage would refuse is left out, and that and what people would miss is reported."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from scenedock.catalog.mapping.entities import Mapped, MappedService
from scenedock.catalog.vocabulary.environments import CONTAINERS
from scenedock.catalog.vocabulary.formats import is_annotation_key, is_label_key, is_label_value, is_tag
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.catalog.vocabulary.validation import problems_here
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Severity
from scenedock.model.json import Json, as_list, as_object
from scenedock.structs import replace


def police(mapped: Mapped) -> Mapped:
    """The entities that may be emitted: clean, valid, each reference claimed once."""
    policies = _Policies()
    services = [passed for each in mapped.services if (passed := policies.passed(each))]
    shared = policies.allowed(mapped.shared)
    return replace(
        mapped,
        services=tuple(services),
        shared=shared,
        findings=(*mapped.findings, *policies.findings),
    )


def police_alone(each: MappedService) -> tuple[MappedService | None, tuple[Finding, ...]]:
    """What `police` makes of a service, as if there were no other; None if it may not be emitted."""
    policies = _Policies()
    return policies.passed(each), tuple(policies.findings)


GENERIC_NAMES = CONTAINERS - {"argocd"} | frozenset(
    """base bootstrap common config configs configuration default global infra infrastructure main misc root secret
    secrets shared""".split()
)
"""Names of folders in nearly every repository; a Backstage can have only one Component of each name."""


class _Policies:
    """Checks one entity after the other and remembers which references are taken."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._claimed: dict[EntityRef, Entity] = {}

    def passed(self, each: MappedService) -> MappedService | None:
        """The service with those of its entities that are allowed; None if it may not be there without the others."""
        allowed = self.allowed(each.entities)
        if not allowed or allowed[0].kind != each.main.kind:
            return None
        return each if allowed == each.entities else replace(each, entities=allowed)

    def allowed(self, entities: Iterable[Entity]) -> tuple[Entity, ...]:
        return tuple(entity for entity in map(self._cleaned, entities) if self._may_pass(entity))

    def _cleaned(self, entity: Entity) -> Entity:
        """The entity without tags, labels and annotations whose form Backstage refuses."""
        metadata: dict[str, Json] = dict(entity.metadata)
        lost: list[str] = []
        if tags := as_list(metadata.get("tags")):
            metadata["tags"] = good = [tag for tag in tags if isinstance(tag, str) and is_tag(tag)]
            lost.extend(f"tag {tag!r}" for tag in tags if tag not in good)
        for field, allowed in (("labels", _is_label), ("annotations", _is_annotation)):
            pairs = as_object(metadata.get(field))
            if bad := sorted(key for key, value in pairs.items() if not allowed(key, value)):
                metadata[field] = {key: value for key, value in pairs.items() if key not in bad}
                lost.extend(f"{field.removesuffix('s')} {key!r}" for key in bad)
        if not lost:
            return entity
        message = f"{entity.ref}: invalid in Backstage and left out: {', '.join(lost)}"
        self._find(entity, "warning", "field-left-out", message, "Correct it in the file that sets it.")
        kept = {key: value for key, value in metadata.items() if value}
        return replace(entity, document={**entity.document, "metadata": kept})

    def _may_pass(self, entity: Entity) -> bool:
        if problems := problems_here(entity.document):
            message = f"Backstage would refuse {entity.ref}: {'; '.join(map(str, problems))}"
            self._find(entity, "error", "invalid-entity", message, "Correct it with `overrides` in scenedock.yaml.")
            return False
        if entity.kind == "Component" and entity.name.lower() in GENERIC_NAMES and entity.spec.get("type") != "library":
            message = f"{entity.ref.short} is a very general name, which other repositories are likely to use, too"
            remedy = "Rename the folder, or give the Component another name in a hand-written catalog-info.yaml."
            self._find(entity, "info", "general-name", message, remedy)
        first = self._claimed.setdefault(entity.ref, entity)
        if first is not entity:
            message = f"{entity.ref} is already described by {first.place}; only that one is emitted"
            self._find(entity, "error", "duplicate-ref", message, "Rename one of the two.")
            return False
        if entity.spec.get("owner") == UNKNOWN and entity.kind in {"Component", "System"}:
            message = f"{entity.ref.short} has no owner"
            remedy = "Name one in CODEOWNERS, or set `owner` in scenedock.yaml."
            self._find(entity, "warning", "owner-unknown", message, remedy)
        return True

    def _find(self, entity: Entity, severity: Severity, code: str, message: str, remedy: str) -> None:
        self.findings.append(Finding(severity, code, message, entity.place, remedy))


def _is_label(key: str, value: Json) -> bool:
    return is_label_key(key) and isinstance(value, str) and is_label_value(value)


def _is_annotation(key: str, value: Json) -> bool:
    return isinstance(value, str) and _is_annotation_key(key)


# Most entities have the same ones.
_is_annotation_key = lru_cache(maxsize=1024)(is_annotation_key)
