"""A git repository at a ref shows the same files, with the same bytes, as a folder that has it checked out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scenedock.effects.git.repositories import Repository, RepositoryFolder
from scenedock.effects.git.revisions import GitRevision
from scenedock.errors import InputError, NotFoundError
from tests.scenarios.repositories import BILLING, clone, git, plant

HTTPS = "https://github.com/acme/apps.git"
NAMES = st.sampled_from(["a", "b", "Chart.yaml", "node_modules"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TARGETS = st.one_of(
    st.lists(st.one_of(NAMES, st.just("..")), min_size=1, max_size=4).map("/".join),
    st.sampled_from([".", "..", "/nonexistent/Chart.yaml", "a/.", "b//a", "./b"]),
)


def seen(repository: Repository) -> tuple[tuple[str, ...], frozenset[str], dict[str, bytes]]:
    """All that a repository shows."""
    listing = repository.listing()
    return listing.files, listing.outside, {path: repository.read(path) for path in listing.inside}


def commit(root: Path) -> None:
    git(root, "add", "--all", "--force")
    git(root, "-c", "user.name=Jane", "-c", "user.email=jane@acme.test", "commit", "--quiet", "--message=Next")


def grow(root: Path, trees: list[tuple[str, bytes | str]]) -> None:
    """Make files (bytes) and links (texts) where nothing is in the way."""
    for path, content in trees:
        place = root / path
        if any(above.is_symlink() or above.is_file() for above in [place, *place.parents[: path.count("/")]]):
            continue
        if place.is_dir():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.symlink_to(content)


@settings(max_examples=50)
@given(st.lists(st.tuples(PATHS, st.one_of(st.binary(max_size=8), TARGETS)), max_size=8))
@example([("a/a", b""), ("a/b/a", "../a/..")])  # up from a file
def test_links_and_files_of_any_tree_are_those_of_its_folder(trees: list[tuple[str, bytes | str]]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "repository"
        clone(root)
        grow(root, trees)
        git(root, "-c", "user.name=J", "-c", "user.email=j@acme.test", "commit", "--quiet", "--allow-empty", "-m=1")
        git(root, "add", "--all", "--force")
        git(root, "-c", "user.name=J", "-c", "user.email=j@acme.test", "commit", "--quiet", "--allow-empty", "-m=2")
        with GitRevision(root, "HEAD") as revision:
            assert seen(revision) == seen(RepositoryFolder(root))


def test_a_folder_inside_a_clone_is_a_repository_of_its_own(tmp_path: Path) -> None:
    clone(tmp_path, HTTPS, {f"clusters/dev/{name}": text for name, text in BILLING.items()} | {"other/Chart.yaml": ""})
    inside = tmp_path / "clusters" / "dev"

    with GitRevision(inside, "main") as revision:
        assert seen(revision) == seen(RepositoryFolder(inside))
        assert revision.address() == RepositoryFolder(inside).address()
        assert revision.address().prefix == "clusters/dev"


def test_a_ref_is_a_branch_a_tag_or_a_commit_whatever_is_checked_out(tmp_path: Path) -> None:
    clone(tmp_path)
    git(tmp_path, "tag", "v1")
    plant(tmp_path, {"search/Chart.yaml": "name: search\n"})
    commit(tmp_path)
    (tmp_path / "search" / "Chart.yaml").write_text("uncommitted")

    for ref in ("v1", "HEAD~1", "main~1"):
        with GitRevision(tmp_path, ref) as revision:
            assert "search/Chart.yaml" not in revision.listing().files
    with GitRevision(tmp_path, "main") as revision:
        assert seen(revision)[2]["search/Chart.yaml"] == b"name: search\n"


@pytest.mark.parametrize("ref", ["", "-a", "--output=x", "a\nb", "a\0b"])
def test_what_can_be_no_ref_is_refused_before_git_sees_it(tmp_path: Path, ref: str) -> None:
    with pytest.raises(InputError, match="is not a valid name of a branch, tag or commit"):
        GitRevision(clone(tmp_path), ref).listing()


@pytest.mark.parametrize("ref", ["nothing", "main:billing", "refs/heads/none", "HEAD~7", "a b"])
def test_a_ref_that_is_not_there_is_named_with_what_to_do(tmp_path: Path, ref: str) -> None:
    with pytest.raises(NotFoundError, match=r"has no commit .* fetch it"):
        GitRevision(clone(tmp_path), ref).listing()


def test_what_is_no_git_repository_is_said_in_gits_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(InputError, match="can't be read at a ref: not a git repository"):
        GitRevision(plant(tmp_path), "main").listing()
    with pytest.raises(NotFoundError, match="there is no such folder"):
        GitRevision(tmp_path / "nowhere", "main").listing()


def test_a_folder_that_the_ref_does_not_have_is_refused(tmp_path: Path) -> None:
    plant(clone(tmp_path) / "new")

    with pytest.raises(InputError, match="can't be read"):
        GitRevision(tmp_path / "new", "main").listing()


def test_contents_that_the_repository_lacks_are_no_traceback(tmp_path: Path) -> None:
    clone(tmp_path)
    named = ["git", "-C", str(tmp_path), "rev-parse", "main:billing/values.yaml"]
    blob = subprocess.run(named, capture_output=True, check=True, text=True).stdout.strip()
    lost = tmp_path / ".git" / "objects" / blob[:2] / blob[2:]
    lost.chmod(0o644)
    lost.unlink()

    with GitRevision(tmp_path, "main") as revision:
        revision.listing()
        with pytest.raises(InputError, match="lacks its contents"):
            revision.read("billing/values.yaml")
        assert revision.read("billing/values-qa.yaml") == b"replicas: 1\n"


def test_files_that_others_name_in_bytes_are_told_as_those_of_a_folder_are(tmp_path: Path) -> None:
    clone(tmp_path)
    odd = os.fsencode(tmp_path) + b"/b\xffd"
    os.mkdir(odd)  # noqa: PTH102 - Path knows no bytes
    Path(os.fsdecode(odd), "Chart.yaml").write_text("name: bad\n")
    commit(tmp_path)

    with GitRevision(tmp_path, "main") as revision:
        assert revision.listing() == RepositoryFolder(tmp_path).listing()
        assert revision.listing().unnameable


def test_a_hook_of_another_repository_does_not_mislead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone(tmp_path / "mine")
    clone(tmp_path / "others", files={"other/Chart.yaml": "name: other\n"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "others" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "others" / ".git" / "index"))

    with GitRevision(tmp_path / "mine", "main") as revision:
        assert "other/Chart.yaml" not in revision.listing().files


def test_no_git_process_is_left_when_it_is_closed(tmp_path: Path) -> None:
    with GitRevision(clone(tmp_path), "main") as revision:
        revision.listing()
        revision.read("billing/values.yaml")
        process = revision._blobs._process

    assert process is not None
    assert process.poll() is not None


def test_after_a_comparison_a_few_files_are_read_without_listing_the_tree(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {"a/Chart.yaml": "name: a\n", "a/two words.yaml": "one: 1\n"})
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    with GitRevision(root, "main") as before:
        since = before.snapshot()
    (root / "a/Chart.yaml").write_text("name: b\n")
    commit(root)

    with GitRevision(root, "main") as now:
        changes = now.changes(since)
        assert changes is not None
        assert list(changes.states) == ["a/Chart.yaml"]
        assert now.read("a/Chart.yaml") == b"name: b\n"
        assert now._tree is None
        assert now.read("a/two words.yaml") == b"one: 1\n"  # which git can't be asked for so
        for path in ("a", "a/none.yaml", "../apps/a/Chart.yaml"):
            with pytest.raises(InputError, match="there is no such file"):
                now.read(path)
        assert now.read("a/Chart.yaml") == b"name: b\n"
