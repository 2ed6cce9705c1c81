"""What a command that changes clones has done, in words that all of them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenedock.changes.planned import PlannedFile


def what_is_done(files: Sequence[PlannedFile], commits: Mapping[str, str], *, written: bool) -> Iterator[str]:
    """The files that are written or the commits, by repository; or that nothing is written, and how it would be."""
    if not written:
        yield "nothing is written; add --write, or --commit"
    elif not commits:
        for each in files:
            yield f"{'removed' if each.after is None else 'written'}: {each.repository}:{each.path}"
    for name, commit in commits.items():
        yield f"committed in {name}: {commit}"


def edited(file: PlannedFile) -> Iterator[str]:
    """A file that changes, with its lines."""
    yield f"  ~ {file.repository}:{file.path}"
    for line in file.lines:
        yield from ([f"      -{line.old}"] if line.old is not None else [])
        yield from ([f"      +{line.new}"] if line.new is not None else [])
