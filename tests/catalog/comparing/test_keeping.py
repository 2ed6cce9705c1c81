"""What of the last good catalog stays, decided by values alone."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.comparing.keeping import FreshCatalog, Kept, keep_last_good
from scenedock.catalog.comparing.memory import CatalogMemory, attribute, memory_of
from scenedock.catalog.comparing.vanishing import Look
from scenedock.catalog.vocabulary.settings import VanishingLimit
from scenedock.model.entity import Entity
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject
from scenedock.structs import replace

READ = Look()


def component(name: str, repository: str = "apps", path: str = "", spec: JsonObject = MappingProxyType({})) -> Entity:
    """A Component like no other, so that none is taken for another one that was renamed."""
    folder = path or name
    annotations = {"scenedock.dev/path": folder}
    metadata: dict[str, Json] = {"name": name, "description": "".join(sorted(name)), "annotations": annotations}
    return Entity({"kind": "Component", "metadata": metadata, "spec": spec}, Place(repository, f"{folder}/Chart.yaml"))


def components(names: str, repository: str = "apps", **spec: Json) -> list[Entity]:
    return [component(name, repository, spec=spec) for name in names]


def keep(
    before: list[Entity] | CatalogMemory, now: list[Entity], *, allowed: bool = False, **looks: Look
) -> tuple[str, Kept]:
    """The names of what there is afterwards, and all else."""
    memory = before if isinstance(before, CatalogMemory) else memory_of(before)
    names = {repository: dict(each) for repository, each in memory_of(now).names.items()}
    kept = keep_last_good(
        memory, FreshCatalog(now, names, looks or {"apps": READ}), "allow {repository}", allowed=allowed
    )
    return "".join(sorted(entity.name for entity in kept.memory.entities)), kept


@pytest.mark.parametrize(
    ("before", "now", "after", "hold"),
    [
        ("abcdefghij", "abcdefghijk", "abcdefghijk", None),
        ("abcdefghij", "abcdefg", "abcdefg", None),
        ("abcdefghij", "abcde", "abcdefghij", "entities-would-vanish"),
        ("abcdefghijklmnopqrstuvwxyz", "fghijklmnopqrstuvwxyz", "fghijklmnopqrstuvwxyz", None),
        ("abcdefghijklmnopqrstuvwxyz", "ghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz", "entities-would-vanish"),
        ("abc", "a", "a", None),
        ("abc", "", "abc", "entities-would-vanish"),
        ("a", "", "a", "entities-would-vanish"),
        ("a", "bcd", "a", "entities-would-vanish"),
        ("", "", "", None),
    ],
)
def test_more_than_a_fifth_and_at_least_five_or_all_stay(before: str, now: str, after: str, hold: str | None) -> None:
    names, kept = keep(components(before), components(now))

    assert (names, kept.verdicts["apps"].hold) == (after, hold)
    assert [reason.code for reason in kept.reasons] == ([hold] if hold else [])
    assert bool(kept.memory.refused) == bool(hold)


def test_each_repository_has_limits_of_its_own() -> None:
    lenient, strict = Look(limit=VanishingLimit(0.9, 5)), Look(limit=VanishingLimit(0.0, 1))
    before = [*components("abcdefghij"), *components("klmnopqrst", "shops")]

    names, kept = keep(before, [*components("abcd"), *components("lmnopqrst", "shops")], apps=lenient, shops=strict)

    assert (names, list(kept.held)) == ("abcdklmnopqrst", ["shops"])


def test_what_is_in_another_repository_now_has_not_vanished() -> None:
    before = [*components("abc"), *components("xyz", "shops")]

    assert keep(before, components("abcxyz"), apps=READ, shops=READ)[0] == "abcxyz"
    names, kept = keep(before, components("abcxyz"), apps=READ)
    assert (names, list(kept.held)) == ("abcxyz", []), "nor has a repository under its old name"


def test_what_moved_into_a_repository_that_is_held_is_not_lost() -> None:
    before = [*components("abc"), *components("xyz", "shops")]

    names, kept = keep(before, components("xyzk", "shops"), apps=Look("wrong settings"), shops=READ)
    assert names == "abckxyz"
    names, kept = keep(before, [*components("b"), *components("acxy", "shops")], apps=READ, shops=Look("away"))
    assert (names, list(kept.held)) == ("abcxyz", ["shops"])


def test_what_was_only_renamed_has_not_vanished() -> None:
    fields: JsonObject = {str(number): number for number in range(20)}

    assert keep([component("search", spec=fields)], [component("finder", spec=fields)])[1].held == []


def test_a_repository_that_cannot_be_read_stays_as_it_is_and_the_others_go_on() -> None:
    before = [*components("abc"), *components("xyz", "shops")]

    names, kept = keep(before, components("wxyz", "shops"), apps=Look("scenedock.yaml:1: wrong"), shops=READ)

    assert names == "abcwxyz"
    (finding,) = kept.findings
    assert (finding.severity, finding.code, finding.place.repository) == ("error", "repository-unreadable", "apps")
    assert "scenedock.yaml:1: wrong" in finding.message
    assert [str(reason) for reason in kept.reasons] == ["apps: can't be read"]
    assert kept.memory.refused == {}, "nobody can allow it"


def test_a_repository_that_is_not_listed_any_more_stays_until_that_is_accepted() -> None:
    before = memory_of([*components("abc"), *components("xyz", "shops")])
    names, kept = keep(before, components("abc"), apps=READ)
    assert (names, kept.verdicts["shops"].hold) == ("abcxyz", "repository-unlisted")

    accepted = replace(kept.memory, accepted=kept.memory.refused)
    names, kept = keep(accepted, components("abc"), apps=READ)
    assert (names, kept.memory.refused, kept.memory.accepted) == ("abc", {}, {})


def test_what_was_accepted_is_allowed_once_and_nothing_else_is() -> None:
    _, refused = keep(components("abcdefghij"), components("abc"))
    accepted = replace(refused.memory, accepted=refused.memory.refused)

    assert keep(accepted, components("ab"))[0] == "abcdefghij", "more would vanish than somebody has seen"
    names, kept = keep(accepted, components("abc"))
    assert (names, kept.reasons, kept.memory.accepted) == ("abc", (), {})
    _, back = keep(kept.memory, components("abcdefghij"))
    assert keep(back.memory, components("abc"))[0] == "abcdefghij", "the same again is refused again"


def test_an_acceptance_waits_for_a_repository_that_cannot_be_read_just_now() -> None:
    _, refused = keep(components("abc"), [])
    accepted = replace(refused.memory, accepted=refused.memory.refused)

    _, kept = keep(accepted, [], apps=Look("away"))

    assert keep(kept.memory, [])[0] == ""


def test_nothing_vanishes_before_the_files_have_been_the_same_for_a_while() -> None:
    before = components("abcdefghij")
    names, kept = keep(before, components("abcdefghi"), apps=Look(unchanged=4.0))
    assert (names, kept.wait) == ("abcdefghij", 6.0)
    assert [(each.severity, each.code) for each in kept.findings] == [("warning", "vanishing-unconfirmed")]

    assert keep(before, components("abcdefghi"), apps=Look(unchanged=10.0))[0] == "abcdefghi"
    assert keep(before, components("abcdefghijk"), apps=Look(unchanged=0.0))[0] == "abcdefghijk", "what comes, comes"
    _, refused = keep(before, components("a"), apps=Look(unchanged=0.0))
    assert (refused.wait, refused.verdicts["apps"].hold) == (None, "entities-would-vanish")


def test_a_folder_that_cannot_be_read_keeps_its_service_and_what_is_gone_is_gone() -> None:
    database = Entity({"kind": "Resource", "metadata": {"name": "b-db"}}, Place("apps", "b/Chart.yaml"))
    group = Entity({"kind": "Group", "metadata": {"name": "payments"}}, Place("apps"))
    before = memory_of([*components("abcd", type="service"), database, group])
    look = Look(unreadable=frozenset({"b"}), directories=frozenset("abd"))

    _, kept = keep(before, [component("a", spec={"type": "job"}), component("d")], apps=look)

    assert {entity.name for entity in kept.memory.entities} == {"a", "b", "d", "b-db", "payments"}
    (a,) = (entity for entity in kept.memory.entities if entity.name == "a")
    assert a.spec["type"] == "job"
    assert [str(reason) for reason in kept.reasons] == ["apps: 1 folder can't be read"]
    assert kept.memory.names["apps"]["b"] == "b"


def test_what_is_left_of_a_service_is_not_taken_for_it_while_a_folder_of_it_cannot_be_read() -> None:
    whole = component("a", path="prod/a")
    memory = CatalogMemory((whole, *components("bc")), {"apps": {"prod/a": "a", "dev/a": "a"}})
    rest = component("a", path="dev/a")
    look = Look(unreadable=frozenset({"prod/a"}), directories=frozenset({"prod", "prod/a", "dev", "dev/a"}))

    kept = keep_last_good(memory, FreshCatalog([rest, *components("bc")], memory.names, {"apps": look}), "")

    assert whole in kept.memory.entities


def test_relations_to_what_stays_stay() -> None:
    edges: JsonObject = {"dependsOn": ["component:b", "component:c", "resource:x"], "system": "shop", "owner": "o"}
    system = Entity({"kind": "System", "metadata": {"name": "shop"}}, Place("apps", "shop/Chart.yaml"))
    before = [component("a", "shops", spec=edges), *components("bc"), system]
    now = [component("a", "shops", spec={"dependsOn": ["component:c"], "owner": "n"}), *components("cd", "shops")]

    _, kept = keep(before, now, apps=Look("away"), shops=READ)

    (a,) = (entity for entity in kept.memory.entities if entity.name == "a")
    assert dict(a.spec) == {"dependsOn": ["component:b", "component:c"], "system": "shop", "owner": "n"}
    assert list(a.spec) == ["dependsOn", "system", "owner"]


def test_owners_stay_where_too_many_would_be_unknown() -> None:
    before, now = components("abcdefghij", owner="group:x"), components("abcdefghij", owner="unknown")

    names, kept = keep(before, now)

    assert {entity.spec["owner"] for entity in kept.memory.entities} == {"group:x"}
    assert (names, [reason.code for reason in kept.reasons]) == ("abcdefghij", ["owners-would-vanish"])
    accepted = replace(kept.memory, accepted=kept.memory.refused)
    assert {entity.spec["owner"] for entity in keep(accepted, now)[1].memory.entities} == {"unknown"}
    some = [*components("abcdefg", owner="group:x"), *components("hij", owner="unknown")]
    assert keep(before, some)[1].reasons == ()
    other = components("abcdefghij", owner="group:y")
    assert {entity.spec["owner"] for entity in keep(before, other)[1].memory.entities} == {"group:y"}


def test_the_group_of_owners_that_stay_stays_too() -> None:
    spec: JsonObject = {"type": "team", "children": []}
    group = Entity({"kind": "Group", "metadata": {"name": "payments"}, "spec": spec}, Place("apps"))
    before = [*components("abcdefg", owner="payments"), group]

    _, kept = keep(before, components("abcdefg", owner="unknown"))

    assert [each.code for each in kept.reasons] == ["owners-would-vanish"]
    assert group in kept.memory.entities
    _, accepted = keep(replace(kept.memory, accepted=kept.memory.refused), components("abcdefg", owner="unknown"))
    assert group not in accepted.memory.entities


def test_all_is_allowed_at_once_but_for_what_cannot_be_read() -> None:
    look = Look(unchanged=0.0, unreadable=frozenset({"b"}), directories=frozenset({"b"}))

    assert keep(components("abcdefgh"), [], allowed=True, apps=look)[0] == "b"
    assert keep(components("abcdefgh"), [], allowed=True, apps=Look("away"))[0] == "abcdefgh"


@given(
    st.sets(st.sampled_from("abcdefghijkl")),
    st.sets(st.sampled_from("abcdefghijkl")),
    st.sampled_from(
        [READ, Look("away"), Look(unchanged=3.0), Look(unreadable=frozenset("a"), directories=frozenset("ab"))]
    ),
    st.sampled_from(["group:x", "unknown"]),
)
def test_who_decides_after_another_comes_to_the_same(before: set[str], now: set[str], look: Look, owner: str) -> None:
    known = components("".join(sorted(before)), owner="group:x")
    fresh = components("".join(sorted(now)), owner=owner)
    _, first = keep(known, [] if look.problem else fresh, apps=look)
    _, second = keep(first.memory, [] if look.problem else fresh, apps=look)

    by_ref = [{entity.ref: entity for entity in each.memory.entities} for each in (first, second)]
    assert by_ref[0] == by_ref[1]
    assert first.memory.names == second.memory.names


def test_a_file_does_not_say_which_repository_an_entity_is_of() -> None:
    def sourced(name: str, source: str) -> Entity:
        annotations = {"backstage.io/source-location": f"url:{source}"}
        return Entity({"kind": "Resource", "metadata": {"name": name, "annotations": annotations}})

    here, there = "https://github.com/acme/apps", "https://git.acme.test/x?version=GBmain&path="
    last = [
        sourced("still", f"{there}/still/"),
        sourced("a", f"{here}/tree/main/a/"),
        sourced("b", f"{there}/b/"),
        sourced("c", "https://gitlab.com/acme/gone/-/tree/main/c/"),
        sourced("d", f"{here}-2/tree/main/d/"),
        Entity({"kind": "Group", "metadata": {"name": "e"}}),
    ]
    fresh = {last[0].ref: replace(last[0], place=Place("apps", "still"))}
    addresses = {"apps": here, "shops": "https://git.acme.test/x"}

    found = {entity.name: entity.place.repository for entity in attribute(last, fresh, addresses)}

    assert found == {
        "still": "apps",
        "a": "apps",
        "b": "shops",
        "c": "https://gitlab.com/acme/gone",
        "d": f"{here}-2",
        "e": "apps",
    }
    moved = {each.ref: replace(each, place=Place("apps")) for each in last[1:2]}
    old = attribute([*last[1:2], sourced("z", f"{here}/tree/main/z/")], moved, {"apps": "https://new.acme.test/apps"})
    assert [entity.place.repository for entity in old] == ["apps", "apps"], "its address has changed"
    assert attribute(last[3:4], {}, {"apps": ""})[0].place.repository == "apps"


def test_names_that_people_gave_are_not_remembered_as_names_of_folders() -> None:
    given_by_us = [component("worker", path="a/worker"), component("b-worker", path="b/worker")]
    by_people = [component("invoices", path="billing")]

    assert memory_of([*given_by_us, *by_people]).names == {
        "apps": {"a/worker": "worker", "b/worker": "b-worker", "billing#invoices": "invoices"}
    }
