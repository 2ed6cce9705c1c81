"""References follow what people renamed."""

from __future__ import annotations

from scenedock.catalog.vocabulary.relations import qualify_references, references_of, rename_references
from scenedock.model.entity import EntityRef
from scenedock.model.json import Json

RENAMED = {
    EntityRef.of("component", "cart"): EntityRef.of("component", "basket", "shop"),
    EntityRef.of("system", "shop"): EntityRef.of("system", "webshop"),
}


def renamed(spec: Json) -> Json:
    return rename_references({"kind": "Component", "spec": spec}, RENAMED)["spec"]


def test_references_are_written_as_briefly_as_they_may_be() -> None:
    spec: Json = {"system": "shop", "dependsOn": ["component:Cart", "component:mail"], "subcomponentOf": "default/cart"}
    assert renamed(spec) == {
        "system": "webshop",
        "dependsOn": ["component:shop/basket", "component:mail"],
        "subcomponentOf": "shop/basket",
    }


def test_what_is_no_reference_stays() -> None:
    assert renamed({"system": ":", "type": "shop", "dependsOn": [5, "cart"]}) == {
        "system": ":",
        "type": "shop",
        "dependsOn": [5, "cart"],
    }


def test_an_entity_without_a_spec_has_none_afterwards() -> None:
    assert rename_references({"kind": "Component"}, RENAMED) == {"kind": "Component"}


def test_a_reference_without_a_namespace_means_the_entitys_own() -> None:
    entity: dict[str, Json] = {"kind": "Component", "metadata": {"namespace": "shop"}, "spec": {"system": "all"}}
    assert [reference.ref for reference in references_of(entity)] == [EntityRef.of("system", "all", "shop")]


def test_qualified_references_mean_the_same_everywhere() -> None:
    spec: Json = {"owner": "unknown", "system": "all", "dependsOn": ["component:a", "component:b/c", ":"]}
    assert qualify_references({"kind": "Component", "spec": spec})["spec"] == {
        "owner": "unknown",
        "system": "system:default/all",
        "dependsOn": ["component:default/a", "component:b/c", ":"],
    }
