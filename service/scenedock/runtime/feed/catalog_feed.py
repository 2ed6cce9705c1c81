"""The catalog feed of the service: the last valid one, always available, refreshed in the background."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from math import inf
from typing import TYPE_CHECKING, Final

from scenedock.catalog.emitting.feed import INDEX, Feed, location_ref, registered_ref, with_findings
from scenedock.catalog.emitting.service_links import NO_LINKS, ServiceLinks
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.apart import give_back_memory
from scenedock.errors import NotFoundError, ScenedockError, TemporaryError
from scenedock.model.entity import EntityRef
from scenedock.model.finding import Finding, Place, Reason
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.runtime.feed.other_origins import NOT_ASKED, OtherOrigins
from scenedock.runtime.feed.shared_catalog import SharedCatalog
from scenedock.runtime.feed.watched_repositories import STALE, WatchedRepositories
from scenedock.runtime.logs import Troubles, without_durations
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.catalog_record import read_feed
from scenedock.usecases.catalog.watching import BuiltFeed, CatalogEdit, Watch

if TYPE_CHECKING:
    from scenedock.effects.backstage.catalog import BackstageCatalog

_log: Final = logging.getLogger("scenedock.feed")
_SECONDS_FOR_THE_FIRST = 10.0
_SECONDS_BETWEEN_GLANCES = 1.0
"""At what is kept: somebody may have accepted something. Nothing is looked at sooner, unless somebody asks."""
_SECONDS_AFTER_A_FAILURE = 10.0
"""Until a second look that was due is tried again."""
_MOST_ATTEMPTS = 5
_SEE_LOG: Final = "the log of the service says why"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file of the feed, ready to send; `etag` is weak (without quotes here), and the same for both encodings."""

    data: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def of(cls, data: bytes) -> ServedFile:
        """The file of some bytes."""
        return cls(data, gzip.compress(data, 6, mtime=0), hashlib.sha256(data).hexdigest()[:32])


@dataclass(frozen=True, slots=True)
class Served:
    """A feed that is being served, and the time (in seconds since the epoch) when it was last known to be up to date.

    `seen` has the same time for each repository: for one at an address, when it was last fetched, or 0 if never.
    """

    feed: Feed
    files: Mapping[str, ServedFile]
    checked: float
    seen: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class CatalogFeed:
    """The feed of some repositories, beside what is `kept` of it.

    `build` makes one in a process of its own; before that, `edit` is asked there what would make it of the one of some
    head and digest, which needs no more than what has changed. `start` a thread that keeps it new. Building is work for
    one core for as long as it takes; in this process every answer would wait for it.
    """

    repositories: WatchedRepositories
    kept: SharedCatalog
    seconds: float
    address: str
    """The address of the folder in which Backstage finds the files."""
    build: Callable[[Mapping[str, ServedRepository], KeptCatalog | None, Watch], BuiltFeed]
    edit: Callable[[Mapping[str, ServedRepository], tuple[str, str], Watch], CatalogEdit | None] = lambda *_: None
    backstage: BackstageCatalog | None = None
    origins: OtherOrigins = field(default_factory=OtherOrigins)
    links: ServiceLinks = NO_LINKS
    _served: Served | None = None
    _failure: str = ""
    """Why the last attempt to make a feed failed."""
    _signature: str = ""
    _built_here: str = ""
    """The digest of the catalog that was built last by this process, which so knows what it depends on."""
    _second_look: float = inf
    """When files may have been the same for long enough, on the clock that only goes forward."""
    _first: threading.Event = field(default_factory=threading.Event)
    _wanted: threading.Event = field(default_factory=threading.Event)
    _stopped: bool = False
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: set[str] | None = field(default_factory=set)
    """The repositories that were requested to be checked; None means all."""
    _untold: set[str] = field(default_factory=set)
    """The files that Backstage wasn't asked to fetch yet: it couldn't be reached, or this process has just started."""
    _failures: Troubles = field(default_factory=lambda: Troubles(_log))
    _troubles: Troubles = field(default_factory=lambda: Troubles(_log, logging.WARNING))
    _notices: Troubles = field(default_factory=lambda: Troubles(_log, logging.INFO))

    def start(self) -> None:
        """Serve what was kept, and begin to look at the repositories."""
        try:
            self._take_over()
        except ScenedockError as error:
            _log.warning("the last catalog can't be served: %s", error)
        self._thread = threading.Thread(target=self._run, name="catalog-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop checking."""
        self._stopped = True
        self._wanted.set()
        self.kept.store.close()

    def want(self, repositories: Collection[str] | None = None) -> None:
        """Have some repositories checked now, by their names; without names, all."""
        with self._lock:
            all_of_them = repositories is None or self._asked is None
            self._asked = None if all_of_them else {*(self._asked or ()), *(repositories or ())}
        self._wanted.set()

    def current(self) -> Served:
        """The feed; this waits only in the first seconds of a new service.

        Raises
        ------
        TemporaryError   there is none yet
        """
        if self._served is None and not self._first.wait(_SECONDS_FOR_THE_FIRST):
            raise TemporaryError("the catalog is being generated for the first time; try again", retry_after=5)
        if self._served is None:
            raise TemporaryError(f"the catalog can't be generated: {self.problem}", retry_after=30)
        return self._served

    @property
    def problem(self) -> str:
        """Why there is no feed, once the first attempt has ended; empty if there is one, or may be soon."""
        if self._served or not self._first.is_set():
            return ""
        return "; ".join(filter(None, (self._failure, *self.repositories.stale.values()))) or _SEE_LOG

    @property
    def state(self) -> str:
        """Changes whenever the catalog does, or a file of a repository, or why one can't be fetched."""
        stale = {name: without_durations(why) for name, why in self.repositories.stale.items()}
        return f"{self.kept.version} {self.repositories.signature()} {stale}"

    def at_hand(self) -> Served | None:
        """The feed, if there is one."""
        return self._served

    def served_file(self, name: str) -> ServedFile:
        """One file of the feed.

        Raises
        ------
        NotFoundError    there is no such file
        TemporaryError   there is no feed yet
        """
        files = self.current().files
        if name not in files:
            raise NotFoundError(f"the catalog has no file {name!r}; start with catalog-info.yaml")
        return files[name]

    def refresh(self, names: Collection[str] | None = None) -> None:
        """Check the repositories, and rebuild the feed if one has changed; on errors the last valid feed is kept.

        Of the repositories at addresses, only the named ones are fetched; without names, all.
        """
        signature = self._signature
        try:
            for _ in range(_MOST_ATTEMPTS):
                # Who made what is kept had looked before: what is seen from now on is no older.
                everything = self._take_over()
                self.repositories.look(None if everything else names)
                if self._renew():
                    self._failures.note({})
                    self._troubles.note(self._wrong())
                    break
            else:
                raise TemporaryError("other processes were faster each time; it is tried again", retry_after=5)
        except (ScenedockError, ValueError) as error:
            if not self._stopped:  # else the build was ended with the service
                self._fail(error)
        finally:
            self._first.set()
            if self._signature != signature:  # a build leaves as much free as the texts of the catalog are long
                give_back_memory()

    def _wrong(self) -> dict[str, str]:
        """Why what is served isn't what the repositories say, besides what is logged where it is found."""
        if self._served is None:
            return {}
        told = {(each.place.repository, each.code): each.message for each in reversed(self._served.feed.findings)}
        return {
            str(each): told.get((each.repository, each.code), "").removeprefix(each.message).lstrip(",: ")
            for each in self._served.feed.reasons
            if each.code not in {STALE, NOT_ASKED}
        }

    def _run(self) -> None:
        turn_of_all = time.monotonic()
        while not self._stopped:
            with self._lock:
                names, self._asked = self._asked, set()
            if time.monotonic() >= turn_of_all:
                names = None
            try:
                self.refresh(names)
            except Exception:  # noqa: BLE001 - the thread must survive any error of a build
                _log.exception("the catalog can't be generated")
            if names is None:
                turn_of_all = time.monotonic() + self.seconds
            soon = time.monotonic() + _SECONDS_BETWEEN_GLANCES  # what failed may not have renewed what is due
            self._wait(max(soon, min(turn_of_all, self._second_look, self.origins.next_attempt)))

    def _wait(self, until: float) -> None:
        """Wait for a time, unless somebody asks, or another process changes what is kept."""
        while not self._stopped and (seconds := until - time.monotonic()) > 0:
            if self._wanted.wait(min(seconds, _SECONDS_BETWEEN_GLANCES)) or self.kept.is_changed():
                break
        self._wanted.clear()

    def _take_over(self) -> bool:
        """Serve what is kept, if it isn't what we know; whether it wasn't."""
        is_other, feed = self.kept.take_over()
        if is_other:
            self.origins.remember(EntityRef.parse(each, default_kind="") for each in self.kept.elsewhere)
        if feed:
            starts = self._served is None
            changed = self._serve(feed, checked=self._served.checked if self._served else 0.0)
            if starts:  # Backstage may have read nothing while the service was stopped
                self._untold.update(changed)
        return is_other

    def _renew(self) -> bool:
        """Build the feed again if anything has changed; False if another process has built one meanwhile."""
        now = time.monotonic()
        self.origins.ask()
        is_as_seen = self._state() == self._signature and now < self._second_look
        edit = CatalogEdit() if is_as_seen else self._edit()
        if self._served and edit and edit.is_empty:
            self._signature, self._second_look = self._state(), (self._second_look if is_as_seen else inf)
            self._served = self._as_served(self._served.feed, self._served.files, self._checked(self._served.feed))
            self._tell_backstage()
            return True
        if self._served and edit:
            if (made := self.kept.edit(edit)) is not None:
                return self._is_new(made, inf)
            if self.kept.is_changed():
                return False
        last = self.kept.last()
        built = self._built(last)
        feed = read_feed(built.kept)
        if feed is None:
            raise ValueError("the feed that was built can't be read")
        if not self.kept.replace(last, built.kept, feed):
            return False
        return self._is_new(feed, inf if built.wait is None else now + built.wait)

    def _is_new(self, feed: Feed, second_look: float) -> bool:
        """Serve a feed that was just made, and say so; always true."""
        changed = self._serve(feed, self._checked(feed))
        self._signature, self._built_here = self._state(), self.kept.digest
        self._second_look = second_look
        self._untold.update(changed)
        self._tell_backstage()
        return True

    def _edit(self) -> CatalogEdit | None:
        """What makes the feed of now of what is served, which has no finding of a failure, and which we have built."""
        kept = self.kept
        if not (self._signature and kept.digest and kept.digest == self._built_here):
            return None
        try:
            return self.edit(self.repositories.by_name, (kept.head, kept.digest), self._watch())
        except ScenedockError:
            return None  # the build says more

    def _built(self, last: KeptCatalog | None) -> BuiltFeed:
        """A feed without what Backstage has from elsewhere; about what is new, Backstage is asked first."""
        built = self._built_once(last)
        for _ in range(_MOST_ATTEMPTS):
            if not self.origins.ask(built.wanted):
                break
            built = self._built_once(last)
        return built

    def _built_once(self, last: KeptCatalog | None) -> BuiltFeed:
        return self.build(self.repositories.by_name, last, self._watch())

    def _watch(self) -> Watch:
        return replace(self.repositories.watch(), elsewhere=self.origins.elsewhere, links=self.links)

    def _state(self) -> str:
        """What a feed is made of: the repositories as seen last, what somebody accepted, what comes from elsewhere."""
        elsewhere = sorted(map(str, self.origins.elsewhere))
        return f"{self.repositories.signature()} {json.dumps([self.kept.accepted, elsewhere])}"

    def _checked(self, feed: Feed) -> float:
        """Since when nothing that is served is known to be older; what stays only because it must isn't known."""
        if all(reason.code in {STALE, NOT_ASKED} for reason in feed.reasons):
            return self.repositories.all_seen()
        return self._served.checked if self._served else 0.0

    def _as_served(self, feed: Feed, files: Mapping[str, ServedFile], checked: float) -> Served:
        repositories = self.repositories
        told = with_findings(feed, STALE, repositories.findings(), repositories.reasons())
        told = with_findings(told, NOT_ASKED, self.origins.findings(), self.origins.reasons())
        return Served(told, files, checked, dict(repositories.seen))

    def _serve(self, feed: Feed, checked: float) -> list[str]:
        """Serve this feed from now on; returns the names of the files that have changed."""
        before = self._served.files if self._served else {}
        files = {
            name: before[name] if name in before and before[name].data == data else ServedFile.of(data)
            for name, data in feed.files.items()
        }
        self._served = self._as_served(feed, files, checked)
        changed = [name for name, each in files.items() if name not in before or before[name].etag != each.etag]
        if changed and checked:
            _log.info("the catalog has changed: %d entities in %d files", feed.entities, len(files))
        return changed

    def _fail(self, error: Exception) -> None:
        instead = "and there is none yet" if self._served is None else "so the last valid one is kept"
        self._failures.note({f"the catalog can't be generated, {instead}": str(error)})
        self._failure = str(error)
        now = time.monotonic()
        if self._second_look <= now:
            self._second_look = now + _SECONDS_AFTER_A_FAILURE
        if self._served is None:
            return
        said = f"the catalog can't be made, so the last good one is served: {error}"
        finding = Finding("error", "stale-feed", said, Place(), "The log of the service says more; nothing is lost.")
        reason = Reason("", finding.code, "the catalog can't be made")
        served = self._served
        told = with_findings(served.feed, finding.code, [finding], [reason])
        self._served = self._as_served(told, served.files, served.checked)
        self._signature = ""

    def _tell_backstage(self) -> None:
        """Have Backstage fetch the changed files now, not at its next refresh; what fails is tried again later, once.

        Backstage doesn't have the Location of a new file yet: the index, which has then changed as well, adds it.
        """
        if self.backstage is None:
            return
        unreachable: dict[str, str] = {}
        for name in sorted(self._untold):
            location = registered_ref(f"{self.address}/{INDEX}") if name == INDEX else location_ref(name)
            try:
                self.backstage.refresh(str(location))
            except NotFoundError:
                _log.info("Backstage's catalog doesn't have %s, for %s, yet", location, name)
            except ScenedockError as error:
                unreachable = {"Backstage wasn't notified of the new catalog, which is tried again": str(error)}
                break
            self._untold.discard(name)
        self._notices.note(unreachable)
