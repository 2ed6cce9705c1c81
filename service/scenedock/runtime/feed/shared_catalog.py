"""The kept catalog, one for all replicas of an installation, as this process knows it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Final

from scenedock.catalog.emitting.feed import Feed
from scenedock.effects.local.catalog_file import CatalogFile, CatalogStore
from scenedock.errors import InputError, NotFoundError, ScenedockError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.catalog_record import CatalogHead, read_feed, read_head
from scenedock.usecases.catalog.watching import CatalogEdit

_log: Final = logging.getLogger("scenedock.feed")


@dataclass(slots=True)
class SharedCatalog:
    """What a store keeps; as long as that has nothing, what a `former` one did.

    `accepted` is what somebody has allowed and no build has used yet, by repository; `elsewhere` is what Backstage had
    from elsewhere.
    """

    store: CatalogStore
    former: CatalogStore | None = None
    accepted: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Collection[str] = ()
    head: str = ""
    feed: Feed | None = None
    """As it was read or made last, without what is said of it besides."""
    digest: str = ""
    """Of the catalog that is kept there, as far as this process knows; empty where there is none."""
    unkept: str = ""
    """Why the last catalog could not be kept, as anybody may know it, so without paths; empty if it is."""
    _version: str | None = None
    """The version that we know; None before the first look."""
    _unsaved: KeptCatalog | None = None
    """What isn't saved there: from the former store, or made by us when it could not be."""

    @property
    def version(self) -> str:
        """The version of the catalog that this process knows; empty before the first look."""
        return self._version or ""

    def is_changed(self) -> bool:
        """Whether another process has kept another catalog, or somebody has accepted something."""
        try:
            return self.store.version() != self._version
        except ScenedockError:
            return False

    def take_over(self) -> tuple[bool, Feed | None]:
        """Whether there is another catalog than the one that we know, and its feed, if it has one.

        Raises
        ------
        ScenedockError   it can't be read; then nobody knows what is remembered
        """
        if self.store.version() == self._version:
            return False, None
        kept = self.store.load()
        self._version, self._unsaved, self.unkept = kept.version if kept else "", None, ""
        if kept is None and self.former:
            kept = self._unsaved = self.former.load()
        head = read_head(kept) if kept else CatalogHead()
        self.accepted, self.elsewhere = head.accepted, head.elsewhere
        self._is_kept(kept if self._version else None)
        self.feed = read_feed(kept) if kept else None
        return True, self.feed

    def last(self) -> KeptCatalog | None:
        """The catalog upon which the next one is built.

        Raises
        ------
        ScenedockError   as `take_over` does
        """
        return self._unsaved or self.store.load()

    def edit(self, edit: CatalogEdit) -> Feed | None:
        """Keep what an edit makes of the catalog that this process knows, and give its feed.

        None where another process was faster, so that it `is_changed`, or where it can't be kept so and must be built.
        """
        if self.feed is None or not isinstance(self.store, CatalogFile):
            return None
        try:
            feed = edit.feed.applied(self.feed)
            version = self.store.edit(edit.kept, self.version)
        except (ScenedockError, ValueError) as error:
            _log.warning("the last catalog can't be edited, so it is built: %s", error)
            return None
        if version is None:
            return None
        self._version, self._unsaved, self.unkept = version, None, ""
        self.feed, self.digest = feed, edit.kept.digest
        return feed

    def replace(self, last: KeptCatalog | None, made: KeptCatalog, feed: Feed | None = None) -> bool:
        """Keep what was made of the last one, whose `feed` can be edited then if it is given; False if another process
        has been faster.
        """
        same = last is not None and (last.head, last.feed, last.memory) == (made.head, made.feed, made.memory)
        if not same or last is self._unsaved:
            try:
                version = self.store.save(made, self._version or "")
            except (InputError, NotFoundError) as error:  # a full disk: what is served is remembered here alone
                _log.warning("the catalog can't be kept for the next start: %s", error)
                self._unsaved, self.unkept = made, _without_path(error)
                self._is_kept(None)
            else:
                if version is None:
                    return False
                self._version, self._unsaved, self.unkept = version, None, ""
                self._is_kept(made)
        self.accepted, self.feed = read_head(made).accepted, feed
        return True

    def _is_kept(self, kept: KeptCatalog | None) -> None:
        self.head, self.digest = (kept.head, kept.digest) if kept else ("", "")


def _without_path(error: ScenedockError) -> str:
    """What the disk says of a file, without which file that is."""
    cause = error.__cause__
    return (cause.strerror if isinstance(cause, OSError) else None) or "the log of the service says why"
