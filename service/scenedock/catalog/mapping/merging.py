"""A generated entity and a hand-written description of it are merged.

Hand-written scalars win, unless they say that the owner is unknown; annotations and labels are merged by key, and
hand-written ones win; tags, links and relations are united; an entity that is only in the hand-written file passes
through.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from scenedock.catalog.mapping.annotations import override_annotations
from scenedock.catalog.reading.handwritten import remedy_for
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.catalog.vocabulary.relations import qualify_references
from scenedock.catalog.vocabulary.source_urls import FILE_ANNOTATION
from scenedock.catalog.vocabulary.validation import problems_here
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text

# The order in which people write them.
_METADATA = ("name", "namespace", "title", "description", "labels", "annotations", "tags", "links")
_UNITED = ("dependsOn", "dependencyOf", "providesApis", "consumesApis", "memberOf", "children", "members")


def combine(entities: Sequence[Entity], written: Sequence[Entity]) -> tuple[tuple[Entity, ...], list[Finding]]:
    """The entities of a folder merged with those that a person wrote; the first of `entities` is its main one.

    A single Component (or System) of another name in the file is the folder's, too: a person named it. What Backstage
    would refuse is left out and reported.
    """
    result = list(entities)
    findings: list[Finding] = []
    by_ref = {entity.ref: position for position, entity in enumerate(entities)}
    mains = [entity for entity in written if entity.kind == entities[0].kind]
    for entity in written:
        renames = mains == [entity] and entity.ref not in by_ref
        position = 0 if renames else by_ref.get(entity.ref)
        candidate = entity
        if position is not None:
            name = entity.name if renames else result[position].name
            candidate = Entity(merge_handwritten(result[position].document, entity.document, name), entity.place)
        if problems := problems_here(candidate.document):
            message = "; ".join(map(str, problems))
            findings.append(Finding("error", "handwritten-invalid", message, entity.place, remedy_for(entity.place)))
        elif position is not None:
            result[position] = candidate
        else:
            result.append(candidate)
    return tuple(result), findings


def merge_handwritten(ours: JsonObject, theirs: JsonObject, name: str) -> JsonObject:
    """One entity of two descriptions of it; what a person wrote wins."""
    if Entity(ours).namespace != Entity(theirs).namespace:
        ours = qualify_references(ours)
    metadata, spec = _objects(ours, theirs, "metadata"), _objects(ours, theirs, "spec")
    merged_metadata: dict[str, Json] = {**metadata[0], **metadata[1], "name": name}
    our_labels, their_labels = _objects(*metadata, "labels")
    if labels := {**our_labels, **their_labels}:
        merged_metadata["labels"] = dict(sorted(labels.items()))
    existing, overrides = _objects(*metadata, "annotations")
    overrides = {key: value for key, value in overrides.items() if key != FILE_ANNOTATION}  # only we know where from
    if annotations := override_annotations(existing, overrides):
        merged_metadata["annotations"] = dict(sorted(annotations.items()))
    if tags := sorted({as_text(tag) for side in metadata for tag in as_list(side.get("tags"))} - {""}):
        merged_metadata["tags"] = tags
    if links := _united(as_list(metadata[1].get("links")), as_list(metadata[0].get("links"))):
        merged_metadata["links"] = links
    merged_spec: dict[str, Json] = {**spec[0], **spec[1]}
    if "owner" in spec[0] and spec[1].get("owner") == UNKNOWN:
        merged_spec["owner"] = spec[0]["owner"]
    for key in _UNITED:
        if key in spec[0] and key in spec[1]:
            merged_spec[key] = _united(as_list(spec[0][key]), as_list(spec[1][key]))
    in_order = {key: merged_metadata[key] for key in _METADATA if key in merged_metadata}
    return {**ours, **theirs, "metadata": {**in_order, **merged_metadata}, "spec": merged_spec}


def _objects(ours: JsonObject, theirs: JsonObject, key: str) -> tuple[JsonObject, JsonObject]:
    return as_object(ours.get(key)), as_object(theirs.get(key))


def _united(first: Sequence[Json], second: Sequence[Json]) -> list[Json]:
    united = {json.dumps(item, sort_keys=True): item for item in (*first, *second)}
    return list(united.values())
