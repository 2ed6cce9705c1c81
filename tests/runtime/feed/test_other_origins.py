"""What Backstage has from elsewhere is known as long as it can be asked, and stays known when it can't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import cast

import pytest

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.git.repositories import RepositoryFolder, ServedRepository
from scenedock.effects.local.catalog_file import CatalogFile
from scenedock.errors import AuthenticationError, TemporaryError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.runtime.feed.catalog_feed import CatalogFeed
from scenedock.runtime.feed.other_origins import OtherOrigins
from scenedock.runtime.feed.shared_catalog import SharedCatalog
from scenedock.runtime.feed.watched_repositories import WatchedRepositories
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.watching import BuiltFeed, Watch
from tests.scenarios.repositories import plant

FEED = "url:https://portal.example/scenedock/api/scenedock/catalog/catalog-info.yaml"
CODE = "url:https://github.com/acme/billing/blob/main/catalog-info.yaml"


@dataclass
class Catalog:
    """A Backstage's catalog: the Location of each Component that it has."""

    origins: dict[str, str] = field(default_factory=dict)
    problem: Exception | None = None
    asked: list[list[str]] = field(default_factory=list)

    def by_refs(self, refs: Sequence[EntityRef]) -> Iterator[Entity]:
        if self.problem:
            raise self.problem
        self.asked.append([ref.name for ref in refs])
        for ref in refs:
            if ref.name in self.origins:
                annotations = {"backstage.io/managed-by-origin-location": self.origins[ref.name]}
                yield Entity({"kind": "Component", "metadata": {"name": ref.name, "annotations": annotations}})


def origins_in(catalog: Catalog) -> OtherOrigins:
    return OtherOrigins(cast(BackstageCatalog, catalog))


def refs(*names: str) -> set[EntityRef]:
    return {EntityRef.of("component", name) for name in names}


def test_what_comes_from_our_feed_is_ours_by_whatever_address_and_is_asked_for_no_more() -> None:
    catalog = Catalog({"billing": CODE, "search": FEED})
    origins = origins_in(catalog)

    assert origins.ask(refs("billing", "search", "new"))
    assert origins.elsewhere == refs("billing")
    assert not origins.ask()
    assert catalog.asked == [["billing", "new", "search"], ["billing", "new"]]


def test_what_is_unregistered_elsewhere_is_ours_then() -> None:
    catalog = Catalog({"billing": CODE})
    origins = origins_in(catalog)
    origins.ask(refs("billing"))

    del catalog.origins["billing"]

    assert (origins.ask(), origins.elsewhere) == (True, frozenset())


def test_what_was_ours_is_asked_for_again_when_it_is_wanted_again() -> None:
    catalog = Catalog({"billing": FEED})
    origins = origins_in(catalog)
    origins.ask(refs("billing"))
    origins.ask(refs("search"))
    catalog.origins["billing"] = CODE

    assert origins.ask(refs("billing"))
    assert origins.elsewhere == refs("billing")


def test_replicas_agree_on_what_came_from_elsewhere_after_it_was_ours() -> None:
    """Each takes over what the other has kept, by turns, and asks again; one had known the entity as ours."""
    catalog = Catalog({"billing": FEED})
    old, new = origins_in(catalog), origins_in(catalog)
    old.ask(refs("billing"))
    catalog.origins["billing"] = CODE
    new.ask(refs("billing"))

    changes: list[bool] = []
    for one, other in [(old, new), (new, old)] * 3:
        one.remember(other.elsewhere)
        changes.append(one.ask())

    assert changes == [False] * 6
    assert old.elsewhere == new.elsewhere == refs("billing")


@pytest.mark.parametrize("problem", [TemporaryError("away", retry_after=5), AuthenticationError("who are you?")])
def test_what_was_known_stays_while_backstage_cannot_be_asked(problem: Exception) -> None:
    catalog = Catalog({"billing": CODE})
    origins = origins_in(catalog)
    origins.ask(refs("billing"))
    catalog.problem = problem

    assert not origins.ask(refs("billing", "new"))
    assert origins.elsewhere == refs("billing")
    assert [(each.severity, str(problem) in each.message) for each in origins.findings()] == [("warning", True)]
    assert origins.next_attempt < inf

    catalog.problem = None
    assert not origins.ask()
    assert (origins.elsewhere, origins.findings(), origins.next_attempt) == (frozenset(refs("billing")), [], inf)


def test_without_a_backstage_nothing_comes_from_elsewhere() -> None:
    origins = OtherOrigins()

    assert (origins.ask(refs("billing")), origins.elsewhere, origins.findings()) == (False, frozenset(), [])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {f"{name}/Chart.yaml": f"name: {name}\n" for name in ("billing", "search")}
    return plant(tmp_path / "apps", {**files, "scenedock.yaml": "vanishing: {secondLook: 0}\n"})


def feed_of(root: Path, catalog: Catalog, builds: list[Watch] | None = None) -> CatalogFeed:
    """A service's feed, as it is after a start."""

    def build(repositories: Mapping[str, ServedRepository], last: KeptCatalog | None, watch: Watch) -> BuiltFeed:
        if builds is not None:
            builds.append(watch)
        return build_feed(repositories, last, watch)

    watched = WatchedRepositories({"apps": RepositoryFolder(root)})
    kept = SharedCatalog(CatalogFile(root.parent / "feed.json"))
    return CatalogFeed(watched, kept, 60, "http://scenedock", build, origins=origins_in(catalog))


def components(feed: CatalogFeed) -> list[str]:
    return [line.name for line in feed.current().feed.components]


def codes(feed: CatalogFeed) -> set[str]:
    return {finding.code for finding in feed.current().feed.findings}


def test_no_feed_is_served_before_backstage_was_asked(root: Path) -> None:
    builds: list[Watch] = []
    feed = feed_of(root, Catalog({"billing": CODE}), builds)
    feed.refresh()
    feed.refresh()

    assert components(feed) == ["search"]
    assert "exists-elsewhere" in codes(feed)
    assert [set(watch.elsewhere) for watch in builds] == [set(), refs("billing")]


def test_one_that_is_handed_over_comes_into_the_feed(root: Path) -> None:
    catalog = Catalog({"billing": CODE})
    feed = feed_of(root, catalog)
    feed.refresh()
    catalog.origins.clear()
    feed.refresh()

    assert components(feed) == ["billing", "search"]
    assert "exists-elsewhere" not in codes(feed)


def test_a_service_that_starts_while_backstage_is_away_serves_the_same(root: Path) -> None:
    catalog = Catalog({"billing": CODE})
    feed_of(root, catalog).refresh()
    catalog.problem = TemporaryError("away", retry_after=5)
    plant(root, {"wallet/Chart.yaml": "name: wallet\n"})
    again = feed_of(root, catalog)
    again.refresh()

    assert components(again) == ["search", "wallet"]
    assert "backstage-not-asked" in codes(again)
    catalog.problem = None
    again.refresh()
    assert (components(again), "backstage-not-asked" in codes(again)) == (["search", "wallet"], False)


def test_what_backstage_never_took_from_us_is_left_out_at_once(root: Path) -> None:
    catalog = Catalog(problem=TemporaryError("away", retry_after=5))
    feed = feed_of(root, catalog)
    feed.refresh()
    assert components(feed) == ["billing", "search"]

    catalog.problem, catalog.origins = None, {"billing": CODE, "search": CODE}
    feed.refresh()

    assert (components(feed), feed.current().feed.reasons) == ([], ())


def test_with_ours_the_feed_has_it_all_the_same(root: Path) -> None:
    plant(root, {"scenedock.yaml": "existing: ours\n"})
    catalog = Catalog({"billing": CODE})
    feed = feed_of(root, catalog)
    feed.refresh()

    assert (components(feed), catalog.asked) == (["billing", "search"], [[], []])
