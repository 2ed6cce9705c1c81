"""What is recorded of a bake is enough to do it again, and to see what was changed since."""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.skeletons.library import OpenedSkeleton
from scenedock.model.json import JsonObject
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.output import BakedTree
from scenedock.skeletons.rendering.provenance import Provenance
from scenedock.skeletons.skeleton import Skeleton
from scenedock.usecases.skeletons.bake_skeleton import bake_opened
from tests.skeletons.in_memory import ROOT, skeleton_of

QUESTIONS: dict[str, Any] = {
    "name": "Billing",
    "module": "{{ cookiecutter.name|lower }}",
    "replicas": 2,
    "docs": True,
    "ports": {"http": 80, "metrics": 9090},
    "token": "",
    "note": "x",
    "__shout": "{{ cookiecutter.name|upper }}",
    "_scenedock": {"questions": {"token": {"secret": True}}},
}
FILES: dict[str, str | bytes] = {"a/{{cookiecutter.module}}.txt": "{{ cookiecutter.__shout }}\n", "logo": b"\0\1"}
ANSWERS: JsonObject = {"name": "Search", "docs": False, "ports": {"http": 8080}, "token": "c4n4ry", "note": "a c4n4ry"}


def bake(skeleton: Skeleton, answers: JsonObject) -> BakedTree:
    return bake_opened(OpenedSkeleton(CompiledSkeleton(skeleton), Provenance("demo")), answers, ConfinedBakes())


def recorded(tree: BakedTree) -> Any:
    (text,) = (file.content for file in tree.files if file.path.endswith("/.scenedock/skeleton.yaml"))
    return yaml.safe_load(text)


def test_answers_are_apart_from_what_was_computed_and_secrets_are_only_named() -> None:
    about = recorded(bake(skeleton_of(QUESTIONS, FILES), ANSWERS))

    assert about["format"] == 2
    assert about["answers"] == {"name": "Search", "docs": False, "ports": {"http": 8080}}
    assert about["computed"] == {"slug": "project", "module": "search", "replicas": "2"}
    assert about["withheld"] == ["token", "note"]


def test_every_file_has_the_hash_of_its_bytes() -> None:
    tree = bake(skeleton_of(QUESTIONS, FILES), ANSWERS)

    assert recorded(tree)["files"] == {
        "a/search.txt": hashlib.sha256(b"SEARCH\n").hexdigest(),
        "logo": hashlib.sha256(b"\0\1").hexdigest(),
    }


def test_the_recorded_answers_bake_the_same_again() -> None:
    skeleton = skeleton_of(QUESTIONS, FILES)
    tree = bake(skeleton, {name: answer for name, answer in ANSWERS.items() if name not in {"token", "note"}})

    assert bake(skeleton, recorded(tree)["answers"]) == tree


def test_the_choice_of_a_nested_skeleton_is_an_answer() -> None:
    questions = '{"templates": {"first": {"path": "one"}, "other": {"path": "two"}}}'
    files: dict[str, str | bytes] = {f"/{folder}/{ROOT}/a.txt": folder for folder in ("one", "two")}
    files |= {f"/{folder}/cookiecutter.json": '{"slug": "s"}' for folder in ("one", "two")}

    about = recorded(bake(skeleton_of(questions, files), {"templates": "other"}))

    assert (about["answers"], about["computed"]) == ({"templates": "other"}, {"slug": "s"})


def test_hashes_are_those_after_the_hooks() -> None:
    hook = "open('b.txt', 'w').write('made'); open('a.txt', 'a').write('!')"
    skeleton = skeleton_of({}, {"a.txt": "x", "/hooks/post_gen_project.py": hook})
    opened = OpenedSkeleton(CompiledSkeleton(skeleton), Provenance("demo"), allow=frozenset({"hooks"}))

    about = recorded(bake_opened(opened, {"slug": "s"}, ConfinedBakes()))

    assert about["files"] == {
        name: hashlib.sha256(text).hexdigest() for name, text in {"a.txt": b"x!", "b.txt": b"made"}.items()
    }
    assert about["answers"] == {"slug": "s"}
