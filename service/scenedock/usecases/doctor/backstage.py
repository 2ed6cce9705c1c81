"""Checks of Backstage: whether we reach it, it reaches us, and reads the feed exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.public_keys import USER_KEYS
from scenedock.effects.network.probe import Probe, probe
from scenedock.errors import AuthenticationError, NotAllowedError, ScenedockError
from scenedock.model.entity import Entity
from scenedock.model.json import as_list, as_object, as_text, value_at
from scenedock.structs import dataclass
from scenedock.usecases.doctor.diagnosis import TRUST, Diagnosis, fine, problem, unknown

_LOCATIONS: Final = "kind=location,spec.type=url"
_CONFIGURE: Final = "docs/service.md, Configure Backstage"


@dataclass(frozen=True, slots=True)
class RegisteredLocation:
    """A Location of Backstage's catalog: the address of its file, and what Backstage says that is wrong with it."""

    target: str
    problem: str = ""


def check_reached(url: str) -> tuple[Diagnosis, Probe]:
    """Whether we reach Backstage's backend, by the public keys that each one has."""
    check = "backstage"
    answer = probe(f"{url}/api/{USER_KEYS}")
    if answer.failure:
        remedy = (
            TRUST if answer.knows_no_issuer else "Check SCENEDOCK_BACKSTAGE_URL, DNS, network policies, HTTPS_PROXY."
        )
        return problem(check, f"{answer.url}: {answer.failure}", remedy), answer
    if "keys" not in as_object(answer.document):
        remedy = "Set SCENEDOCK_BACKSTAGE_URL to the base address of the backend, without /api."
        return problem(check, f"{answer.url}: status {answer.status}, and no keys of a Backstage", remedy), answer
    return fine(check, f"{url} answers"), answer


def check_accepts_us(catalog: BackstageCatalog, keys: str) -> tuple[Diagnosis, tuple[RegisteredLocation, ...] | None]:
    """Whether Backstage accepts our tokens, for which it must fetch our public `keys`; and its Locations, if so."""
    check = "backstage-accepts-us"
    try:
        found = tuple(_location(each) for each in catalog.entities(_LOCATIONS))
    except AuthenticationError as error:
        remedy = (
            f"Backstage must reach our public keys at {keys}: check `discovery.endpoints` and network policies, "
            f"and that all replicas have one signing key ({_CONFIGURE})."
        )
        return problem(check, str(error), remedy), None
    except NotAllowedError as error:
        remedy = "Allow the plugin `scenedock` to read the catalog in Backstage's permission policy."
        return problem(check, str(error), remedy), None
    except ScenedockError as error:
        return unknown(check, str(error)), None
    return fine(check, "it accepts our token"), found


def check_feed(feed: str) -> Diagnosis:
    """Whether the feed can be read without a token, as Backstage reads it."""
    check = "feed"
    answer = probe(feed)
    if answer.failure:
        return unknown(check, f"{feed}: {answer.failure}", "If the service should run, look into its log.")
    if answer.status in {401, 403}:
        remedy = "Set SCENEDOCK_PUBLIC_FEED=true: Backstage reads a Location without a token."
        return problem(check, f"{feed}: status {answer.status}", remedy)
    if answer.status != 200:
        remedy = "Wait until the first catalog is built; if that lasts, the service's log and its findings say why."
        return problem(check, f"{feed}: status {answer.status}", remedy)
    return fine(check, f"{feed} can be read")


def check_registered(
    feed: str, locations: Sequence[RegisteredLocation], ask: Callable[[str], Probe] = probe
) -> Diagnosis:
    """Whether Backstage has the feed, once, and can read it."""
    check = "feed-registered"
    path = urlsplit(feed).path
    alike = [each for each in locations if urlsplit(each.target).path.endswith(path)]
    own = [each for each in alike if each.target == feed]
    others = [each for each in alike if each.target != feed]
    for each in (*own, *others):
        if each.problem:
            remedy = f"Let Backstage reach {each.target}: DNS, network policies, `reading.allow`; else see the message."
            return problem(check, f"Backstage can't read {each.target}: {each.problem}", remedy)
    same = [each.target for each in others if _is_same(feed, each.target, ask)]
    if len(own) + len(same) > 1:
        remedy = f"Keep one and remove the other from `catalog.locations`, or unregister it; best keep {feed}."
        return problem(check, f"the feed is registered by two addresses: {', '.join([feed, *same][:3])}", remedy)
    if own:
        return fine(check, f"Backstage reads {feed}")
    if same:
        remedy = f"Set SCENEDOCK_PUBLIC_URL to the address that the Location has, or register {feed}."
        return problem(check, f"Backstage reads the feed at {same[0]}, and not at {feed}", remedy)
    if others:
        evidence = f"Backstage doesn't read {feed}, but {others[0].target}, which can't be compared"
        return unknown(check, evidence, "If that is this service, set SCENEDOCK_PUBLIC_URL to its address.")
    remedy = f"Add it to `catalog.locations` of Backstage's app-config, with `type: url` and the kinds ({_CONFIGURE})."
    return problem(check, f"none of {len(locations)} Locations is {feed}", remedy)


def _is_same(feed: str, other: str, ask: Callable[[str], Probe]) -> bool:
    """Whether both addresses give the same feed, so that one service is behind them."""
    ours, theirs = ask(feed), ask(other)
    return ours.status == theirs.status == 200 and ours.data == theirs.data


def _location(entity: Entity) -> RegisteredLocation:
    errors = [
        as_text(as_object(item).get("message"))
        for item in as_list(value_at(entity.document, ["status", "items"]))
        if as_object(item).get("level") == "error"
    ]
    return RegisteredLocation(as_text(value_at(entity.document, ["spec", "target"])), "; ".join(errors))
