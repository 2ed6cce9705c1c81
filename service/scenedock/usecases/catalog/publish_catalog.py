"""Write an exported catalog to one file, or into the folders of the repositories.

What is there already is the last good result: what of it must stay is written again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from scenedock.catalog.emitting.output import OutputFormat, handwritten_kept, render
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.catalog.reading.handwritten import CATALOG_FILE, is_ours
from scenedock.effects.git.commands import ask_git
from scenedock.effects.git.repositories import Repository
from scenedock.effects.local.disk import read_file, remove_file, write_file
from scenedock.errors import ConflictError, InputError, NotFoundError, TemporaryError
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place
from scenedock.structs import dataclass
from scenedock.usecases.catalog.export_catalog import Export

if TYPE_CHECKING:  # a first export compares with nothing
    from scenedock.catalog.comparing.changes import Changes
    from scenedock.catalog.emitting.marker_files import MarkerFile
    from scenedock.usecases.catalog.keep_catalog import KeptExport

FileWriter: TypeAlias = "Callable[[MarkerFile], str | None]"


@dataclass(frozen=True, slots=True)
class Leave:
    """What may vanish: all that is gone if it is `allowed`, else what the files say.

    `unchanged` says of repositories for how many seconds these are known to be the same. Nothing is written if that is
    `withheld` because of the findings.
    """

    allowed: bool
    unchanged: Mapping[str, float]
    withheld: Callable[[Sequence[Finding]], bool] = lambda _findings: False


@dataclass(frozen=True, slots=True)
class PublishedCatalog:
    """Where the catalog was written (a file, "" for standard output, None for the folders), and the result.

    `result` is the export that it was made of. `written` and `removed` are the files that really changed; `changes` are
    those of the catalog, None where there was no last result. `refused` are the findings that say what stays until
    somebody allows it. Nothing was written if it is `withheld`, because of errors, and with a `wait`: after so many
    seconds a second look may tell whether files are only just being copied. `proposed`: the files are not on disk, but
    for a pull request.
    """

    result: Export
    entities: tuple[Entity, ...]
    target: str | None = None
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changes: Changes | None = None
    findings: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()
    wait: float | None = None
    withheld: bool = False
    proposed: bool = False


def publish_file(result: Export, layout: OutputFormat, path: Path, leave: Leave) -> PublishedCatalog:
    """Write the catalog to one file, whole or not at all; one that is right already is left untouched.

    Raises
    ------
    InputError      the file can't be read or written
    """
    entities = result.entities
    text = render([entity.document for entity in entities], layout)
    before, findings = _last_result(path, text, entities)
    if before is None or before is entities:
        if leave.withheld([*result.findings, *findings]):
            return PublishedCatalog(result, entities, findings=findings, withheld=True)
        written = (str(path),) if write_file(path, text) else ()
        changes = None if before is None else _changes(entities, entities)
        return PublishedCatalog(result, entities, str(path), written, (), changes, findings)
    from scenedock.catalog.comparing.memory import memory_of
    from scenedock.usecases.catalog.keep_catalog import ALLOW_DELETIONS, keep_catalog

    kept = keep_catalog(
        result, memory_of(before), unchanged=leave.unchanged, allow=ALLOW_DELETIONS, allowed=leave.allowed
    )
    if kept.kept.wait is not None:
        return _waiting(kept)
    said = (*findings, *kept.kept.findings)
    if leave.withheld([*kept.export.findings, *said]):
        return PublishedCatalog(kept.export, kept.entities, findings=said, refused=_refused(kept), withheld=True)
    written = (str(path),) if write_file(path, render([entity.document for entity in kept.entities], layout)) else ()
    return PublishedCatalog(
        kept.export,
        kept.entities,
        str(path),
        written,
        (),
        _changes(before, kept.entities),
        said,
        _refused(kept),
    )


def write_on_disk(roots: Mapping[str, Path]) -> FileWriter:
    """What writes to the folders of the repositories, by their names; a file of a person is never replaced."""

    def write(file: MarkerFile) -> str | None:
        path = roots[file.place.repository] / file.place.path
        if file.wanted is None:
            remove_file(path)
            return str(path)
        return str(path) if write_file(path, file.wanted, may_replace=is_ours) else None

    return write


def publish_in_place(
    result: Export, repositories: Mapping[str, Repository], write: FileWriter, leave: Leave
) -> PublishedCatalog:
    """Write a catalog-info.yaml into each folder, and remove those of ours that are no longer needed.

    `write` gets every file as it is and should be, changes it, and returns its path if it did. A file without our
    marker belongs to a person and is not changed. A file that can't be written is an error among the findings; the
    others are still written. Each file is complete at any time, and the next run completes a run that was interrupted.

    Raises
    ------
    InputError      a file can't be read
    """
    from scenedock.usecases.catalog.check_catalog import read_marker_files

    read = read_marker_files(result, repositories, allowed=leave.allowed, unchanged=leave.unchanged)
    if read.kept and read.kept.kept.wait is not None:
        return _waiting(read.kept)
    if leave.withheld([*read.result.findings, *read.findings]):
        entities, refused = (read.kept.entities, _refused(read.kept)) if read.kept else (result.entities, ())
        return PublishedCatalog(read.result, entities, findings=read.findings, refused=refused, withheld=True)
    findings = list(read.findings)
    before = [entity for file in read.files for entity in file.entities_found()]
    after = [entity for file in read.files for entity in file.entities]
    written: list[str] = []
    removed: list[str] = []
    for file in read.files:
        try:
            if path := write(file):
                (removed if file.wanted is None else written).append(path)
        except ConflictError:
            findings.append(handwritten_kept(file.place, "the generated content is not written"))
        except (InputError, NotFoundError) as error:
            remedy = "Make the folder writable, or export to one `--output` file."
            findings.append(Finding("error", "not-written", str(error), file.place, remedy))
    return PublishedCatalog(
        read.result,
        read.kept.entities if read.kept else result.entities,
        None,
        tuple(written),
        tuple(removed),
        _changes(before, after) if before else None,
        tuple(findings),
        _refused(read.kept) if read.kept else (),
    )


def files_to_add(published: PublishedCatalog, roots: Mapping[str, Path]) -> list[str]:
    """The generated files that a commit would lack: those that were just changed, and those that git doesn't know."""
    files = {*published.written, *published.removed}
    for root in roots.values():
        listed = ask_git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", f":(glob)**/{CATALOG_FILE}")
        paths = (root / os.fsdecode(path) for path in listed.output.split(b"\0") if path)
        files.update(str(path) for path in paths if path.is_file() and is_ours(read_file(path)))
    return sorted(files)


def publish_confirmed(
    export: Callable[[], Export],
    publish: Callable[[Export, Mapping[str, float]], PublishedCatalog],
    signatures: Callable[[], Mapping[str, str]],
    pause: Callable[[PublishedCatalog, float], None],
) -> PublishedCatalog:
    """Export and publish; where entities would vanish, both again, once the files have been the same for a while.

    `publish` is told of repositories for how many seconds their files are known to be the same, `signatures` change
    with the files, and `pause` waits for so many seconds.

    Raises
    ------
    TemporaryError   the files are changing
    """
    published = publish(export(), {})
    if published.wait is None:
        return published
    before, wait = signatures(), published.wait
    pause(published, wait)
    result = export()
    after = signatures()
    published = publish(result, {name: wait for name in before if before[name] == after.get(name)})
    if published.wait is not None:
        said = "; ".join(f"{each.place}: {each.message}" for each in published.refused)
        raise TemporaryError(f"{said}; its files are still changing; run this again later", retry_after=wait)
    return published


def _changes(before: Sequence[Entity], after: Sequence[Entity]) -> Changes:
    from scenedock.catalog.comparing.changes import changes_between

    return changes_between(before, after)


def _waiting(kept: KeptExport) -> PublishedCatalog:
    return PublishedCatalog(kept.export, kept.entities, refused=_refused(kept), wait=kept.kept.wait)


def _refused(kept: KeptExport) -> tuple[Finding, ...]:
    return tuple(each for verdict in kept.kept.verdicts.values() if verdict.asks_for for each in verdict.findings)


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
        said = f"the last result can't be read, so Scenedock can't tell which entities vanish: {error}"
        return None, (Finding("warning", "last-result-unreadable", said, Place(path=str(path)), "It was replaced."),)
