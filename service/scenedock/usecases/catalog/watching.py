"""What goes into a build of the feed and what comes out: plain values, which cost whoever only serves it nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from scenedock.catalog.emitting.feed import FeedEdit
from scenedock.catalog.emitting.service_links import NO_LINKS, ServiceLinks
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import ScenedockError
from scenedock.model.entity import EntityRef
from scenedock.model.kept_catalog import KeptCatalog, KeptEdit
from scenedock.structs import dataclass, field


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of repositories besides their files.

    `same` has the signature of each whose files may be changing just now, and for how many seconds it was this one. A
    `stale` one could not be fetched, for the reason that it has here: whoever asks is told so already. What is
    `elsewhere` Backstage has from elsewhere. `links` lead to the service's own pages.
    """

    same: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    stale: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Collection[EntityRef] = ()
    links: ServiceLinks = NO_LINKS


@dataclass(frozen=True, slots=True)
class BuiltFeed:
    """The feed with its memory, to be kept; and the seconds until a second look may decide what vanishes.

    `wanted` are the entities that may be emitted only if Backstage doesn't have them from elsewhere; None if they are
    the same as last time.
    """

    kept: KeptCatalog
    wait: float | None = None
    wanted: Collection[EntityRef] | None = None


@dataclass(frozen=True, slots=True)
class CatalogEdit:
    """What makes the catalog of now of the last one; empty where it is the same."""

    kept: KeptEdit = field(default_factory=KeptEdit)
    feed: FeedEdit = field(default_factory=FeedEdit)

    @property
    def is_empty(self) -> bool:
        """Whether the last catalog is that of now."""
        return not self.kept.pieces


def signature_of(repository: ServedRepository) -> str:
    """What changes whenever the files of a repository do, or why it can't be read."""
    try:
        return repository.signature()
    except ScenedockError as error:
        return f"! {error}"
