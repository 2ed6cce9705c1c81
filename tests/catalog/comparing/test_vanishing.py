"""How much may vanish from a repository at once."""

from __future__ import annotations

import pytest

from scenedock.catalog.comparing.memory import memory_of
from scenedock.catalog.comparing.vanishing import Breaker, Look, Verdict
from scenedock.catalog.vocabulary.settings import VanishingLimit
from scenedock.model.entity import Entity, build_entity
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject

LIMIT = VanishingLimit(share=0.2, at_least=5)


def components(count: int, first: int = 0, spec: JsonObject | None = None) -> list[Entity]:
    return [
        build_entity("Component", f"service-{number}", {"description": "x" * number}, spec or {}, Place("apps"))
        for number in range(first, first + count)
    ]


def verdict(before: list[Entity], now: list[Entity], limit: VanishingLimit = LIMIT) -> Verdict:
    breaker = Breaker(memory_of(before), now, "accept {repository}", allowed=False)
    return breaker.decide("apps", before, Look(limit=limit))


@pytest.mark.parametrize(("gone", "previous"), [(0, 0), (0, 100), (4, 5), (5, 25), (20, 100)])
def test_what_is_within_the_share_or_below_the_number_may_vanish(gone: int, previous: int) -> None:
    assert verdict(components(previous), components(previous - gone, gone)) == Verdict()


@pytest.mark.parametrize(("gone", "previous"), [(5, 5), (5, 24), (21, 100)])
def test_more_than_the_share_and_as_much_as_the_number_is_refused(gone: int, previous: int) -> None:
    refused = verdict(components(previous), components(previous - gone, gone))

    (finding,) = refused.findings
    assert refused.hold == finding.code == "entities-would-vanish"
    assert finding.message.startswith(f"{gone} of its {previous} entities would vanish: component:service-0, ")
    assert finding.message.endswith("; its last good entities stay")
    assert finding.remedy.endswith("accept apps.")


@pytest.mark.parametrize("previous", [1, 4])
def test_all_are_always_too_many(previous: int) -> None:
    assert verdict(components(previous), [], VanishingLimit(share=1, at_least=100)).hold == "entities-would-vanish"


def test_of_many_that_would_vanish_five_are_named_and_the_others_are_counted() -> None:
    five = ", ".join(f"component:service-{number}" for number in range(5))

    assert f"vanish: {five}; " in verdict(components(5), []).findings[0].message
    assert f"vanish: {five} and 2 more; " in verdict(components(7), []).findings[0].message


def test_what_was_only_renamed_has_not_vanished_and_is_told_beside_what_has() -> None:
    fields: JsonObject = {str(number): number for number in range(20)}
    renamed = [build_entity("Component", name, {}, fields, Place("apps")) for name in ("search", "finder")]

    assert verdict([*components(9), renamed[0]], [*components(9), renamed[1]]) == Verdict()
    told = verdict([*components(1), renamed[0]], [renamed[1]], VanishingLimit(0.2, 1))
    assert "1 of its 2 entities would vanish (1 others were only renamed): component:service-0; " in (
        told.findings[0].message
    )
