"""The search for modules that two threads can import in opposite order, on a library whose parts import each other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = {"ring/__init__.py": "from ring import part\n", "ring/part.py": "import ring\nthing = 1\n"}
WHOLE = "def whole():\n    import ring\n"
PART = "def part():\n    from ring.part import thing\n"


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        pytest.param(
            {"one": WHOLE, "two": PART}, [{"ring": ["app.one.whole()"], "ring.part": ["app.two.part()"]}], id="opposite"
        ),
        pytest.param({"one": WHOLE, "two": WHOLE}, [], id="the same"),
        pytest.param({"one": WHOLE, "two": PART.replace("ring.part", "ring")}, [], id="by way of the library"),
        pytest.param(
            {"one": WHOLE, "two": "def both():\n    import ring\n    import ring.part\n"}, [], id="the library first"
        ),
        pytest.param(
            {"one": "import ring.part\n", "two": "import ring\n"},
            [{"ring": ["app.two"], "ring.part": ["app.one"]}],
            id="modules",
        ),
        pytest.param({"one": PART, "two": "import app.one\n"}, [], id="one way in"),
    ],
)
def test_a_circle_is_unsafe_if_threads_can_begin_it_in_different_places(
    tmp_path: Path, modules: dict[str, str], expected: list[object]
) -> None:
    for name, text in {
        **LIBRARY,
        "app/__init__.py": "",
        **{f"app/{name}.py": text for name, text in modules.items()},
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    program = [sys.executable, "-m", "tests.tools.import_order", str(tmp_path), "app", "app"]
    done = subprocess.run(program, capture_output=True, check=True, cwd=ROOT, text=True)

    assert json.loads(done.stdout) == expected
