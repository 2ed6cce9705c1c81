"""What pages show of repositories and of a catalog that is kept."""

from __future__ import annotations

from pathlib import Path

from scenedock.catalog.comparing.memory import memory_of
from scenedock.catalog.emitting.feed import Feed
from scenedock.model.entity import build_entity
from scenedock.model.finding import Place
from scenedock.runtime.wiring import served_repositories
from scenedock.usecases.catalog.catalog_record import write_record
from scenedock.usecases.releases.overview import read_overview
from tests.scenarios.repositories import plant


def test_what_is_kept_hides_no_service_of_its_name(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {"cart/Chart.yaml": "apiVersion: v2\nname: cart\nversion: 1.0.0\n"})
    entities = [build_entity(kind, "cart", {}, {}, Place("gone", "cart")) for kind in ("System", "Component", "API")]
    kept = write_record(Feed({}, {}, (), ()), memory_of(entities), ())

    overview = read_overview(served_repositories([str(root)], tmp_path), kept)

    assert [(each.name, each.main.kind, each.is_kept) for each in overview.services] == [
        ("cart", "Component", False),
        ("system:cart", "System", True),
    ]
    assert overview.kept == ("system:cart",)
