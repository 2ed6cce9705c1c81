"""A path stays in its folder, whatever system it is written on."""

from __future__ import annotations

import pytest

from scenedock.model.file_paths import LONGEST_NAME, refusal, without_dots


@pytest.mark.parametrize(
    "path",
    [
        "values.yaml",
        "a/b/c",
        "./a",
        "a//b",
        "...",
        "..a/b..",
        "a b/c:d",
        ":a",
        "1:a",
        "ab:c",
        "é/日本",
        ".github/workflows/x.yml",
        ".gitignore",
        "git/x",
        "a.git/x",
        ".git.d/x",
        "git~x",
        "e" * LONGEST_NAME,
        f"{'a/' * 500}b",
    ],
)
def test_a_path_that_stays_in_its_folder_is_no_problem(path: str) -> None:
    assert refusal(path) is None


@pytest.mark.parametrize(
    ("path", "reason", "marker"),
    [
        ("/etc/passwd", "it begins with `/`", "/"),
        ("..", "it has `..` in it", ".."),
        ("a/../b", "it has `..` in it", ".."),
        ("a/..", "it has `..` in it", ".."),
        ("a\\b", "it has a backslash in it", "\\"),
        ("C:x", "it begins with a drive", ":"),
        ("c:", "it begins with a drive", ":"),
        ("a\0b", "it has a NUL or another control character in it", ""),
        ("a\x1fb", "it has a NUL or another control character in it", ""),
        ("a\x7fb", "it has a NUL or another control character in it", ""),
        ("a/\udcff", "it is not UTF-8", ""),
        (".git/config", "it is inside a `.git` folder, where files become commands", "git"),
        ("a/.GIT/hooks/x", "it is inside a `.git` folder, where files become commands", "git"),
        ("GIT~1/config", "it is inside a `.git` folder, where files become commands", "git"),
        (".git. ./config", "it is inside a `.git` folder, where files become commands", "git"),
        (".git::$INDEX_ALLOCATION/config", "it is inside a `.git` folder, where files become commands", "git"),
        (".g\u200cit/config", "it is inside a `.git` folder, where files become commands", "git"),
        ("a/" + "e" * (LONGEST_NAME + 1), "a name in it is longer than 255 bytes", ""),
        ("é" * 128, "a name in it is longer than 255 bytes", ""),
    ],
)
def test_a_path_that_may_leave_its_folder_somewhere_is_refused_with_the_reason(
    path: str, reason: str, marker: str
) -> None:
    refused = refusal(path)

    assert refused
    assert (refused.reason, refused.marker) == (reason, marker)


def test_empty_parts_and_dots_are_taken_out_of_a_path() -> None:
    assert without_dots("./a//b/./c/") == "a/b/c"
