"""`scenedock skeletons drift`: a project, what it was baked from, and what its skeleton bakes today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from scenedock.doors.cli import main

ROOT = "{{cookiecutter.slug}}"
FILES = {name: f"{name} of {{{{ cookiecutter.slug }}}}\n" for name in ("a", "b", "c", "d", "e")}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a listed skeleton, and the project `out/x` that was baked from it."""
    skeleton = tmp_path / "demo"
    (skeleton / ROOT).mkdir(parents=True)
    (skeleton / "cookiecutter.json").write_text(json.dumps({"slug": "s"}))
    for name, text in FILES.items():
        (skeleton / ROOT / name).write_text(text)
    (tmp_path / "list.yaml").write_text("skeletons:\n  - {name: demo, path: demo}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCENEDOCK_SKELETONS", "list.yaml")
    monkeypatch.setenv("SCENEDOCK_COOKIECUTTERS", "none")
    assert run("bake", "demo", "--output", "out", "slug=x").exit_code == 0
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["skeletons", *words])


def test_a_project_that_nobody_has_touched_is_as_baked(place: Path) -> None:
    (place / "out" / "x" / "mine").write_text("not baked")

    done = run("drift", "out/x")

    assert (done.exit_code, done.output) == (0, "files: 5 baked, 0 different\n")


def test_each_file_says_who_has_changed_it(place: Path) -> None:
    skeleton, project = place / "demo" / ROOT, place / "out" / "x"
    (project / "a").write_text("mine")
    (project / "b").unlink()
    (skeleton / "c").write_text("theirs\n")
    (skeleton / "d").write_text("both")
    (project / "d").write_text("mine")
    (skeleton / "e").write_text("agreed {{ cookiecutter.slug }}")
    (project / "e").write_text("agreed x")
    (skeleton / "new").symlink_to("c")

    done = run("drift", "out/x")

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "FILE  PROJECT  SKELETON  NOW",
        "a     changed  -         -",
        "b     deleted  -         -",
        "c     -        changed   -",
        "d     changed  changed   -",
        "e     changed  changed   the same",
        "new   -        added     -",
        "files: 5 baked, 6 different",
    ]
    found = json.loads(run("drift", "out/x", "--format", "json").stdout)
    assert found["files"][4] == {"path": "e", "project": "changed", "skeleton": "changed", "same": True}


def test_another_skeleton_can_be_named(place: Path) -> None:
    (place / "demo").rename(place / "moved")

    gone, named = run("drift", "out/x"), run("drift", "out/x", "--skeleton", "./moved")

    assert gone.exit_code == 0
    assert gone.stdout == named.stdout == "files: 5 baked, 0 different\n"
    assert "not compared with the skeleton demo of today: " in gone.stderr
    assert named.stderr == ""


def test_a_new_question_that_requires_an_answer_is_the_reason(place: Path) -> None:
    asked = {"slug": "s", "owner": "", "_scenedock": {"questions": {"owner": {"required": True}}}}
    (place / "demo" / "cookiecutter.json").write_text(json.dumps(asked))

    done = run("drift", "out/x")

    assert done.exit_code == 0
    assert "owner: this question requires an answer" in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "has no `format: 2`: release 0.1 recorded no hashes"),
        ({"files": []}, "files: must be an object"),
        ({"files": {"../../secret": "0"}}, "must be a path in the project"),
        ({"skeleton": None}, "skeleton: must be a text"),
    ],
)
def test_a_record_that_cannot_be_used_is_an_error(place: Path, change: dict[str, object], message: str) -> None:
    file = place / "out" / "x" / ".scenedock" / "skeleton.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | change))

    done = run("drift", "out/x")

    assert done.exit_code == 2
    assert "out/x/.scenedock/skeleton.yaml:" in done.output
    assert message in done.output


def test_a_folder_that_was_not_baked_is_an_error(place: Path) -> None:
    done = run("drift", "demo")

    assert done.exit_code == 2
    assert "nothing says what this folder was baked from" in done.output
