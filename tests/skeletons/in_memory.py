"""Small skeletons without a disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scenedock.skeletons.rendering.bake import Surroundings, bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.output import BakedTree
from scenedock.skeletons.sandbox.metering import BakeLimits
from scenedock.skeletons.skeleton import Skeleton, SkeletonFile

ROOT = "{{cookiecutter.slug}}"


def skeleton_of(
    questions: Mapping[str, Any] | str, files: Mapping[str, str | bytes], *, version: str = "1"
) -> Skeleton:
    """`files` are relative to the project folder, or to the skeleton's where they begin with `/`."""
    source = questions if isinstance(questions, str) else json.dumps({"slug": "project", **questions}, indent=2)
    placed = {"cookiecutter.json": source, **{_placed(path): content for path, content in files.items()}}
    folders = {ROOT: 0o755}
    for path in placed:
        parts = path.split("/")[:-1]
        folders |= {"/".join(parts[:depth]): 0o755 for depth in range(1, len(parts) + 1)}
    contents = {path: text if isinstance(text, bytes) else text.encode() for path, text in placed.items()}
    return Skeleton("demo", version, {path: SkeletonFile(content) for path, content in contents.items()}, folders)


def _placed(path: str) -> str:
    return path.removeprefix("/") if path.startswith("/") else f"{ROOT}/{path}"


def baked(
    questions: Mapping[str, Any], contents: Mapping[str, str | bytes], answers: Mapping[str, Any], **limits: Any
) -> BakedTree:
    compiled = CompiledSkeleton(skeleton_of(questions, contents))
    return bake(compiled, dict(answers), Surroundings(), BakeLimits(**limits))[0]


def rendered(body: str, questions: Mapping[str, Any] | None = None, **answers: Any) -> str:
    """One file's text."""
    tree = baked(questions or {}, {"a.txt": body}, answers)
    return tree.files[0].content.decode()
