"""The catalog of a Backstage backend, over its REST API."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode

from scenedock.effects.backstage.client import SECONDS_FOR_TASKS, BackstageClient, Reply
from scenedock.errors import (
    AuthenticationError,
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    ScenedockError,
    TemporaryError,
)
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass

_PLUGIN = "catalog"
_ENTITIES_OF_A_PAGE = 500
_MOST_BYTES_OF_A_PAGE = 256 * 1024 * 1024
_SECONDS_OF_A_PAGE = 60.0
_SECONDS_TO_FIND = 15.0
_SECONDS_TO_READ_ENTITIES = 60.0  # Backstage fetches the file, and whatever it refers to, before it answers
_REFUSALS: Mapping[int, type[ScenedockError]] = {
    HTTPStatus.BAD_REQUEST: InputError,
    HTTPStatus.FORBIDDEN: NotAllowedError,
    HTTPStatus.CONFLICT: ConflictError,
}


@dataclass(frozen=True, slots=True)
class BackstageCatalog:
    """The catalog that a client reaches."""

    client: BackstageClient

    def entities(self, filtered: str = "") -> Iterator[Entity]:
        """All entities that the token may see, page by page, or those that Backstage's filter lets through.

        Raises
        ------
        AuthenticationError, NotAllowedError   Backstage refuses the token
        NotFoundError    there is no catalog at the address
        InputError       the server at the address is not a Backstage
        TemporaryError   Backstage can't be reached, or reports a failure
        """
        query = {"limit": str(_ENTITIES_OF_A_PAGE), **({"filter": filtered} if filtered else {})}
        seen: set[str] = set()
        while True:
            reply = self._page(query)
            page = as_object(_json(reply))
            items, about = page.get("items"), page.get("pageInfo")
            if not isinstance(items, list) or not isinstance(about, dict):
                raise _no_backstage(reply, "a response without `items` and `pageInfo`")
            yield from (Entity(item) for item in items if isinstance(item, dict))
            cursor = about.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                return
            if cursor in seen:
                raise _no_backstage(reply, "an endless list of pages")
            seen.add(cursor)
            query = {"cursor": cursor, "limit": str(_ENTITIES_OF_A_PAGE)}

    def by_refs(self, refs: Sequence[EntityRef]) -> Iterator[Entity]:
        """Those of these entities that the catalog has, with their annotations and without their specs.

        Raises
        ------
        AuthenticationError, NotAllowedError   Backstage refuses the token
        NotFoundError    there is no catalog at the address
        InputError       the server at the address is not a Backstage
        TemporaryError   Backstage can't be reached, or reports a failure
        """
        for start in range(0, len(refs), _ENTITIES_OF_A_PAGE):
            body: JsonObject = {
                "entityRefs": list(map(str, refs[start : start + _ENTITIES_OF_A_PAGE])),
                "fields": ["kind", "metadata.name", "metadata.namespace", "metadata.annotations"],
            }
            path = "catalog/entities/by-refs"
            reply = self.client.ask(
                "POST", path, plugin=_PLUGIN, body=body, seconds=_SECONDS_TO_FIND, most=_MOST_BYTES_OF_A_PAGE
            )
            if reply.status != HTTPStatus.OK:
                raise _refusal(reply)
            items = as_object(_json(reply)).get("items")
            if not isinstance(items, list):
                raise _no_backstage(reply, "a response without `items`")
            yield from (Entity(item) for item in items if isinstance(item, dict))

    def related(self, entity_refs: Collection[str], relation: str) -> frozenset[str]:
        """The entities (references in lower case) to which these have a relation, such as `memberOf`.

        Raises
        ------
        TemporaryError   the backend can't be reached, or refuses
        """
        body: JsonObject = {"entityRefs": sorted(entity_refs), "fields": ["relations"]}
        path = "catalog/entities/by-refs"
        reply = self.client.ask(
            "POST", path, plugin=_PLUGIN, body=body, seconds=SECONDS_FOR_TASKS, most=_MOST_BYTES_OF_A_PAGE
        )
        entities = as_list(as_object(reply.document()).get("items"))
        relations = [as_object(each) for entity in entities for each in as_list(as_object(entity).get("relations"))]
        return frozenset(as_text(each.get("targetRef")).lower() for each in relations if each.get("type") == relation)

    def refresh(self, entity_ref: str) -> None:
        """Have the catalog refresh an entity, and the Locations that it comes from, now.

        Raises
        ------
        NotFoundError    the catalog doesn't have it (yet)
        TemporaryError   the backend can't be reached, or refuses
        """
        reply = self.client.ask("POST", "catalog/refresh", plugin=_PLUGIN, body={"entityRef": entity_ref})
        if reply.status == HTTPStatus.NOT_FOUND:
            raise NotFoundError(f"Backstage's catalog has no {entity_ref}")
        reply.document()

    def add_location(self, target: str, *, dry_run: bool) -> JsonObject:
        """Register the catalog file at an address, or with `dry_run` only have it read and validated.

        Returns Backstage's response, `{location: {id, entityRef}, entities, exists}`; only a dry run has entities and
        `exists`.

        Raises
        ------
        InputError        the file can't be read, or has an entity that Backstage refuses
        NotAllowedError   Backstage's permissions don't allow it
        ConflictError     it is already registered
        TemporaryError    the backend can't be reached, or refuses otherwise
        """
        path = f"catalog/locations{'?dryRun=true' if dry_run else ''}"
        body: JsonObject = {"type": "url", "target": target}
        reply = self.client.ask("POST", path, plugin=_PLUGIN, body=body, seconds=_SECONDS_TO_READ_ENTITIES)
        if reply.status in _REFUSALS:
            raise _REFUSALS[reply.status](f"{target}: Backstage says: {reply.message or reply.status}")
        return as_object(reply.document())

    def location_id(self, target: str) -> str | None:
        """The id of the Location of the file at an address; None if it isn't registered, or we may not see it.

        Raises
        ------
        TemporaryError   the backend can't be reached, or refuses
        """
        return self.locations().get(target)

    def locations(self) -> Mapping[str, str]:
        """The ids of all registered Locations that we may see, by the addresses of their files.

        Raises
        ------
        TemporaryError   the backend can't be reached, or refuses
        """
        listed = self.client.ask("GET", "catalog/locations", plugin=_PLUGIN).document()
        found = [as_object(as_object(each).get("data")) for each in as_list(listed)]
        return {as_text(each.get("target")): as_text(each.get("id")) for each in found if as_text(each.get("id"))}

    def remove_location(self, location_id: str) -> bool:
        """Remove a Location; False if there is none with this id.

        Raises
        ------
        NotAllowedError   Backstage's permissions don't allow it
        TemporaryError    the backend can't be reached, or refuses otherwise
        """
        reply = self.client.ask("DELETE", f"catalog/locations/{quote(location_id, safe='')}", plugin=_PLUGIN)
        if reply.status == HTTPStatus.NOT_FOUND:
            return False
        if reply.status == HTTPStatus.FORBIDDEN:
            raise NotAllowedError(f"Location {location_id}: Backstage says: {reply.message or reply.status}")
        reply.document()
        return True

    def _page(self, query: Mapping[str, str]) -> Reply:
        path = f"catalog/entities/by-query?{urlencode(query)}"
        reply = self.client.ask("GET", path, plugin=_PLUGIN, seconds=_SECONDS_OF_A_PAGE, most=_MOST_BYTES_OF_A_PAGE)
        if reply.status != HTTPStatus.OK:
            raise _refusal(reply)
        return reply


def _json(reply: Reply) -> Json:
    try:
        return reply.document()
    except TemporaryError:
        raise _no_backstage(reply, "something that is not JSON") from None


def _refusal(reply: Reply) -> ScenedockError:
    where = _where(reply)
    match reply.status:
        case HTTPStatus.UNAUTHORIZED:
            return AuthenticationError(f"{where}: Backstage requires a valid token (401)")
        case HTTPStatus.FORBIDDEN:
            return NotAllowedError(f"{where}: the token may not read the catalog (403)")
        case HTTPStatus.NOT_FOUND:
            return NotFoundError(f"{where}: there is no catalog; use the address of Backstage's backend")
        case status if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return TemporaryError(f"{where}: Backstage reports a failure ({status})", retry_after=30)
        case status:
            return _no_backstage(reply, f"status {status}")


def _no_backstage(reply: Reply, answer: str) -> InputError:
    return InputError(f"{_where(reply)}: received {answer}, so this is not a Backstage backend; check the address")


def _where(reply: Reply) -> str:
    return reply.url.partition("?")[0]
