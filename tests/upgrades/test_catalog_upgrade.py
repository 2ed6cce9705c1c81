"""Of the catalog that an earlier release served, this one loses nothing but what docs/upgrade.md explains."""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.feed import SCENEDOCK, FeedService
from tests.tools.postgres import running_postgres
from tests.tools.server import wait_until
from tests.upgrades.catalog import ENTITIES, MEMORY, by_reference, entities, planted

KEPT = sorted(Path(__file__).parent.glob("*/catalog"))
GONE = {"0.1.0": {"system:office"}}
COME = {"0.1.0": {"component:office"}}
CHANGED = {"0.1.0": {"component:calendar", "component:mail"}}
"""A chart that others share is a library, `mail`; so `office`, which lists that and one deployment, is no umbrella."""
SIGNING_KEY = Path(__file__).parent / "0.1.0" / "data-with-test-keys" / "signing-key.pem"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.extended)])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings of a database."""
    if request.param == "sqlite":
        yield {}
        return
    with running_postgres() as postgres:
        yield {
            "SCENEDOCK_DATABASE_URL": postgres.make_database("tasks"),
            "SCENEDOCK_SEAL_KEY": urlsafe_b64encode(bytes(32)).decode(),
            "SCENEDOCK_SIGNING_KEY": SIGNING_KEY.read_text(encoding="utf-8"),
        }


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.parent.name)
def test_nothing_vanishes_from_the_feed_but_what_is_explained(
    kept: Path, database: dict[str, str], tmp_path: Path
) -> None:
    release = kept.parent.name
    before = by_reference((kept / ENTITIES).read_text(encoding="utf-8"))
    repositories = planted(tmp_path, kept)
    (tmp_path / "data").mkdir()
    shutil.copy(kept / MEMORY, tmp_path / "data")
    chart = next(tmp_path.glob("*/billing/Chart.yaml"))
    text = chart.read_text(encoding="utf-8")
    chart.write_text("<<<<<<< HEAD\n", encoding="utf-8")  # so what is served of it is what is remembered
    service = FeedService.of(tmp_path, repositories, **database)
    if database:
        environment = {**os.environ, **service.environment}
        subprocess.run([SCENEDOCK, "migrate"], env=environment, check=True, capture_output=True)
    service.server.start()
    try:
        assert entities(service)["component:billing"] == before["component:billing"]
        chart.write_text(text, encoding="utf-8")
        service.wait_until_well("")
        come = COME[release]
        wait_until(lambda: come <= entities(service).keys(), "the first feed that this release has built")
        after = entities(service)
    finally:
        service.server.stop()

    assert after.keys() == (before.keys() - GONE[release]) | come
    assert {name for name in before.keys() & after.keys() if before[name] != after[name]} == CHANGED[release]
