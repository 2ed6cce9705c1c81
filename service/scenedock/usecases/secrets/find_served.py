"""Find where a secret belongs in the repositories of a service, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from scenedock.changes.secrets.places import SecretPlace
from scenedock.effects.git.repositories import ServedRepository
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.secrets.find_place import SecretWish, find_place


@dataclass(frozen=True, slots=True)
class SecretFound:
    """Where a secret belongs, and where the repository with it lives."""

    place: SecretPlace
    home: Home


def find_served(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, wish: SecretWish
) -> SecretFound:
    """Where a secret belongs. No value of it is known here.

    Raises
    ------
    NotFoundError   there is no such service, or it isn't deployed there
    InputError      as `find_place`, or no repository can be read
    """
    with export_served(repositories, kept) as (result, opened):
        ground = Ground.of(result, opened, lambda _changed: result, datetime.now(UTC))
        place = find_place(ground, wish)
        facts = next(each.facts for each in result.repositories if each.facts.name == place.repository)
        return SecretFound(place, Home.of(facts, opened[place.repository]))
