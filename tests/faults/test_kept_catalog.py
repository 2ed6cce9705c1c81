"""The catalog is kept once for an installation, whichever replica is faster, and in whatever it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from scenedock.effects.local.catalog_file import CatalogFile, CatalogStore
from scenedock.effects.tasks.storage.catalog_table import CatalogTable
from scenedock.effects.tasks.storage.database import database_address
from scenedock.errors import ConflictError, InputError, TemporaryError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.runtime.feed.shared_catalog import SharedCatalog
from scenedock.structs import replace
from tests.faults.processes import migrated
from tests.scenarios.repositories import plant
from tests.tools.feed import FeedService, accept
from tests.tools.postgres import Postgres
from tests.tools.server import wait_until

ODD = 'é \\u0000 "'


@pytest.fixture(params=["file", "postgresql"])
def stores(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres
) -> Iterator[tuple[CatalogStore, CatalogStore]]:
    """The store of an installation, as two replicas have it."""
    if request.param == "file":
        yield CatalogFile(tmp_path / "data" / "catalog.json"), CatalogFile(tmp_path / "data" / "catalog.json")
        return
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with closing(table(url, tmp_path)) as one, closing(table(url, tmp_path)) as other:
        yield one, other


def table(url: str, data: Path) -> CatalogTable:
    return CatalogTable(database_address(url, data))


def test_what_one_replica_keeps_the_other_has(stores: tuple[CatalogStore, CatalogStore]) -> None:
    one, other = stores
    assert (one.version(), one.load()) == ("", None)

    version = one.save(KeptCatalog("head", ODD, "memory"), "")

    assert version
    assert other.version() == version
    assert other.load() == KeptCatalog("head", ODD, "memory", version)
    newer = other.save(KeptCatalog("a", "b", ""), version)
    assert newer not in {version, None}
    assert one.load() == KeptCatalog("a", "b", "", newer or "")


def test_who_was_overtaken_keeps_nothing(stores: tuple[CatalogStore, CatalogStore]) -> None:
    one, other = stores
    version = one.save(KeptCatalog("1", "", ""), "")

    assert other.save(KeptCatalog("2", "", ""), "") is None
    assert version
    assert one.save(KeptCatalog("3", "", ""), version)
    assert other.save(KeptCatalog("4", "", ""), version) is None
    kept = other.load()
    assert kept
    assert kept.head == "3"


def test_of_many_at_once_one_after_the_other_is_the_fastest(stores: tuple[CatalogStore, CatalogStore]) -> None:
    def count(store: CatalogStore) -> None:
        done = 0
        while done < 20:
            kept = store.load()
            number = int(kept.head) + 1 if kept else 1
            done += store.save(KeptCatalog(str(number), "", ""), kept.version if kept else "") is not None

    threads = [Thread(target=count, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = stores[0].load()
    assert kept
    assert kept.head == "40"


def test_a_database_that_was_away_is_asked_again(tmp_path: Path, postgres: Postgres) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with closing(table(url, tmp_path)) as store:
        store.save(KeptCatalog("head", "feed", "memory"), "")
        postgres.stop()
        try:
            with pytest.raises(TemporaryError, match="can't be reached"):
                store.load()
        finally:
            postgres.start()

        assert store.load() == KeptCatalog("head", "feed", "memory", "1")


def test_a_database_that_has_no_such_table_must_be_migrated(tmp_path: Path, postgres: Postgres) -> None:
    with (
        closing(table(postgres.make_database(tmp_path.name), tmp_path)) as store,
        pytest.raises(ConflictError, match="scenedock migrate"),
    ):
        store.version()


def test_what_a_full_database_cannot_keep_is_remembered_here(tmp_path: Path, postgres: Postgres) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    first, second = (KeptCatalog('{"format": 1}', feed, "{}") for feed in ("", "x"))
    with psycopg.connect(url, autocommit=True) as administrator, closing(table(url, tmp_path)) as store:
        shared = SharedCatalog(store)
        shared.take_over()
        administrator.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
        )
        administrator.execute("CREATE TRIGGER full_disk BEFORE INSERT ON kept_catalog EXECUTE FUNCTION full_disk()")
        with pytest.raises(InputError, match="the disk is full"):
            store.save(first, "")
        assert shared.replace(None, first)
        assert shared.last() == first

        administrator.execute("DROP TRIGGER full_disk ON kept_catalog")
        assert shared.replace(first, second)
        assert shared.last() == replace(second, version="1")


def test_replicas_that_share_a_database_serve_the_same_bytes_and_so_does_one_that_starts_fresh(
    tmp_path: Path, postgres: Postgres
) -> None:
    files = {f"app-{number}/Chart.yaml": f"name: a\ndescription: {'x' * number}\n" for number in range(6)}
    root = plant(tmp_path / "apps", {**files, "scenedock.yaml": "vanishing: {secondLook: 1}\n"})
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    replicas = [FeedService.of(tmp_path / name, [root], SCENEDOCK_DATABASE_URL=url) for name in ("one", "two", "new")]
    one, two, new = replicas
    try:
        for each in (one, two):
            each.server.start()
        before = one.files()
        for number in range(5):
            shutil.rmtree(root / f"app-{number}")
        for each in (one, two):
            each.wait_for("apps", "5 of its 6 entities would vanish")
        new.server.start()
        new.wait_for("apps", "5 of its 6 entities would vanish")
        assert one.files() == two.files() == new.files() == before

        assert accept("apps", **two.environment).stdout == "apps: accepted\n"
        for each in replicas:
            each.wait_until_well("apps")
            wait_until(lambda each=each: len(each.entities()) == 1, "the smaller catalog")  # type: ignore[misc]
        assert one.files() == two.files() == new.files()
    finally:
        for each in replicas:
            each.server.stop()
