"""The result of a bake in memory: what a disk would refuse is refused, and nothing leaves the project's folder."""

from __future__ import annotations

import pytest

from scenedock.skeletons.problems import LimitError, SkeletonError
from scenedock.skeletons.rendering.output import BakedFile, BakedTree, OutputFolder, OutputPathError, contained
from scenedock.skeletons.sandbox.metering import BakeLimits

TREE = BakedTree("a/billing", (BakedFile("a/billing/x/y", b""),), {"a/billing": None, "a/billing/x": 0o755})


def output(**limits: int) -> OutputFolder:
    return OutputFolder("billing", BakeLimits(**limits))


def paths(made: OutputFolder) -> list[str]:
    tree = made.tree()
    return sorted([*(f"{folder}/" for folder in tree.folders), *(file.path for file in tree.files)])


def test_a_file_is_added_with_the_folders_that_it_needs() -> None:
    tree = TREE.with_file(BakedFile("a/billing/.scenedock/deep/skeleton.yaml", b"x"))

    assert [file.path for file in tree.files] == ["a/billing/.scenedock/deep/skeleton.yaml", "a/billing/x/y"]
    assert list(tree.folders.items()) == [
        ("a/billing", None),
        ("a/billing/.scenedock", None),
        ("a/billing/.scenedock/deep", None),
        ("a/billing/x", 0o755),
    ]


@pytest.mark.parametrize("path", ["a/billing/x", "a/billing/x/y", "a/billing/x/y/z"])
def test_a_file_is_not_added_where_the_skeleton_has_made_something(path: str) -> None:
    with pytest.raises(SkeletonError, match=f"the skeleton contains {path}, but Scenedock writes a file of that name"):
        TREE.with_file(BakedFile(path, b""))


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ({"a": "x/../y", "b": "ok", "c": ["../"]}, "; check the answer to a"),
        ({"a": "ok"}, ""),
    ],
)
def test_of_a_path_that_leaves_its_folder_the_answer_is_named_that_may_be_the_cause(
    answers: dict[str, object], cause: str
) -> None:
    with pytest.raises(OutputPathError) as refused:
        contained("x/../y", "{{cookiecutter.a}}", answers)

    said = "the path '{{cookiecutter.a}}' of the skeleton can't be used: it contains `..`"
    assert str(refused.value) == f"{said}{cause}"


def test_of_a_name_that_is_too_long_or_not_printable_the_long_and_the_unprintable_answers_are_named() -> None:
    answers = {"long": "x" * 64, "short": "x" * 63, "bell": "\a"}

    for path in ("x" * 256, "a\a"):
        with pytest.raises(OutputPathError, match=r"check the answer to long, bell$"):
            contained(path, "t", answers)


def test_a_path_loses_its_empty_parts_and_dots() -> None:
    assert contained("a//./b", "t", {}) == "a/b"


def test_a_folder_is_made_with_those_above_it() -> None:
    made = output()
    made.make_folder("x/y", "t")
    made.write("x/y/f", "t", b"1", 0o644)
    made.write("f", "t", b"1", 0o644)

    assert paths(made) == ["billing/", "billing/f", "billing/x/", "billing/x/y/", "billing/x/y/f"]
    assert (made.is_folder("x"), made.is_folder("x/y/f"), made.is_folder("z")) == (True, False, False)


@pytest.mark.parametrize(
    ("path", "said"),
    [("x", "'x' already exists"), ("f", "'f' already exists"), ("", "its name is empty"), ("f/y", "'f' is a file")],
)
def test_a_folder_is_not_made_where_something_is(path: str, said: str) -> None:
    made = output()
    made.make_folder("x", "t")
    made.write("f", "t", b"", 0o644)

    with pytest.raises(OutputPathError, match=f"the folder 't' of the skeleton can't be created: {said}"):
        made.make_folder(path, "t")


@pytest.mark.parametrize("path", ["x", "none/f", "f/g"])
def test_a_file_is_written_into_a_folder_that_is_there_and_not_over_one(path: str) -> None:
    made = output()
    made.make_folder("x", "t")
    made.write("f", "t", b"", 0o644)

    with pytest.raises(OutputPathError, match="the file 't' of the skeleton can't be written"):
        made.write(path, "t", b"", 0o644)


def test_a_file_that_is_written_again_is_what_was_written_last() -> None:
    made = output()
    made.write("f", "t", b"one", 0o644)
    made.write("f", "t", b"two", 0o755)

    (file,) = made.tree().files
    assert (file.content, file.executable) == (b"two", True)


def test_a_copied_folder_stands_in_place_of_what_was_there_and_of_nothing_else() -> None:
    made = output()
    for folder in ("x/old", "xy"):
        made.make_folder(folder, "t")
        made.write(f"{folder}/f", "t", b"", 0o644)

    made.copy_folder("x", "t", {"": 0o700, "new": 0o750}, [BakedFile("g", b""), BakedFile("new/h", b"")])

    assert paths(made) == [
        *("billing/", "billing/x/", "billing/x/g", "billing/x/new/", "billing/x/new/h", "billing/xy/", "billing/xy/f"),
    ]
    assert made.tree().folders["billing/x/new"] == 0o750


def test_a_folder_that_is_copied_to_the_root_stands_in_place_of_everything() -> None:
    made = output()
    made.make_folder("x", "t")
    made.write("f", "t", b"", 0o644)

    made.copy_folder("", "t", {}, [BakedFile("g", b"")])

    assert paths(made) == ["billing/", "billing/g"]


def test_the_result_may_have_as_many_bytes_and_files_as_the_limits_say_and_no_more() -> None:
    made = output(output_bytes=4)
    made.write("f", "t", b"1234", 0o644)
    with pytest.raises(LimitError, match="more than 4 bytes"):
        made.write("g", "t", b"1", 0o644)

    made = output(files=3)
    made.write("f", "t", b"", 0o644)
    made.make_folder("x", "t")
    with pytest.raises(LimitError, match="more than 3 files and folders"):
        made.make_folder("y", "t")
    with pytest.raises(LimitError, match="more than 3 files and folders"):
        made.write("g", "t", b"", 0o644)
