"""Links that a hook creates stay links, if they stay in the project; every way out of it is refused by name."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenedock.skeletons.rendering.result_links import wrong_link

FILES = {"README.md", "src/a.py", "src/deep/b.py", "docs/index.md"}
LEAVES = "leaves the project's folder"
NOTHING = "its target doesn't exist, or is a folder without files"
NEVER_ENDS = "whoever follows it comes back to it, and never ends"
CIRCLE = "it leads in a circle, or through more than 40 links"


@pytest.mark.parametrize(
    "links",
    [
        {"x": "README.md"},
        {"src/x": "../README.md"},
        {"src/x": ".././docs//index.md"},
        {"x": "src"},
        {"x": "src/"},
        {"docs/x": "../src/deep"},
        {"x": "..x/y", "..x/y": "../README.md"},
        {"a": "b", "b": "c", "c": "README.md"},  # a library with its versions
        {"a": "b/deep/b.py", "b": "src"},
        {"a": "b/../README.md", "b": "docs"},
        {f"l{number:02}": f"l{number + 1:02}" for number in range(39)} | {"l39": "README.md"},
    ],
)
def test_a_link_that_stays_inside_is_kept(links: dict[str, str]) -> None:
    assert wrong_link(links, FILES) == ""


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ({"x": "/etc/passwd"}, LEAVES),
        ({"x": "//etc"}, LEAVES),
        ({"x": "../secret"}, LEAVES),
        ({"x": ".."}, LEAVES),
        ({"src/x": "../../secret"}, LEAVES),
        ({"src/x": "../../project/README.md"}, LEAVES),  # it comes back, but the folder may get another name
        ({"x": "src/../../project/README.md"}, LEAVES),
        ({"x": "y", "y": "/etc/passwd"}, "'y' leaves the project's folder"),
        ({"x": "y/passwd", "y": "/etc"}, "'y' leaves the project's folder"),
        ({"x": "y", "y": "../secret"}, "'y' leaves the project's folder"),
        ({"src/deep/x": "y/../..", "src/deep/y": "../../docs"}, LEAVES),  # to read it, one would say: src
        ({"src/deep/x": "y/../../secret", "src/deep/y": "../../docs"}, LEAVES),
        ({"x": "nothing"}, NOTHING),
        ({"x": ""}, NEVER_ENDS),
        ({"x": "empty"}, NOTHING),
        ({"x": ".git/config"}, NOTHING),
        ({"x": "README.md/"}, "'README.md' on the way is a file"),
        ({"x": "README.md/../src"}, "'README.md' on the way is a file"),
        ({"x": "y/../src", "y": "README.md"}, "'README.md' on the way is a file"),
        ({"x": "x"}, CIRCLE),
        ({"x": "./x/y"}, CIRCLE),
        ({"x": "y", "y": "x"}, CIRCLE),
        ({"a": "b", "b": "c", "c": "a"}, CIRCLE),
        ({f"l{number:02}": f"l{number + 1:02}" for number in range(40)} | {"l40": "README.md"}, "more than 40 links"),
        ({"x": "/".join(["y", *["../y"] * 40]), "y": "src"}, "more than 40 links"),
        ({"x": "."}, NEVER_ENDS),
        ({"src/x": ".."}, NEVER_ENDS),
        ({"src/deep/x": ".."}, NEVER_ENDS),
        ({"src/deep/x": "."}, NEVER_ENDS),
        ({"src/x": "../docs", "docs/x": "../src"}, NEVER_ENDS),
        ({"src/deep/x": "../../y", "y": "src"}, NEVER_ENDS),
    ],
)
def test_every_other_is_refused_with_its_name(links: dict[str, str], reason: str) -> None:
    said = wrong_link(links, FILES)

    named = said.partition(":")[0]
    assert said.startswith(f"{named}: the link to {links[named][:200]!r} can't be used: ")
    assert reason in said


def test_many_links_through_many_others_are_followed_once() -> None:
    long = "/".join(["src", ".."] * 500)
    through = {f"l{number}": f"{long}/l{number % 39}x" for number in range(2_000)}

    assert wrong_link(through | {f"l{number}x": "src" for number in range(39)}, FILES) == ""


names = st.sampled_from(["a", "b", "c"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
targets = st.lists(st.sampled_from(["a", "b", "c", ".", "..", ""]), min_size=1, max_size=5).map("/".join)


@settings(max_examples=100)
@given(st.sets(paths, max_size=4), st.dictionaries(paths, targets, min_size=1, max_size=5))
def test_on_a_real_disk_what_is_kept_is_found_inside_and_every_walk_ends(
    files: set[str], links: dict[str, str]
) -> None:
    taken = files | links.keys()
    files = {path for path in files - links.keys() if not _is_below_any(path, taken)}
    links = {path: text for path, text in links.items() if text and not _is_below_any(path, taken)}
    with TemporaryDirectory() as work:
        root = Path(work).resolve() / "project"
        root.mkdir()
        for path in (*files, *links):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
        for path in files:
            (root / path).touch()
        for path, text in links.items():
            (root / path).symlink_to(text)
        if said := wrong_link(links, files):
            assert said.partition(":")[0] in links
            return
        for path in links:
            assert (root / path).resolve(strict=True).is_relative_to(root)
        for count, _ in enumerate(os.walk(root, followlinks=True)):
            assert count < 10_000


def _is_below_any(path: str, others: set[str]) -> bool:
    return any(path.startswith(f"{other}/") for other in others)
