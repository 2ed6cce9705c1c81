"""The catalog of some repositories as an installed release serves it.

`python -m tests.upgrades.catalog FOLDER COMMAND` keeps it.

FOLDER has `repositories.yaml`: the files of each repository. The command of a release writes beside it `entities.yaml`,
what it served of them, and `catalog-feed.json`, what it remembered.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import yaml

from tests.scenarios.repositories import plant
from tests.tools.feed import SCENEDOCK, FeedService

REPOSITORIES, ENTITIES, MEMORY = "repositories.yaml", "entities.yaml", "catalog-feed.json"


def planted(folder: Path, kept: Path) -> list[Path]:
    """The repositories of a kept folder, in another one."""
    repositories = yaml.safe_load((kept / REPOSITORIES).read_text(encoding="utf-8"))
    return [plant(folder / name, files) for name, files in repositories.items()]


def entities(service: FeedService) -> dict[str, object]:
    """What a service serves, by the references of the entities."""
    texts = [data.decode() for name, data in service.files().items() if name != "index"]
    return by_reference("\n---\n".join(texts))


def by_reference(text: str) -> dict[str, object]:
    """The entities of a text of YAML documents."""
    documents = filter(None, yaml.safe_load_all(text))
    return {f"{each['kind']}:{each['metadata']['name']}".lower(): each for each in documents}


def keep(kept: Path, program: str) -> None:
    """Write what a release serves and remembers."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        service = FeedService.of(folder, planted(folder, kept))
        service.server.command = [program, "serve"]
        service.server.start()
        try:
            served = entities(service)
        finally:
            service.server.stop()
        text = yaml.safe_dump_all([served[name] for name in sorted(served)], sort_keys=False)
        (kept / ENTITIES).write_text(text, encoding="utf-8")
        shutil.copy(folder / "data" / MEMORY, kept)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else SCENEDOCK)
