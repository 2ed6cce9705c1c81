"""Make a planned change in the working trees of clones: all of it, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.planned import Planned, PlannedFile
from scenedock.effects.git.working_tree import (
    Contents,
    Kinds,
    check_clean,
    commit_files,
    restore_files,
    take_back_commit,
    write_files,
)
from scenedock.errors import ConflictError, InputError
from scenedock.releases.release import Release

_Files = Mapping[str, Mapping[str, Contents]]


def check_whole(roots: Mapping[str, Path]) -> None:
    """Refuse folders below the settings of their repository: the locks in these would not count.

    A folder with settings of its own is a repository of its own.

    Raises
    ------
    InputError   a folder above one, in the same clone if it is in one, has settings
    """
    for name, root in roots.items():
        if folder := next((each for each in _above(root.resolve()) if (each / FILE_NAME).is_file()), None):
            raise InputError(
                f"{name} is only a folder of a repository, whose settings and locks are in {folder / FILE_NAME}; "
                f"pass {folder}"
            )


def _above(folder: Path) -> Iterator[Path]:
    """The folders above one up to the top of its clone; git may refuse to say where that is, so it isn't asked."""
    if (folder / FILE_NAME).is_file():
        return
    for each in (folder, *folder.parents):
        if each != folder:
            yield each
        if (each / ".git").exists():
            return


def make_locally(
    planned: Planned, roots: Mapping[str, Path], *, commit: bool, as_wanted: Iterable[Release] = ()
) -> dict[str, str]:
    """Write the files of a plan, and commit them; the new commit of each repository, if there is one.

    Of releases that are `as_wanted` already, the files must be committed, too, if anything is to be.

    Raises
    ------
    ConflictError   something speaks against the plan, or a file has other changes, or is a link
    InputError      a file can't be written, or git can't commit it; what was done is taken back. Or only a folder of
                    a repository was read
    """
    check_whole(roots)
    if planned.refusals:
        raise ConflictError("the change is refused: " + "; ".join(each.message for each in planned.refusals))
    files: dict[str, dict[str, Contents]] = defaultdict(dict)
    for each in planned.files:
        is_new = not each.before and not (roots[each.repository] / each.path).exists()
        files[each.repository][each.path] = None if is_new else each.before, each.after
    kinds = {name: _kinds(each for each in planned.files if each.repository == name) for name in files}
    must_be_clean = {name: set(contents) for name, contents in files.items()}
    for line in (line for release in as_wanted if commit for line in release.lines):
        must_be_clean.setdefault(line.elsewhere or line.repository, set()).add(line.path)
    for name, paths in must_be_clean.items():
        check_clean(name, roots[name], sorted(paths))
    commits: dict[str, str] = {}
    try:
        for name, contents in files.items():
            write_files(roots[name], contents, kinds[name])
        for name, contents in files.items() if commit else ():
            commits[name] = commit_files(name, roots[name], list(contents), planned.message)
    except (ConflictError, InputError) as error:
        raise type(error)(f"{error}; {_taken_back(files, kinds, roots, commits)}") from error
    return commits


def _kinds(files: Iterable[PlannedFile]) -> Kinds:
    made = [each for each in files if each.before is None]
    return Kinds(
        {each.path: each.link for each in made if each.link}, frozenset(each.path for each in made if each.executable)
    )


def _taken_back(
    files: _Files, kinds: Mapping[str, Kinds], roots: Mapping[str, Path], commits: Mapping[str, str]
) -> str:
    """Take back what was done, and say what could not be."""
    left = []
    for name, contents in files.items():
        if name in commits and not take_back_commit(roots[name], list(contents), commits[name]):
            left.append(f"the commit {commits[name]} in {name}")
        else:
            left += [f"{name}:{path}" for path in restore_files(roots[name], contents, kinds[name])]
    return f"these changes could not be taken back: {', '.join(left)}" if left else "nothing is changed"
