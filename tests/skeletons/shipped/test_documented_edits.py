"""The edits that the documentation shows fit what the shipped skeleton for deployments makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scenedock.actions.publishing import commit_change, propose_change
from scenedock.gitops.changes import Edit, apply_edit
from tests.skeletons.shipped.world import bake

PUBLISHING = Path(__file__).parents[3] / "docs" / "publishing.md"


def documented() -> Iterator[dict[str, Any]]:
    """Every edit of a values file of `billing` in the documentation of publishing and in the examples of actions."""
    text = PUBLISHING.read_text(encoding="utf-8")
    for block in re.findall(r"```yaml\n(edits:.*?)```", text, re.DOTALL):
        yield from yaml.safe_load(block)["edits"]
    for shown in re.findall(r'"edits": (\[.*?\])}', text):
        yield from json.loads(shown)
    for example in (*propose_change.EXAMPLES, *commit_change.EXAMPLES):
        yield from example.input.get("edits", [])  # type: ignore[misc]


def test_each_documented_edit_of_a_values_file_fits_a_baked_one(tmp_path: Path) -> None:
    folder = bake("deployment", tmp_path, {"service": "billing"})
    edits = [each for each in documented() if each["path"].startswith("billing/")]

    for each in edits:
        edit = Edit(each["path"], each.get("set", {}), each.get("add", {}), document=each.get("document"))
        before = (folder.parent / each["path"]).read_bytes()
        assert apply_edit(before, edit) != before
    assert len(edits) >= 5
