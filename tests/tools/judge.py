"""Backstage itself as the reference: its validators' verdicts on entities, and how its YAML reader reads a text."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scenedock.model.json import Json
from tests.tools.node import node, node_modules

UNRECOGNISED = "No processor recognized the entity"
"""Its verdict on a kind that none of its validators supports, if the envelope is valid."""

_CONTRACTS = Path(__file__).parent.parent / "contracts" / "node"


def judge(entities: Sequence[Json]) -> list[str | None]:
    """Backstage's verdict on each entity: None if it is accepted, else the error message."""
    return _ask("verdicts", entities)


def read_with_backstage(text: str) -> list[Json]:
    """The documents of a YAML text as the catalog reads them, without empty ones.

    Raises
    ------
    ValueError   it refuses the text
    """
    (answer,) = _ask("documents", [text])
    if "error" in answer:
        raise ValueError(answer["error"])
    documents: list[Json] = answer["documents"]
    return documents


def judge_references(references: Sequence[tuple[str, str]]) -> list[str | None]:
    """What Backstage says of references, each with the kind that it means by default: None where it can read one."""
    return _ask("references", [{"text": text, "defaultKind": kind} for text, kind in references])


def _ask(what: str, questions: Iterable[object]) -> list[Any]:
    """One answer for each question; starting node takes a second, so ask many at once."""
    done = subprocess.run(
        [str(node()), str(_CONTRACTS / "judge.mjs"), what],
        cwd=node_modules(_CONTRACTS),
        input="".join(f"{json.dumps(question)}\n" for question in questions),
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"Backstage's validators failed to run:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.split("\n") if line]
