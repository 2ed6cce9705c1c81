"""The example is what today's skeletons make."""

from __future__ import annotations

from pathlib import Path

from scenedock.effects.skeletons.folders import read_skeleton
from scenedock.skeletons.rendering.bake import bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "examples" / "acme-apps" / "acme-service"


def test_the_library_of_the_example_is_what_its_skeleton_makes() -> None:
    """Else a deployment that is baked beside it, as the README does, has values that it doesn't know."""
    skeleton = read_skeleton(ROOT / "cookiecutters", "library-chart", directory="library-chart")
    answers = {"name": LIBRARY.name, "owner": "group:default/platform"}
    tree, _ = bake(CompiledSkeleton(skeleton), answers)

    made = {file.path.removeprefix(f"{LIBRARY.name}/"): file.content for file in tree.files}
    there = {
        path.relative_to(LIBRARY).as_posix(): path.read_bytes()
        for path in LIBRARY.rglob("*")
        if path.is_file() and ".scenedock" not in path.parts
    }
    assert there == made
