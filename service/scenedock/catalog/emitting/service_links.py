"""What the feed of a service says of the service's own pages: links to them, and the board as documentation.

No version is in it, so the feed stays as it is where only versions change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from scenedock.model.entity import Entity, EntityRef, build_entity
from scenedock.model.finding import Finding, Place
from scenedock.model.json import as_list, as_object
from scenedock.structs import dataclass, replace

BOARD_REF: Final = EntityRef.of("Resource", "deployments")
"""The entity whose TechDocs are the board."""


@dataclass(frozen=True, slots=True)
class ServiceLinks:
    """Where the service's own pages are; empty where the feed should say nothing of them.

    `pages` is the address of the pages for people. `board` is the address at which TechDocs fetches the board, as
    documentation of a Resource of `owner`.
    """

    pages: str = ""
    board: str = ""
    owner: str = ""

    def __str__(self) -> str:
        """What changes whenever the entities do that are made of it."""
        return " ".join((self.pages, self.board, self.owner)).strip()


NO_LINKS: Final = ServiceLinks()


def with_service_links(
    entities: Iterable[Entity], services: Mapping[EntityRef, str], links: ServiceLinks
) -> tuple[list[Entity], list[Finding]]:
    """The entities with links to the pages of their services, by reference, and with the Resource of the board.

    A finding says where there is an entity of its name already, which stays.
    """
    linked = [
        _linked(each, f"{links.pages}/services/{quote(services[each.ref], safe='')}")
        if links.pages and each.ref in services
        else each
        for each in entities
    ]
    if not links.board:
        return linked, []
    if taken := next((each for each in linked if each.ref == BOARD_REF), None):
        message = f"{BOARD_REF} is here already, so the board isn't in the catalog"
        return linked, [Finding("warning", "board-name-taken", message, taken.place, "Rename this entity.")]
    return [*linked, _board(links)], []


def _linked(entity: Entity, url: str) -> Entity:
    there = as_list(entity.metadata.get("links"))
    if any(as_object(each).get("url") == url for each in there):
        return entity
    metadata = {**entity.metadata, "links": [*there, {"url": url, "title": "Scenedock"}]}
    return replace(entity, document={**entity.document, "metadata": metadata})


def _board(links: ServiceLinks) -> Entity:
    return build_entity(
        "Resource",
        BOARD_REF.name,
        {
            "title": "Deployments",
            "description": "Which version git has for each service and environment, and who is behind",
            "annotations": {"backstage.io/techdocs-ref": f"url:{links.board}"},
            "links": [{"url": f"{links.pages}/board", "title": "Board"}] if links.pages else [],
        },
        {"type": "documentation", "owner": links.owner},
        Place(),
    )
