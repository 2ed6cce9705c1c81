"""What an existing catalog has from elsewhere, and what that lacks of ours."""

from __future__ import annotations

import pytest

from scenedock.catalog.comparing.origins import adoptions, not_generated, not_of_feed
from scenedock.model.entity import Entity
from scenedock.model.json import Json

FEED = "url:http://scenedock:8000/api/scenedock/catalog/entities-3.yaml"
CODE = "url:https://github.com/acme/billing/blob/main/catalog-info.yaml"
FILE = "url:https://github.com/acme/apps/blob/main/catalog.yaml"
ORIGIN, LOCATION = "backstage.io/managed-by-origin-location", "backstage.io/managed-by-location"
PATH, ARGO_CD = "scenedock.dev/path", "argocd/app-name"


def entity(name: str, annotations: dict[str, Json] | None = None, spec: Json = None, kind: str = "Component") -> Entity:
    return Entity({"kind": kind, "metadata": {"name": name, "annotations": annotations or {}}, "spec": spec or {}})


@pytest.mark.parametrize(
    ("origin", "location"),
    [
        ("url:https://scenedock.acme.example/api/scenedock/catalog/catalog-info.yaml", ""),
        (FILE, FEED),  # a file that registers the feed
        ("url:https://portal.example/info.yaml", "url:https://portal.example/entities-f.yaml"),
    ],
)
def test_what_is_read_from_a_feed_is_ours_by_whatever_address(origin: str, location: str) -> None:
    ours, theirs = entity("a", {ORIGIN: origin, LOCATION: location}), entity("b", {ORIGIN: CODE, LOCATION: CODE})

    assert not_of_feed([ours, theirs, entity("c")]) == {theirs.ref, entity("c").ref}


def test_in_a_saved_catalog_what_we_generated_is_ours_with_all_that_came_with_it() -> None:
    generated = entity("a", {PATH: "a", ORIGIN: FILE})
    database = entity("a-postgresql", {ORIGIN: FILE}, kind="Resource")
    theirs = [entity("b", {ORIGIN: CODE}), entity("c")]

    assert not_generated([generated, database, *theirs, entity("d", {ORIGIN: FEED})]) == {each.ref for each in theirs}


def test_all_of_a_file_that_an_export_wrote_is_ours() -> None:
    assert not_generated([entity("a", {PATH: "a"}), entity("a-postgresql", kind="Resource")]) == frozenset()


def test_an_adoption_names_the_annotations_and_apis_that_theirs_lacks() -> None:
    there = entity("a", {ORIGIN: CODE, ARGO_CD: "theirs"}, {"providesApis": ["default/a"]})
    said: dict[str, Json] = {
        PATH: "a",
        "backstage.io/source-location": "url:https://github.com/acme/apps/tree/main/a/",
        ARGO_CD: "a",
        "backstage.io/kubernetes-namespace": "a",
    }

    (found,) = adoptions([there, entity("other")], [entity("a", said, {"providesApis": ["a", "a-grpc"]})])

    assert found.fragment == {
        "kind": "Component",
        "metadata": {"name": "a", "annotations": {"backstage.io/kubernetes-namespace": "a"}},
        "spec": {"providesApis": ["a-grpc"]},
    }


def test_who_lacks_nothing_is_not_named() -> None:
    assert adoptions([entity("a"), entity("b")], [entity("a"), entity("c", {ARGO_CD: "c"})]) == ()
