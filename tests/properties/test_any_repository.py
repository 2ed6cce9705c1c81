"""Whatever lies in a folder, an export of it ends soon: with entities that Backstage takes, or with words for a person.

`SCENEDOCK_SOAK=1` tries two hundred times as many repositories, other ones in every run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from scenedock.catalog.emitting.output import describe_repository, render
from scenedock.catalog.reading.handwritten import CATALOG_FILES, is_ours
from scenedock.catalog.vocabulary.validation import problems_of
from scenedock.documents.reading import BACKSTAGE, read_documents
from scenedock.doors.cli import main
from scenedock.doors.cli.export_views import as_report
from scenedock.effects.git.commands import GitAddress
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.errors import InputError, ScenedockError
from scenedock.structs import dataclass
from scenedock.usecases.catalog.export_catalog import Export, map_catalog, read_repositories
from scenedock.usecases.catalog.publish_catalog import PublishedCatalog
from tests.properties.limits import soon
from tests.properties.repositories import Tree, plant, trees

SOAK = bool(os.environ.get("SCENEDOCK_SOAK"))


GITHUB = GitAddress("https://github.com/acme/apps", "main")


def tried(times: int) -> profile:
    return profile(
        max_examples=times * 300 if SOAK else times,
        derandomize=not SOAK,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Broken(RepositoryFolder):
    """A repository at a known address on a disk that refuses some of its files, as disks do when root isn't asking."""

    git: GitAddress = GITHUB
    refused: frozenset[int] = frozenset()

    def read(self, path: str) -> bytes:
        if sum(path.encode()) % 16 in self.refused:
            raise InputError("can't be read: Permission denied")
        return super().read(path)

    def address(self) -> GitAddress:
        return self.git


@contextmanager
def planted(tree: Tree) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        root = Path(folder, "apps")
        plant(tree, root)
        with soon():
            yield root


def exported(folder: RepositoryFolder, jobs: int = 1) -> Export | str:
    try:
        return map_catalog(read_repositories({"apps": folder}, jobs=jobs), jobs=jobs)
    except ScenedockError as refusal:
        return str(refusal)


def texts_of(result: Export | str) -> tuple[str, ...]:
    """Everything that the door would write."""
    if isinstance(result, str):
        return (result,)
    entities = [entity.document for entity in result.entities]
    found = [document for contents in result.repositories for document in describe_repository(contents)]
    report = json.dumps(as_report(PublishedCatalog(result, result.entities), result.findings))
    return render(entities, "yaml"), render(entities, "json"), render(entities, "jsonl"), render(found, "yaml"), report


addresses = st.sampled_from(
    (
        GitAddress(),
        GITHUB,
        GitAddress("https://gitlab.acme.test:8443/a/b", "HEAD", "é/a b\n#?"),
        GitAddress("http://h/{x}%", "a b{0}"),
    )
)


@given(trees(), addresses, st.frozensets(st.integers(0, 15), max_size=2))
@tried(150)
def test_any_repository_gives_valid_entities_or_a_refusal(
    tree: Tree, address: GitAddress, refused: frozenset[int]
) -> None:
    with planted(tree) as root:
        result = exported(Broken(root, address, refused))
        yaml, as_json, lines, *_ = texts_of(result) if isinstance(result, Export) else ("", "[]", "")

    if isinstance(result, str):
        assert result.strip()
        return
    documents = [entity.document for entity in result.entities]
    assert [problems_of(document) for document in documents] == [()] * len(documents)
    assert len({entity.ref for entity in result.entities}) == len(documents)
    assert [document.value for document in read_documents(yaml.encode(), meaning=BACKSTAGE)] == documents
    assert json.loads(as_json) == [json.loads(line) for line in lines.split("\n")[:-1]] == documents
    for finding in result.findings:
        assert finding.message
        assert finding.remedy


@given(trees(), st.frozensets(st.integers(0, 15), max_size=2))
@tried(12)
def test_several_processes_read_and_map_the_same(tree: Tree, refused: frozenset[int]) -> None:
    with planted(tree) as root, pytest.MonkeyPatch.context() as patch:
        patch.setattr("scenedock.effects.local.forked._AT_ONCE", 1)
        patch.setattr("scenedock.effects.local.forked.can_fork", lambda: True)  # pytest's threads hold nothing
        alone, together = (texts_of(exported(Broken(root, GITHUB, refused), jobs)) for jobs in (1, 3))

    assert together == alone


@given(trees(), st.randoms(use_true_random=False))
@tried(40)
def test_the_order_in_which_a_disk_lists_its_files_changes_nothing(tree: Tree, shuffled: random.Random) -> None:
    names = [
        path
        for path in tree
        if not any(other.startswith(path + b"/") or path.startswith(other + b"/") for other in tree)
    ]
    clean = {path: tree[path] for path in names}
    other = dict(shuffled.sample(list(clean.items()), len(clean)))
    with planted(clean) as first:
        said = texts_of(exported(Broken(first)))
        assert texts_of(exported(Broken(first))) == said
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "scandir", _shuffling(shuffled))
            assert texts_of(exported(Broken(first))) == said
        shutil.rmtree(first)
        plant(other, first)
        assert texts_of(exported(Broken(first))) == said


def _shuffling(shuffled: random.Random) -> object:
    scandir = os.scandir

    @contextmanager
    def listed(path: Path) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(path) as entries:
            found = list(entries)
        shuffled.shuffle(found)
        yield found

    return listed


@given(trees())
@tried(50)
def test_an_export_into_the_folders_is_stable_and_spares_what_people_wrote(tree: Tree) -> None:
    with planted(tree) as root:
        theirs = {path: state for path, state in _catalog_files(root).items() if not state.ours}
        first = _run(str(root))
        written = _run(str(root), "--in-place")
        after = _catalog_files(root)
        again = _run(str(root), "--in-place")

        assert {path: after[path] for path in theirs} == theirs
        assert _catalog_files(root) == after
        assert _run(str(root)) == first
        assert again[0] == written[0]
        assert [path.name for path in root.rglob(".scenedock-*")] == []


@dataclass(frozen=True)
class State:
    """What tells whether a file was touched."""

    ours: bool
    inode: int
    written: int


def _catalog_files(root: Path) -> Mapping[Path, State]:
    found: dict[Path, State] = {}
    for parent, _, names in os.walk(root):
        for path in (Path(parent, name) for name in names if name in CATALOG_FILES):
            status = path.lstat()
            ours = path.is_file() and not path.is_symlink() and is_ours(path.read_bytes())
            found[path] = State(ours, status.st_ino, status.st_mtime_ns)
    return found


def _run(*arguments: str) -> tuple[int, str]:
    """Exit code and entities of the command."""
    result = CliRunner().invoke(main, ["catalog", "export", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in {0, 1, 2}
    return result.exit_code, "" if "--in-place" in arguments else result.stdout
