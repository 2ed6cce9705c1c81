"""Make a planned change in the working trees of clones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from scenedock.changes.planned import Planned
from scenedock.effects.git.working_tree import check_clean, commit_files, write_files
from scenedock.errors import ConflictError


def make_locally(planned: Planned, roots: Mapping[str, Path], *, commit: bool) -> dict[str, str]:
    """Write the files of a plan, and commit them; the new commit of each repository, if there is one.

    Raises
    ------
    ConflictError   something speaks against the plan, or a file has other changes, or is a link
    InputError      a file can't be written, or git can't commit it
    """
    if planned.refusals:
        raise ConflictError("the change is refused: " + "; ".join(each.message for each in planned.refusals))
    files: dict[str, dict[str, tuple[bytes, bytes]]] = defaultdict(dict)
    for each in planned.files:
        files[each.repository][each.path] = each.before, each.after
    for name, contents in files.items():
        check_clean(roots[name], list(contents))
    for name, contents in files.items():
        write_files(roots[name], contents)
    if not commit:
        return {}
    return {name: commit_files(roots[name], list(contents), planned.message) for name, contents in files.items()}
