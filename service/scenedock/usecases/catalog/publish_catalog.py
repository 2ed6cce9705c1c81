"""Write an exported catalog to one file, or into the folders of the repositories.

The existing files are the last result: if too many of its entities would vanish, nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scenedock.catalog.comparing.changes import Changes, changes_between
from scenedock.catalog.comparing.vanishing import refuse_vanishing
from scenedock.catalog.emitting.output import OutputFormat, handwritten_kept, render
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.catalog.reading.handwritten import is_ours
from scenedock.catalog.vocabulary.settings import VanishingLimit
from scenedock.effects.git.repositories import Repository
from scenedock.effects.local.disk import read_file, remove_file, write_file
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place
from scenedock.usecases.catalog.check_catalog import read_marker_files
from scenedock.usecases.catalog.export_catalog import Export


@dataclass(frozen=True, slots=True)
class PublishedCatalog:
    """Where the catalog was written (a file, "" for standard output, None for the folders), and the result.

    `written` and `removed` are the files that really changed; `changes` are those of the catalog, None if there was no
    last result.
    """

    target: str | None = None
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changes: Changes | None = None
    findings: tuple[Finding, ...] = ()


def publish_file(result: Export, layout: OutputFormat, path: Path, *, allow_deletions: bool) -> PublishedCatalog:
    """Write the catalog to one file, completely or not at all; a file that is up to date is not touched.

    Raises
    ------
    ConflictError   too many entities would vanish
    InputError      the file can't be read or written
    """
    entities = result.entities
    text = render([entity.document for entity in entities], layout)
    before, findings = _last_result(path, text, entities)
    changes = None
    if before is not None:
        changes = changes_between(before, entities)
        if not allow_deletions:
            refuse_vanishing(changes, len(before), _limit(result), str(path))
    written = (str(path),) if write_file(path, text) else ()
    return PublishedCatalog(str(path), written, (), changes, findings)


def publish_in_place(
    result: Export, repositories: Mapping[str, Repository], roots: Mapping[str, Path], *, allow_deletions: bool
) -> PublishedCatalog:
    """Write a catalog-info.yaml into each folder, and remove those of ours that are no longer needed.

    `roots` are the repositories by name. A file without our marker belongs to a person and is not changed. A file that
    can't be written is an error among the findings; the others are still written. Each file is complete at any time,
    and the next run completes a run that was interrupted.

    Raises
    ------
    ConflictError   too many entities would vanish
    InputError      a file can't be read
    """
    files, findings = read_marker_files(result, repositories)
    before = [entity for file in files for entity in file.entities_found()]
    changes = changes_between(before, [entity for file in files for entity in file.entities]) if before else None
    if changes and not allow_deletions:
        refuse_vanishing(changes, len(before), _limit(result), ", ".join(map(str, roots.values())))
    written: list[str] = []
    removed: list[str] = []
    for file in files:
        path = roots[file.place.repository] / file.place.path
        try:
            if file.wanted is None:
                remove_file(path)
                removed.append(str(path))
            elif write_file(path, file.wanted, may_replace=is_ours):
                written.append(str(path))
        except ConflictError:
            findings.append(handwritten_kept(file.place, "the generated content is not written"))
        except (InputError, NotFoundError) as error:
            remedy = "Make the folder writable, or export to one `--output` file."
            findings.append(Finding("error", "not-written", str(error), file.place, remedy))
    return PublishedCatalog(None, tuple(written), tuple(removed), changes, tuple(findings))


def _last_result(
    path: Path, text: str, entities: tuple[Entity, ...]
) -> tuple[tuple[Entity, ...] | None, tuple[Finding, ...]]:
    """The entities in the file; None if there is no file, or it can't be read."""
    if not os.path.isfile(path):  # noqa: PTH113 - a Path would raise an error for a name that is too long
        return None, ()
    data = read_file(path)
    if data == text.encode():
        return entities, ()
    try:
        return read_entities(data, label=str(path)), ()
    except InputError as error:
        message = f"the last result can't be read, so Scenedock can't tell which entities vanish: {error}"
        return None, (Finding("warning", "last-result-unreadable", message, Place(path=str(path)), "It was replaced."),)


def _limit(result: Export) -> VanishingLimit:
    return next((contents.settings.vanishing for contents in result.repositories), VanishingLimit())
