"""Find the environments whose end is over, and retire them: each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from scenedock.catalog.vocabulary.settings import FILE_NAME, read_settings
from scenedock.changes.retirement import Retirement
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import InputError, NotFoundError, ScenedockError
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass
from scenedock.usecases.tasks.schedules import Schedule

ACTION = "retire-expired-environments"


@dataclass(frozen=True, slots=True)
class Expired:
    """The retirements that are due; `problems` says of each repository that can't be read why."""

    retirements: tuple[Retirement, ...]
    problems: Mapping[str, str]


def find_expired(repositories: Mapping[str, ServedRepository], today: date) -> Expired:
    """The environments that end today or have ended, as the settings of the repositories say."""
    found: list[Retirement] = []
    problems: dict[str, str] = {}
    for name, served in repositories.items():
        try:
            found += _expired_in(name, served, today)
        except ScenedockError as error:
            problems[name] = str(error)
    return Expired(tuple(found), problems)


def expiry_schedule() -> Schedule:
    """Every morning at twenty past six, in UTC."""
    step: JsonObject = {"id": "retire", "action": f"scenedock:{ACTION}", "input": {}}
    return Schedule("expiry", "20 6 * * *", {"steps": [step]})


def _expired_in(name: str, served: ServedRepository, today: date) -> Iterator[Retirement]:
    with served.opened() as repository:
        try:
            settings = read_settings(repository.read(FILE_NAME))
        except NotFoundError:
            return
        except InputError:
            if FILE_NAME in repository.listing().files:
                raise
            return
    for service, ends in sorted(settings.expires.items()):
        for environment, day in sorted(ends.items()):
            if date.fromisoformat(day) <= today:
                yield Retirement(service, environment, name, expired=day)
