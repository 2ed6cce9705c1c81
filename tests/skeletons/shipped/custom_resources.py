"""The schemas of Argo CD, the Gateway API and of operators, asked through the packages that hold them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tools.node import node, node_modules

_FOLDER = Path(__file__).parent / "node"


def judge_custom_resources(resources: Sequence[dict[str, Any]]) -> list[list[str]]:
    """What is wrong with each custom resource: nothing, or messages. An unknown field is wrong."""
    done = subprocess.run(
        [str(node()), str(_FOLDER / "judge.mjs")],
        cwd=node_modules(_FOLDER),
        input="".join(f"{json.dumps(resource)}\n" for resource in resources),
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"the validator of custom resources failed:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]
