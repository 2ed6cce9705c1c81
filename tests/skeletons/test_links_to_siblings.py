"""A link of a skeleton may lead to a sibling folder of its repository, as cookiecutter follows it, and no further."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.skeletons.library import OpenedSkeleton, SkeletonLibrary
from scenedock.effects.skeletons.repositories import SkeletonRepositories
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.sources import SkeletonSource
from scenedock.usecases.skeletons.bake_skeleton import bake_opened
from tests.skeletons.cookiecutter_cli import bake_as_cookiecutter, bake_as_ours
from tests.tools.git_server import GitServer, git_server

PROJECT = "{{cookiecutter.slug}}"
DEMO = f"charts/demo/{PROJECT}"
QUESTIONS = {"slug": "s", "_copy_without_render": ["copied", "copied/*"]}
FILES = {
    "charts/demo/cookiecutter.json": json.dumps(QUESTIONS),
    f"{DEMO}/README.md": "# {{ cookiecutter.slug }}\n",
    "common/lint.yaml": "for: {{ cookiecutter.slug }}\n",
    "common/files/a.txt": "{{ a }}\n",
    "common/files/deep/b.txt": "b\n",
    "secret.txt": "not linked\n",
}
LINKS = {
    f"{DEMO}/lint.yaml": "../../../common/lint.yaml",
    f"{DEMO}/copied": "../../../common/files",
    f"{DEMO}/empty": "../../../common/files",
}
EXPECTED = {
    "s/README.md": b"# s\n",
    "s/lint.yaml": b"for: s\n",
    "s/copied/a.txt": b"{{ a }}\n",
    "s/copied/deep/b.txt": b"b\n",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as running:
        yield running


def lay_out(root: Path, files: Mapping[str, str], links: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for path, target in links.items():
        (root / path).symlink_to(target)
    return root


def library(tmp_path: Path, source: SkeletonSource) -> SkeletonLibrary:
    return SkeletonLibrary((source,), tmp_path, None, SkeletonRepositories(tmp_path / "cache", protocols=("http",)))


def from_git(tmp_path: Path, server: GitServer, links: Mapping[str, str], **more: str) -> OpenedSkeleton:
    server.commit("demo", FILES | more, links=dict(links))
    source = SkeletonSource("demo", git=f"{server.address}/demo", ref="main", directory="charts/demo")
    return library(tmp_path, source).open("demo")


def from_list(tmp_path: Path, links: Mapping[str, str], **more: str) -> OpenedSkeleton:
    lay_out(tmp_path / "list", FILES | more, links)
    source = SkeletonSource("demo", path=str(tmp_path / "list"), directory="charts/demo")
    return library(tmp_path, source).open("demo")


def from_a_clone(tmp_path: Path, links: Mapping[str, str], **more: str) -> OpenedSkeleton:
    root = lay_out(tmp_path / "clone", FILES | more, links)
    subprocess.run(["git", "init", "--quiet", root], check=True)
    return library(tmp_path, SkeletonSource("other", path="x")).open_folder(root / "charts" / "demo")


def contents(opened: OpenedSkeleton) -> dict[str, bytes]:
    tree = bake_opened(opened, {}, ConfinedBakes())
    assert "s/empty" in tree.folders
    return {file.path: file.content for file in tree.files if "/.scenedock/" not in file.path}


def test_from_a_git_repository(tmp_path: Path, server: GitServer) -> None:
    assert contents(from_git(tmp_path, server, LINKS)) == EXPECTED


def test_from_a_folder_of_the_list(tmp_path: Path) -> None:
    assert contents(from_list(tmp_path, LINKS)) == EXPECTED


def test_from_a_folder_of_a_clone(tmp_path: Path) -> None:
    assert contents(from_a_clone(tmp_path, LINKS)) == EXPECTED


def test_they_all_have_one_digest(tmp_path: Path, server: GitServer) -> None:
    opened = from_git(tmp_path, server, LINKS), from_list(tmp_path, LINKS), from_a_clone(tmp_path, LINKS)

    assert len({each.compiled.skeleton.digest for each in opened}) == 1


def test_cookiecutter_writes_the_same(tmp_path: Path) -> None:
    from_a_clone(tmp_path, LINKS)
    skeleton = tmp_path / "clone" / "charts" / "demo"

    theirs = bake_as_cookiecutter(skeleton, {}, tmp_path)

    assert isinstance(theirs, dict)
    assert theirs == bake_as_ours(skeleton, {}, tmp_path)


def test_hooks_see_the_same_skeleton(tmp_path: Path) -> None:
    hook = {"charts/demo/hooks/post_gen_project.py": "open('hook.txt', 'w').close()\n"}
    opened = from_list(tmp_path, LINKS, **hook)
    allowed = OpenedSkeleton(opened.compiled, opened.provenance, frozenset({"hooks"}))

    assert contents(allowed) == {**EXPECTED, "s/hook.txt": b""}


@pytest.mark.parametrize("hooks", [[], ["pre_prompt", "pre_gen_project"]], ids=["without hooks", "with hooks"])
def test_a_nested_skeleton_reaches_what_is_beside_it(tmp_path: Path, hooks: list[str]) -> None:
    questions = {"templates": {"demo": {"path": "./charts/demo"}}}
    more = {"cookiecutter.json": json.dumps(questions)} | {f"charts/demo/hooks/{hook}.py": "" for hook in hooks}
    lay_out(tmp_path / "list", FILES | more, LINKS)
    source = SkeletonSource("demo", path=str(tmp_path / "list"), allow=frozenset({"hooks"}))

    assert contents(library(tmp_path, source).open("demo")) == EXPECTED


def test_a_change_of_what_is_linked_is_a_new_version_and_of_the_rest_not(tmp_path: Path, server: GitServer) -> None:
    source = SkeletonSource("demo", path=str(tmp_path / "list"), directory="charts/demo")
    from_list(tmp_path, LINKS)
    opened = library(tmp_path, source)
    first = opened.open("demo").compiled
    (tmp_path / "list" / "secret.txt").write_text("changed")
    assert opened.open("demo").compiled is first
    (tmp_path / "list" / "common" / "files" / "deep" / "b.txt").write_text("changed")
    assert opened.open("demo").compiled is not first

    assert contents(from_git(tmp_path, server, LINKS)) == EXPECTED
    changed = from_git(tmp_path, server, LINKS, **{"common/lint.yaml": "changed\n"})
    assert contents(changed)["s/lint.yaml"] == b"changed\n"


REFUSED: list[Any] = [
    ("/etc/passwd", "it leaves the skeleton's repository"),
    ("../../../../outside.txt", "it leaves the skeleton's repository"),
    ("../../..", "it leaves the skeleton's repository"),
    ("../..", "it leads to a folder that contains the skeleton"),
    ("../../../common/none", "its target doesn't exist"),
    ("../../../common/chain", "it points to another link"),
    ("../../../out/passwd", "its target doesn't exist"),
    ("../../../.git/config", "its target doesn't exist"),
]


@pytest.mark.parametrize(("target", "reason"), REFUSED)
def test_a_link_that_leads_further_is_refused(tmp_path: Path, target: str, reason: str) -> None:
    (tmp_path / "outside.txt").write_text("outside")
    links = {"common/chain": "lint.yaml", "out": "/etc", f"{DEMO}/x": target}

    for opening in (from_list, from_a_clone):
        with pytest.raises(SkeletonError, match=reason) as caught:
            opening(tmp_path, links)
        assert f"/{PROJECT}/x: the link to '{target}' can't be used" in str(caught.value)


@pytest.mark.parametrize(("target", "reason"), [each for each in REFUSED if "/out/" not in each[0]])
def test_a_link_in_git_that_leads_further_is_refused_too(
    tmp_path: Path, server: GitServer, target: str, reason: str
) -> None:
    with pytest.raises(SkeletonError, match=reason):
        from_git(tmp_path, server, {"common/chain": "lint.yaml", f"{DEMO}/x": target})


def test_a_folder_without_a_repository_ends_where_it_ends(tmp_path: Path) -> None:
    lay_out(tmp_path / "list", FILES, {f"{DEMO}/x": "../../../common/lint.yaml"})
    source = SkeletonSource("demo", path=str(tmp_path / "list" / "charts" / "demo"))

    with pytest.raises(SkeletonError, match="it leaves the skeleton;"):
        library(tmp_path, source).open("demo")
