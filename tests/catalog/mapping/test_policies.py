"""What Backstage would refuse is not emitted, what people would miss is told, and the rest passes as it is."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from scenedock.catalog.mapping.entities import Mapped, MappedService
from scenedock.catalog.mapping.policies import police
from scenedock.catalog.mapping.roles import Roles
from scenedock.catalog.mapping.services import DeployedService
from scenedock.model.entity import Entity, build_entity
from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json, JsonObject
from scenedock.structs import replace

ROLES = Roles(frozenset(), {}, {}, {}, frozenset())
NO_NAME = "no name can begin with this: _"


def component(name: str, owner: str = "team", metadata: JsonObject = MappingProxyType({})) -> Entity:
    spec = {"type": "service", "lifecycle": "production", "owner": owner}
    return build_entity("Component", name, metadata, spec, Place("repo", f"{name}/Chart.yaml"))


def resource(name: str, path: str, owner: str = "team") -> Entity:
    return build_entity("Resource", name, {}, {"type": "database", "owner": owner}, Place("repo", path))


def service(*entities: Entity) -> MappedService:
    return MappedService(DeployedService(entities[0].name, ()), entities)


def policed(*services: MappedService, shared: tuple[Entity, ...] = ()) -> Mapped:
    return police(Mapped(services, shared, ROLES))


def cleaned(metadata: JsonObject) -> tuple[Json, list[str]]:
    """The metadata that is left of a component's, besides its name, and what is said."""
    result = policed(service(component("billing", metadata=metadata)))
    left = dict(result.services[0].main.metadata)
    assert left.pop("name") == "billing"
    return left, [finding.message for finding in result.findings]


def test_what_is_right_passes_as_it_is_and_nothing_is_said() -> None:
    metadata: JsonObject = {
        "tags": ["go"],
        "labels": {"acme.test/tier": "backend"},
        "annotations": {"acme.test/ticket": "not only letters: é"},
    }
    billing = service(component("billing", metadata=metadata), resource("billing-db", "billing"))
    mapped = Mapped((billing,), (resource("cluster", ""),), ROLES, (Finding("info", "earlier", "", Place()),))

    assert police(mapped) == mapped


def test_what_was_found_before_is_still_said_and_first() -> None:
    mapped = Mapped((service(component("a", "unknown")),), (), ROLES, (Finding("info", "earlier", "", Place()),))

    assert [finding.code for finding in police(mapped).findings] == ["earlier", "owner-unknown"]


@pytest.mark.parametrize(
    ("field", "written", "left", "lost"),
    [
        ("tags", ["go", "Not So", 5, "c++"], ["go", "c++"], "tag 'Not So', tag 5"),
        ("labels", {"tier": "a", "b c": "x", "d": "y z", "e": 1}, {"tier": "a"}, "label 'b c', label 'd', label 'e'"),
        ("annotations", {"a": "y z", "b c": "x", "e": 1}, {"a": "y z"}, "annotation 'b c', annotation 'e'"),
    ],
)
def test_a_field_whose_form_backstage_refuses_is_left_out_and_named(
    field: str, written: Json, left: Json, lost: str
) -> None:
    said = f"component:default/billing: invalid in Backstage and left out: {lost}"

    assert cleaned({field: written, "title": "Billing"}) == ({"title": "Billing", field: left}, [said])


def test_of_a_field_of_which_nothing_is_left_nothing_stays() -> None:
    left, said = cleaned({"tags": ["Not So"], "labels": {"b c": "x"}, "annotations": {"a": "b"}})

    assert left == {"annotations": {"a": "b"}}
    assert said == ["component:default/billing: invalid in Backstage and left out: tag 'Not So', label 'b c'"]


def test_an_entity_that_backstage_would_refuse_is_not_emitted() -> None:
    bad = resource(NO_NAME, "billing/Chart.yaml")

    result = policed(service(component("billing"), bad), shared=(bad,))

    assert [entity.name for entity in result.entities] == ["billing"]
    assert [(finding.severity, finding.code, finding.place) for finding in result.findings] == [
        ("error", "invalid-entity", bad.place)
    ] * 2


def test_a_service_that_backstage_would_refuse_takes_its_resources_along() -> None:
    result = policed(service(component(NO_NAME), resource("db", "a")), service(component("cart")))

    assert [each.main.name for each in result.services] == ["cart"]


def test_a_service_of_which_nothing_may_be_emitted_is_gone() -> None:
    assert policed(service(component(NO_NAME))).services == ()


def test_of_two_entities_with_one_reference_the_first_is_emitted_and_its_place_is_named() -> None:
    first, second, third = (resource("db", path) for path in ("billing", "ledger", "cart"))

    result = policed(
        service(component("billing"), first), service(component("ledger"), second), shared=(third, component("Billing"))
    )

    assert [(entity.ref.short, entity.place.path) for entity in result.entities] == [
        ("component:billing", "billing/Chart.yaml"),
        ("resource:db", "billing"),
        ("component:ledger", "ledger/Chart.yaml"),
    ]
    assert [(finding.code, finding.place.path, finding.message) for finding in result.findings] == [
        ("duplicate-ref", path, f"{ref} is already described by repo:{first}; only that one is emitted")
        for path, ref, first in (
            ("ledger", "resource:default/db", "billing"),
            ("cart", "resource:default/db", "billing"),
            ("Billing/Chart.yaml", "component:default/billing", "billing/Chart.yaml"),
        )
    ]


def test_an_entity_that_is_refused_takes_no_reference_away() -> None:
    bad = replace(resource("db", "a"), document={**resource("db", "a").document, "spec": {}})

    result = policed(shared=(bad, resource("db", "b")))

    assert [entity.place.path for entity in result.entities] == ["b"]
    assert [finding.code for finding in result.findings] == ["invalid-entity"]


def test_a_component_or_system_without_an_owner_is_told_and_emitted() -> None:
    system = build_entity("System", "shop", {}, {"owner": "unknown"}, Place("repo", "shop"))

    result = policed(
        service(component("a", "unknown")), service(component("b")), service(system, resource("c", "c", "unknown"))
    )

    assert [entity.name for entity in result.entities] == ["a", "b", "shop", "c"]
    assert [(finding.severity, finding.code, finding.message) for finding in result.findings] == [
        ("warning", "owner-unknown", "component:a has no owner"),
        ("warning", "owner-unknown", "system:shop has no owner"),
    ]


def test_a_component_of_a_name_that_every_repository_has_is_told_and_emitted() -> None:
    general = component("Config")
    library = build_entity("Component", "common", {}, {**general.spec, "type": "library"}, Place("repo", "common"))
    system = build_entity("System", "apps", {}, {"owner": "team"}, Place("repo", "apps"))

    result = policed(service(general), service(library), service(system, resource("shared", "apps")))

    assert [entity.name for entity in result.entities] == ["Config", "common", "apps", "shared"]
    assert [(finding.severity, finding.code, finding.place.path) for finding in result.findings] == [
        ("info", "general-name", "Config/Chart.yaml")
    ]
