"""Phase five, `exported`: entities as the text of files and streams. Sorted, and the same bytes from run to run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from scenedock.catalog.reading.handwritten import CATALOG_FILE, MARKER_LINE, PART_FILE
from scenedock.catalog.vocabulary.validation import problems_here
from scenedock.documents.writing import write_documents
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json, JsonObject

if TYPE_CHECKING:
    from scenedock.catalog.mapping.deployments import RepositoryContents
    from scenedock.catalog.mapping.entities import Mapped, MappedService

OutputFormat: TypeAlias = Literal["yaml", "json", "jsonl"]

Home: TypeAlias = tuple[str, str]
"""Where a catalog-info.yaml lies: the repository's name, and the path in it."""


def in_order(entities: Sequence[Entity]) -> list[Entity]:
    """The entities by kind, namespace and name."""
    return sorted(entities, key=lambda entity: (entity.kind, entity.namespace, entity.name))


def render(documents: Sequence[JsonObject], layout: OutputFormat) -> str:
    """Documents as one text: multi-document YAML, a JSON array, or a line of JSON for each."""
    if layout == "json":
        return json.dumps(list(documents), indent=2, ensure_ascii=False) + "\n"
    if layout == "jsonl":
        return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    return write_documents(documents)


def entities_in_place(mapped: Mapped) -> tuple[dict[Home, tuple[Entity, ...]], list[Finding]]:
    """The entities of each catalog-info.yaml, which lies in the folder that they describe.

    A hand-written file stays. That its folder's entities are not written is reported, and what Backstage, which reads
    the file as it is, would refuse.
    """
    homes: dict[Home, list[Entity]] = defaultdict(list)
    findings: list[Finding] = []
    invalid = {finding.place for finding in mapped.findings if finding.code == "handwritten-invalid"}
    charts = {folder.path for each in mapped.services for folder in each.service.folders if folder.chart}
    for each in mapped.services:
        if each.left_out:
            continue
        member = each.service.members[0]
        place = Place(member.contents.facts.name, _file_in(_out_of_templates(member.path, charts)))
        if any(folder.has_handwritten for folder in each.service.folders):
            findings.append(handwritten_kept(place, f"the entities of {each.service.name} are not written"))
            findings.extend(_refused_alone(each, invalid))
        else:
            homes[place.repository, place.path].extend(each.emitted)
    for entity in mapped.shared:
        folder = "" if entity.place.path == "scenedock.yaml" else entity.place.path
        homes[entity.place.repository, _file_in(folder)].append(entity)
    return {home: tuple(in_order(entities)) for home, entities in sorted(homes.items())}, findings


def render_in_place(entities: Sequence[Entity]) -> str:
    """The text of a generated catalog-info.yaml."""
    return MARKER_LINE + write_documents([entity.document for entity in entities])


def handwritten_kept(place: Place, consequence: str) -> Finding:
    """That a file stays as a person wrote it, and what follows from that."""
    message = f"is hand-written, so it stays as it is; {consequence}"
    remedy = "Remove the file to have it generated, or export to one `--output` file, where both are merged."
    return Finding("info", "handwritten-kept", message, place, remedy)


def _refused_alone(service: MappedService, reported: Collection[Place]) -> Iterator[Finding]:
    """The hand-written entities that are valid only together with the generated ones."""
    for folder in service.service.folders:
        for entity in folder.handwritten:
            is_read = not entity.place.path.endswith(PART_FILE) and entity.place not in reported
            if is_read and (problems := problems_here(entity.document)):
                said = f"Backstage would refuse this file as it is: {'; '.join(map(str, problems))}"
                remedy = f"Complete it, or call it {PART_FILE}: then the generated file is written, with its content."
                yield Finding("error", "handwritten-incomplete", said, entity.place, remedy)


def describe_repository(contents: RepositoryContents) -> Iterator[JsonObject]:
    """The result of phase `folders`: a document for each folder, list item, application and skip."""
    repository = contents.facts.name
    for folder in contents.folders:
        yield {
            "folder": folder.path or ".",
            "repository": repository,
            "chart": folder.chart.name if folder.chart else None,
            "environments": sorted(filter(None, folder.values)),
            "dependencies": [
                {"name": each.key, "folder": each.folder, "enabled": each.enabled}
                for each in (folder.chart.dependencies if folder.chart else ())
            ],
            "kinds": sorted(folder.kinds),
        }
    for item in contents.items:
        yield {"item": item.name, "repository": repository, "environment": item.environment, "file": item.list_path}
    for application in contents.applications:
        source: dict[str, Json] = {
            "application": application.name,
            "repository": repository,
            "folder": application.path,
        }
        yield {**source, "namespace": application.namespace, "environment": application.environment}
    for skip in contents.skipped:
        yield {"skipped": skip.place.path, "repository": repository, "reason": skip.reason}


def _out_of_templates(folder: str, charts: Collection[str]) -> str:
    """A folder, or the chart in whose templates it is: Helm would install what lies there."""
    chart, templates, _ = f"/{folder}/".partition("/templates/")
    return chart[1:] if templates and chart[1:] in charts else folder


def _file_in(folder: str) -> str:
    return f"{folder}/{CATALOG_FILE}" if folder else CATALOG_FILE
