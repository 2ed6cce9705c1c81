"""The catalog-info.yaml files that are ours: what is in the repository against what belongs there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff

from scenedock.catalog.emitting.output import Home, handwritten_kept, render_in_place
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.catalog.reading.handwritten import is_ours
from scenedock.errors import InputError
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place

_REMEDY = "Run `scenedock catalog export --in-place` and commit what it writes."


@dataclass(frozen=True, slots=True)
class MarkerFile:
    """One file: its text in the repository and the one it should have, None where there is or should be no file.

    Line ends don't count: git may check them out as it likes.
    """

    place: Place
    found: str | None
    wanted: str | None
    entities: tuple[Entity, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether the repository has what belongs there."""
        return self.found == self.wanted

    @property
    def finding(self) -> Finding:
        """What is wrong with it."""
        if self.wanted is None:
            said = "is generated, but nothing is generated there any more"
            return Finding("error", "catalog-file-stale", said, self.place, _REMEDY)
        if self.found is None:
            return Finding("error", "catalog-file-missing", "is missing", self.place, _REMEDY)
        where = Place(self.place.repository, self.place.path, _first_difference(self.found, self.wanted))
        return Finding("error", "catalog-file-differs", "is not what the export would write", where, _REMEDY)

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
    wanted: Mapping[Home, Sequence[Entity]], found: Mapping[Home, bytes]
) -> tuple[list[MarkerFile], list[Finding]]:
    """All files that are ours or shall be, sorted; `found` are all catalog-info.yaml files of the repositories.

    A person's file where ours should be stays, which is a finding.
    """
    files: list[MarkerFile] = []
    findings: list[Finding] = []
    for home in sorted({*wanted, *(home for home, data in found.items() if is_ours(data))}):
        place, data, entities = Place(*home), found.get(home), tuple(wanted.get(home, ()))
        if data is not None and not is_ours(data):
            findings.append(handwritten_kept(place, "what would stand in it is not written"))
            continue
        text = None if data is None else data.decode("utf-8", "replace").replace("\r\n", "\n")
        files.append(MarkerFile(place, text, render_in_place(entities) if home in wanted else None, entities))
    return files, findings


def _first_difference(found: str, wanted: str) -> int:
    lines, others = found.splitlines(), wanted.splitlines()
    same = next((number for number, pair in enumerate(zip(lines, others, strict=False)) if pair[0] != pair[1]), None)
    return min(len(lines), len(others)) + 1 if same is None else same + 1
