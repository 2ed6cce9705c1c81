"""The generated catalog-info.yaml files: what is in the repository, compared with what belongs there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff

from scenedock.catalog.emitting.output import Home, handwritten_kept, render_in_place
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.catalog.reading.handwritten import is_ours
from scenedock.errors import InputError
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place
from scenedock.structs import dataclass

_REMEDY = "Run `scenedock catalog export --in-place .` there and commit what it writes."


@dataclass(frozen=True, slots=True)
class MarkerFile:
    """One file: its text in the repository and the one it should have, None where there is or should be no file.

    Line endings don't count: git may change them on checkout. `remedy` says how it becomes right.
    """

    place: Place
    found: str | None
    wanted: str | None
    entities: tuple[Entity, ...] = ()
    remedy: str = _REMEDY

    @property
    def is_right(self) -> bool:
        """Whether the repository has what belongs there."""
        return self.found == self.wanted

    @property
    def finding(self) -> Finding:
        """What is wrong with it."""
        if self.wanted is None:
            message = "was generated, but the export no longer writes it"
            return Finding("error", "catalog-file-stale", message, self.place, self.remedy)
        if self.found is None:
            return Finding("error", "catalog-file-missing", "is missing", self.place, self.remedy)
        where = Place(self.place.repository, self.place.path, _first_difference(self.found, self.wanted))
        return Finding("error", "catalog-file-differs", "differs from what the export would write", where, self.remedy)

    def diff(self) -> Iterator[str]:
        """The lines of a unified diff from the text in the repository to the right one."""
        name = str(self.place)
        before, after = (self.found or "").splitlines(), (self.wanted or "").splitlines()
        return unified_diff(before, after, f"{name} (in the repository)", f"{name} (as exported)", lineterm="")

    def entities_found(self) -> tuple[Entity, ...]:
        """The entities in the repository's file; none where it can't be read."""
        if self.is_right:
            return self.entities
        try:
            return read_entities((self.found or "").encode(), label=str(self.place))
        except InputError:
            return ()


def compare_marker_files(
    expected: Mapping[Home, Sequence[Entity]], existing: Mapping[Home, bytes]
) -> tuple[list[MarkerFile], list[Finding]]:
    """All generated files, sorted; `existing` are all catalog-info.yaml files of the repositories.

    A hand-written file in the place of a generated one stays and is reported.
    """
    files: list[MarkerFile] = []
    findings: list[Finding] = []
    for home in sorted({*expected, *(home for home, data in existing.items() if is_ours(data))}):
        place, data, entities = Place(*home), existing.get(home), tuple(expected.get(home, ()))
        if data is not None and not is_ours(data):
            findings.append(handwritten_kept(place, "the generated entities are not written"))
            continue
        text = None if data is None else data.decode("utf-8", "replace").replace("\r\n", "\n")
        files.append(MarkerFile(place, text, render_in_place(entities) if home in expected else None, entities))
    return files, findings


def _first_difference(before: str, after: str) -> int:
    lines, others = before.splitlines(), after.splitlines()
    same = next((number for number, pair in enumerate(zip(lines, others, strict=False)) if pair[0] != pair[1]), None)
    return min(len(lines), len(others)) + 1 if same is None else same + 1
