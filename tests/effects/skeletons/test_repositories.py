"""Skeletons in git repositories: pinned, cached by commit, read without a checkout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.effects.skeletons.repositories import SkeletonRepositories
from scenedock.errors import InputError, NotFoundError, TemporaryError
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.rendering.bake import bake
from scenedock.skeletons.skeleton import SkeletonFile
from scenedock.skeletons.sources import SkeletonSource
from tests.tools.git_server import GitServer, git_server

ROOT = "{{cookiecutter.slug}}"
FILES = {"cookiecutter.json": '{"slug": "s"}', f"{ROOT}/a.txt": "{{ cookiecutter.slug }} 1\n", f"{ROOT}/b.sh": "echo\n"}
LOOPBACK = ("https", "http")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as running:
        yield running


@pytest.fixture
def repositories(tmp_path: Path) -> SkeletonRepositories:
    return SkeletonRepositories(tmp_path / "cache", protocols=LOOPBACK)


def test_a_skeleton_is_read_at_a_branch_a_tag_and_a_commit(
    server: GitServer, repositories: SkeletonRepositories
) -> None:
    first = server.commit("demo", FILES, tag="v1.0.0")
    second = server.commit("demo", {**FILES, f"{ROOT}/a.txt": "2\n"})
    address = f"{server.address}/demo"

    assert repositories.commit(address, "v1.0.0") == first
    assert repositories.commit(address, "main") == second
    assert repositories.commit(address, first) == first
    skeleton = repositories.read(address, repositories.version(address, first, ""), "demo")
    assert skeleton.files == {
        "cookiecutter.json": SkeletonFile(FILES["cookiecutter.json"].encode(), 0o644),
        f"{ROOT}/a.txt": SkeletonFile(b"{{ cookiecutter.slug }} 1\n", 0o644),
        f"{ROOT}/b.sh": SkeletonFile(b"echo\n", 0o755),
    }
    assert skeleton.folders == {ROOT: 0o755}


def test_a_commit_is_fetched_once_and_asked_for_never_again(server: GitServer, tmp_path: Path) -> None:
    commit = server.commit("demo", FILES)
    address = f"{server.address}/demo"
    SkeletonRepositories(tmp_path / "cache", protocols=LOOPBACK).commit(address, commit)
    server.requests.clear()

    assert SkeletonRepositories(tmp_path / "cache", protocols=LOOPBACK).commit(address, commit) == commit
    assert server.requests == []


def test_a_branch_is_asked_for_again_when_it_is_no_longer_fresh(server: GitServer, tmp_path: Path) -> None:
    first = server.commit("demo", FILES)
    address = f"{server.address}/demo"
    fresh = SkeletonRepositories(tmp_path / "a", protocols=LOOPBACK, fresh_for=3600)
    stale = SkeletonRepositories(tmp_path / "b", protocols=LOOPBACK, fresh_for=0)
    assert fresh.commit(address, "main") == stale.commit(address, "main") == first
    second = server.commit("demo", {**FILES, "new.txt": ""})

    assert fresh.commit(address, "main") == first
    assert stale.commit(address, "main") == second


def test_a_server_that_gives_no_commits_by_id_is_asked_for_its_branches(
    server: GitServer, repositories: SkeletonRepositories
) -> None:
    first = server.commit("demo", FILES)
    server.commit("demo", {**FILES, "new.txt": ""})
    (server.root / "demo" / "config").write_text("[core]\n\tbare = true\n")

    assert repositories.commit(f"{server.address}/demo", first) == first


def test_an_unchanged_folder_has_the_same_version_in_another_commit(
    server: GitServer, repositories: SkeletonRepositories
) -> None:
    inside = {f"skeletons/one/{path}": text for path, text in FILES.items()}
    commits = [server.commit("demo", inside), server.commit("demo", {**inside, "README.md": "x"})]
    address = f"{server.address}/demo"

    versions = {repositories.version(address, repositories.commit(address, c), "skeletons/one") for c in commits}

    assert len(versions) == 1


def test_byte_code_that_was_committed_is_no_part_of_it(server: GitServer, repositories: SkeletonRepositories) -> None:
    compiled = {f"{ROOT}/__pycache__/app.cpython-311.pyc": "x", f"{ROOT}/app.pyc": "x", "__pycache__/hooks.txt": "x"}
    commit = server.commit("demo", FILES | compiled)
    address = f"{server.address}/demo"
    repositories.commit(address, commit)

    skeleton = repositories.read(address, repositories.version(address, commit, ""), "demo")

    assert skeleton.files.keys() == FILES.keys()
    assert skeleton.folders.keys() == {ROOT}


def test_the_library_bakes_from_a_repository_and_says_where_from(
    server: GitServer, repositories: SkeletonRepositories, tmp_path: Path
) -> None:
    commit = server.commit("demo", {f"one/{path}": text for path, text in FILES.items()}, tag="v1")
    source = SkeletonSource("it", git=f"{server.address}/demo", ref="v1", directory="one")
    library = SkeletonLibrary((source,), tmp_path, None, repositories)

    opened = library.open("it")

    assert bake(opened.compiled, {})[0].files[0].content == b"s 1\n"
    assert (opened.provenance.ref, opened.provenance.commit, opened.provenance.directory) == ("v1", commit, "one")
    assert opened.template == source.git
    assert library.open("it").compiled is opened.compiled


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/x",
        "file:///etc",
        "ext::sh -c id",
        "git://example.org/x",
        "ssh://git@example.org/x",
        "git@example.org:x",
        "https://user:password@example.org/x",
        "https://example.org/x?y",
        "https://example.org/x y",
        "-uhttps://example.org/x",
        "--upload-pack=id",
        "/etc",
        ".",
        "",
    ],
)
def test_only_https_is_spoken_and_nothing_starts_for_anything_else(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be fetched; write https://HOST/PATH"):
        SkeletonRepositories(tmp_path / "cache").commit(address, "main")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("ref", ["-", "--upload-pack=id", "-b", "a..b", "a b", "a:b", "@{0}", "HEAD^", "~", "", "a\nb"])
def test_a_ref_that_git_could_take_for_something_else_is_refused(ref: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not the name of a tag, branch or commit"):
        SkeletonRepositories(tmp_path / "cache").commit("https://example.org/x", ref)
    assert not (tmp_path / "cache").exists()


def test_a_redirect_is_not_followed(server: GitServer, repositories: SkeletonRepositories, tmp_path: Path) -> None:
    with git_server(tmp_path / "other") as other:
        other.commit("demo", FILES)
        server.redirect_to = other.address
        with pytest.raises(TemporaryError):
            repositories.commit(f"{server.address}/demo", "main")
        assert other.requests == []


def test_a_repository_that_is_not_there_may_be_there_later(repositories: SkeletonRepositories) -> None:
    with pytest.raises(TemporaryError, match="can't be reached"):
        repositories.commit("http://127.0.0.1:9/x", "main")


def test_what_a_repository_does_not_have_is_not_found(server: GitServer, repositories: SkeletonRepositories) -> None:
    commit = server.commit("demo", {**FILES, "hooks.txt": "no folder"})
    address = f"{server.address}/demo"

    with pytest.raises(NotFoundError, match="has no tag or branch 'v9'"):
        repositories.commit(address, "v9")
    with pytest.raises(NotFoundError, match="write the whole id"):
        repositories.commit(address, commit[:10])
    with pytest.raises(NotFoundError, match="has no commit"):
        repositories.commit(address, "0" * 39 + "1")
    with pytest.raises(NotFoundError, match="has no folder 'gone'"):
        repositories.version(address, repositories.commit(address, commit), "gone")
    with pytest.raises(NotFoundError, match=r"has no folder 'hooks\.txt'"):
        repositories.version(address, commit, "hooks.txt")


def test_locks_that_a_killed_git_has_left_are_no_obstacle(
    server: GitServer, repositories: SkeletonRepositories
) -> None:
    address = f"{server.address}/demo"
    repositories.commit(address, server.commit("demo", FILES))
    clone = repositories._path(address)
    (clone / "shallow.lock").touch()
    second = server.commit("demo", {**FILES, f"{ROOT}/a.txt": "2\n"})

    assert repositories.commit(address, second) == second


def test_a_link_in_a_repository_follows_the_rules_of_links(
    server: GitServer, repositories: SkeletonRepositories
) -> None:
    server.commit("demo", FILES, links={f"{ROOT}/ok.txt": "a.txt"})
    address = f"{server.address}/demo"
    tree = repositories.version(address, repositories.commit(address, "main"), "")
    assert repositories.read(address, tree, "demo").files[f"{ROOT}/ok.txt"].content == b"{{ cookiecutter.slug }} 1\n"
    server.commit("other", FILES, links={f"{ROOT}/bad.txt": "/etc/passwd"})
    other = f"{server.address}/other"
    tree = repositories.version(other, repositories.commit(other, "main"), "")

    with pytest.raises(SkeletonError, match="leaves the skeleton"):
        repositories.read(other, tree, "other")
