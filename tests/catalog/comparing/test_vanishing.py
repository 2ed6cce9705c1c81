"""How much may vanish from a catalog at once."""

from __future__ import annotations

import pytest

from scenedock.catalog.comparing.changes import Changes, EntityChange
from scenedock.catalog.comparing.vanishing import refuse_vanishing
from scenedock.catalog.vocabulary.settings import VanishingLimit
from scenedock.errors import ConflictError
from scenedock.model.entity import Entity, build_entity
from scenedock.model.finding import Place

LIMIT = VanishingLimit(share=0.2, at_least=5)


def components(count: int) -> tuple[Entity, ...]:
    return tuple(build_entity("Component", f"service-{number}", {}, {}, Place()) for number in range(count))


def refused(changes: Changes, previous: int, limit: VanishingLimit = LIMIT) -> str:
    with pytest.raises(ConflictError) as error:
        refuse_vanishing(changes, previous, limit, "apps.yaml")
    return str(error.value)


@pytest.mark.parametrize(("gone", "previous"), [(0, 0), (0, 100), (4, 4), (5, 25), (20, 100)])
def test_what_is_within_the_share_or_below_the_number_may_vanish(gone: int, previous: int) -> None:
    refuse_vanishing(Changes(removed=components(gone)), previous, LIMIT, "apps.yaml")


@pytest.mark.parametrize(("gone", "previous"), [(5, 5), (5, 24), (21, 100)])
def test_more_than_the_share_and_as_much_as_the_number_is_refused(gone: int, previous: int) -> None:
    said = refused(Changes(removed=components(gone)), previous)

    assert said.startswith(f"apps.yaml: {gone} of its {previous} entities would vanish: component:service-0, ")
    assert "Nothing was written." in said
    assert "--allow-deletions" in said


def test_of_many_that_would_vanish_five_are_named_and_the_others_are_counted() -> None:
    five = ", ".join(f"component:service-{number}" for number in range(5))

    assert f"vanish: {five}. " in refused(Changes(removed=components(5)), 5)
    assert f"vanish: {five} and 2 more. " in refused(Changes(removed=components(7)), 7)


def test_what_was_only_renamed_has_not_vanished_and_is_told_beside_what_has() -> None:
    one, *_ = components(1)
    renamed = tuple(EntityChange(entity, entity, ()) for entity in components(9))

    refuse_vanishing(Changes(removed=components(4), renamed=renamed), 13, LIMIT, "apps.yaml")
    assert ": component:service-0 (9 others were only renamed). " in refused(
        Changes(removed=(one,), renamed=renamed), 1, VanishingLimit(share=0.2, at_least=1)
    )
