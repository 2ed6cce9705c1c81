"""The list of skeletons: what may stand in it, and what is said of what may not."""

from __future__ import annotations

import pytest

from scenedock.errors import InputError
from scenedock.skeletons.sources import SkeletonSource, read_sources

LIST = """
skeletons:
  - name: service
    path: ../skeletons/service
  - name: chart
    git: https://git.example.org/platform/skeletons.git
    ref: v1.2.3
    directory: charts/library
    allow: [hooks, extensions]
"""


def test_a_list_has_folders_and_repositories() -> None:
    assert read_sources(LIST.encode(), "skeletons.yaml") == (
        SkeletonSource("service", path="../skeletons/service"),
        SkeletonSource(
            "chart",
            git="https://git.example.org/platform/skeletons.git",
            ref="v1.2.3",
            directory="charts/library",
            allow=frozenset(["hooks", "extensions"]),
        ),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{name: a}", "3:5: skeletons[0]: must have either `path`, or `git` and `ref`"),
        (
            "{name: a, path: b, git: https://x/y, ref: v1}",
            "3:5: skeletons[0]: must have either `path`, or `git` and `ref`",
        ),
        ("{name: a, git: https://x/y}", "3:5: skeletons[0]: must have either"),
        ("{name: A_b, path: x}", "3:6: skeletons[0].name: "),
        (
            "{name: a, path: x, alow: [hooks]}",
            "3:24: skeletons[0].alow: there is no such key here (did you mean allow?)",
        ),
        ("{name: a, path: x, allow: [all]}", "3:32: skeletons[0].allow[0]: must be hooks or extensions or host"),
        ("{name: a, git: http://x/y, ref: v1}", "3:15: skeletons[0].git: "),
        ("{name: a, git: 'ext::sh -c id', ref: v1}", "3:15: skeletons[0].git: "),
        ("{name: a, git: file:///x, ref: v1}", "3:15: skeletons[0].git: "),
        ("{name: a, git: 'https://u:p@x/y', ref: v1}", "3:15: skeletons[0].git: "),
        ("{name: a, git: https://x/y, ref: --upload-pack=id}", "3:33: skeletons[0].ref: "),
        ("{name: a, git: https://x/y, ref: a..b}", "3:33: skeletons[0].ref: "),
        ("{name: a, git: https://x/y, ref: v1.lock}", "3:33: skeletons[0].ref: "),
        ("{name: a, git: https://x/y, ref: a//b}", "3:33: skeletons[0].ref: "),
        ("{name: a, git: https://x/y, ref: a/}", "3:33: skeletons[0].ref: "),
        ("{name: a, git: https://x/y, ref: a.}", "3:33: skeletons[0].ref: "),
        ("{name: a, git: https://x/y, ref: v1, directory: ../x}", "3:42: skeletons[0].directory: "),
        ("{name: a, git: https://x/y, ref: v1, directory: /x}", "3:42: skeletons[0].directory: "),
        ("{name: a, git: https://x/y, ref: v1, directory: -x}", "3:42: skeletons[0].directory: "),
        ("{name: a, path: x}\n  - {name: a, path: y}", "4:6: skeletons[1].name: is the same as that of skeletons[0]"),
        ("[", "this is not YAML"),
    ],
)
def test_what_can_not_stand_in_it_is_said_with_file_and_line(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_sources(f"\nskeletons:\n  - {line}\n".encode(), "skeletons.yaml")

    assert str(caught.value).startswith("skeletons.yaml:")
    assert message in str(caught.value)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        read_sources(b"skeletons:\n  - {name: a, git: 'https://u:c4n4ry@x/y', ref: v1}\n", "s.yaml")

    assert "must be https://HOST/PATH, without a user name or password" in str(caught.value)
    assert "c4n4ry" not in str(caught.value)


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        read_sources(b"skeletons:\n  - {name: A, path: x}\n  - {name: B, path: x}\n", "s.yaml")

    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == ["s.yaml:2:6", "s.yaml:3:6"]


@pytest.mark.parametrize("text", ["", "[]", "x", "skeletons: 1", "other: []"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^s\.yaml:1:1: "):
        read_sources(text.encode(), "s.yaml")


@pytest.mark.parametrize("written", ["charts/library", "./charts/library", "charts//library/", "charts/./library"])
def test_a_directory_has_one_name_however_it_is_written(written: str) -> None:
    (source,) = read_sources(f"skeletons: [{{name: x, path: x, directory: {written}}}]".encode(), "list.yaml")

    assert source.directory == "charts/library"
