"""The feed links to the service's own pages, if it knows their address, and never says a version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scenedock.catalog.emitting.service_links import ServiceLinks
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.repositories import ServedRepository
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.runtime.setting_values import owner
from scenedock.runtime.wiring import served_repositories
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.catalog_record import read_feed, read_memory
from scenedock.usecases.catalog.watching import Watch
from tests.scenarios.repositories import BILLING, plant

PAGES = "https://scenedock.acme.example"
BOARD = "http://scenedock:8001/scenedock/board/src/branch/main/"
LINKS = ServiceLinks(PAGES, BOARD, "group:default/platform")
LINK = {"url": f"{PAGES}/services/billing", "title": "Scenedock"}


def served(root: Path) -> Mapping[str, ServedRepository]:
    return served_repositories((str(root),), root.parent / "clones")


def files(kept: KeptCatalog) -> dict[str, bytes]:
    feed = read_feed(kept)
    assert feed
    return dict(feed.files)


def document(kept: KeptCatalog, ref: str) -> Any:
    read = [each for name, data in files(kept).items() for each in read_entities(data, label=name)]
    return {str(each.ref): each.document for each in read}.get(ref)


def test_a_component_links_to_its_page_and_the_board_is_documentation(tmp_path: Path) -> None:
    repositories = served(plant(tmp_path / "apps", BILLING))
    made = build_feed(repositories, None, Watch(links=LINKS)).kept

    assert LINK in document(made, "component:default/billing")["metadata"]["links"]
    board = document(made, "resource:default/deployments")
    assert board["metadata"]["annotations"] == {"backstage.io/techdocs-ref": f"url:{BOARD}"}
    assert board["spec"]["owner"] == "group:default/platform"
    again = build_feed(repositories, made, Watch(links=LINKS)).kept
    assert files(again) == files(made)
    assert "resource:default/deployments" not in {str(each.ref) for each in read_memory(again).entities}


def test_the_feed_is_the_same_bytes_when_only_versions_change(tmp_path: Path) -> None:
    image = "image: {{repository: acme/billing, tag: {}}}\n".format
    root = plant(tmp_path / "apps", {**BILLING, "billing/values-qa.yaml": image("1.0.0")})
    repositories = served(root)
    first = build_feed(repositories, None, Watch(links=LINKS)).kept
    plant(root, {"billing/values-qa.yaml": image("2.0.0")})
    assert files(build_feed(repositories, first, Watch(links=LINKS)).kept) == files(first)


def test_another_address_counts_although_no_file_has_changed(tmp_path: Path) -> None:
    repositories = served(plant(tmp_path / "apps", BILLING))
    facts = FactsTable(tmp_path / "facts")
    without = build_feed(repositories, None, Watch(), facts).kept
    assert document(without, "resource:default/deployments") is None
    with_links = build_feed(repositories, without, Watch(links=LINKS), facts).kept
    assert LINK in document(with_links, "component:default/billing")["metadata"]["links"]
    assert files(build_feed(repositories, with_links, Watch(), facts).kept) == files(without)


def test_an_entity_of_its_name_stays_and_is_a_finding(tmp_path: Path) -> None:
    theirs = (
        "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: deployments}\nspec: {type: x, owner: y}\n"
    )
    repositories = served(plant(tmp_path / "apps", {**BILLING, "billing/catalog-info.yaml": theirs}))
    made = build_feed(repositories, None, Watch(links=LINKS)).kept
    assert document(made, "resource:default/deployments")["spec"]["type"] == "x"
    feed = read_feed(made)
    assert feed
    assert [each.code for each in feed.findings if each.code == "board-name-taken"]


@pytest.mark.parametrize("wrong", ["platform", "component:default/x", "group:", "group:default/a b"])
def test_an_owner_must_be_a_group_or_a_user(wrong: str) -> None:
    with pytest.raises(ValueError, match="such as group:default/platform"):
        owner(wrong)
