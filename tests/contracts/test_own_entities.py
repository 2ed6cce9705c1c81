"""What describes Scenedock itself is judged as strictly as what it emits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.tools.judge import judge

CATALOG_INFO = Path(__file__).parents[2] / "catalog-info"


def entities() -> list[dict[str, Any]]:
    """All of them, with the text of the API's definition where it is read from a file."""
    read: list[dict[str, Any]] = []
    for file in sorted(CATALOG_INFO.rglob("*.yaml")):
        for entity in yaml.safe_load_all(file.read_bytes()):
            if entity["kind"] == "API":
                entity["spec"]["definition"] = (file.parent / entity["spec"]["definition"]["$text"]).read_text("utf-8")
            read.append(entity)
    return read


def test_backstage_accepts_the_entities_that_describe_scenedock() -> None:
    assert {entity["kind"] for entity in entities()} == {"API", "Component", "Location", "Template"}
    assert judge(entities()) == [None] * len(entities())


def test_one_file_brings_every_template() -> None:
    (location,) = (entity for entity in entities() if entity["kind"] == "Location")

    assert location["spec"]["targets"] == [
        f"./{file.relative_to(CATALOG_INFO)}" for file in sorted(CATALOG_INFO.glob("templates/*.yaml"))
    ]
