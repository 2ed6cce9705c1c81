"""The catalog feed as the service holds it: the last good one, always at hand, renewed in the background."""

from __future__ import annotations

import gzip
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scenedock.catalog.feed import INDEX, Feed, location_ref, with_findings
from scenedock.effects.apart import run_apart
from scenedock.effects.backstage import BackstageBackend
from scenedock.effects.feed_file import load_feed, save_feed
from scenedock.effects.repositories import ServedRepository
from scenedock.effects.repository_clones import RepositoryClone
from scenedock.errors import NotFoundError, ScenedockError, TemporaryError
from scenedock.model.entity import EntityRef
from scenedock.model.finding import Finding, Place

_log: Final = logging.getLogger("scenedock.feed")
_SECONDS_FOR_THE_FIRST = 10.0
_MOST_SECONDS_OF_A_BUILD = 1800.0
_FETCHES_AT_ONCE = 4
_STALE_REPOSITORY = "stale-repository"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file of the feed, ready to be sent; `etag` is weak (and without quotes here), the same for both encodings."""

    data: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def of(cls, data: bytes) -> ServedFile:
        """The file of some bytes."""
        return cls(data, gzip.compress(data, 6, mtime=0), hashlib.sha256(data).hexdigest()[:32])


@dataclass(frozen=True, slots=True)
class Served:
    """A feed that is being served, and when (seconds since the epoch) it was last known to be true.

    `seen` says the same of each repository: of one at an address that is when it was fetched, 0 before the first time.
    """

    feed: Feed
    files: Mapping[str, ServedFile]
    checked: float
    seen: Mapping[str, float] = field(default_factory=dict)
    stale: Collection[str] = ()
    """The repositories that could not be fetched the last time."""


@dataclass(slots=True)
class CatalogFeed:
    """The feed of some repositories. `build` makes one in a process of its own, `start` a thread that keeps it new.

    `fetch` brings a repository at an address to its present commit; where it can't, the commit before stays. Building is work for one core for as long as it takes; in this process every answer would wait for it.
    """

    repositories: Mapping[str, ServedRepository]
    file: Path
    seconds: float
    address: str
    """The address of the folder in which Backstage finds the files."""
    build: Callable[[Mapping[str, ServedRepository]], Feed]
    backstage: BackstageBackend | None = None
    fetch: Callable[[RepositoryClone], None] | None = None
    _served: Served | None = None
    _signature: str = ""
    _first: threading.Event = field(default_factory=threading.Event)
    _wanted: threading.Event = field(default_factory=threading.Event)
    _stopped: bool = False
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next_turn: float = 0.0
    """When all repositories are looked at again, in seconds of the monotonic clock."""
    _pushed: set[str] = field(default_factory=set)
    _seen: dict[str, float] = field(default_factory=dict)
    _stale: dict[str, str] = field(default_factory=dict)
    """Why a repository could not be fetched the last time."""

    def start(self) -> None:
        """Serve what was kept, and begin to look at the repositories."""
        if kept := load_feed(self.file):
            self._serve(kept, checked=0.0)
        self._thread = threading.Thread(target=self._run, name="catalog-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        self._wanted.set()

    def want(self, repositories: Collection[str] | None = None) -> None:
        """Have some repositories (by name; without any said, all) looked at now."""
        with self._lock:
            if repositories is None:
                self._next_turn = 0.0
            else:
                self._pushed |= set(repositories)
        self._wanted.set()

    def current(self) -> Served:
        """The feed; only in the first seconds of a new service this waits.

        Raises
        ------
        TemporaryError   there is none yet
        """
        if self._served is None and not self._first.wait(_SECONDS_FOR_THE_FIRST):
            raise TemporaryError("the catalog is being made for the first time; ask again", retry_after=5)
        if self._served is None:
            raise TemporaryError("the catalog can't be made; the log of the service says why", retry_after=30)
        return self._served

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
            raise NotFoundError(f"the catalog has no file {name!r}; begin with catalog-info.yaml")
        return files[name]

    def refresh(self, fetched: Collection[str] | None = None) -> None:
        """Look at the repositories and make the feed anew where one has changed; on errors the last good one stays.

        Of those at addresses only `fetched` are asked whether they have changed; without it, all.
        """
        self._fetch(self.repositories if fetched is None else fetched)
        try:
            signature = ",".join(f"{name}={each.signature()}" for name, each in self.repositories.items())
            if self._served is None or signature != self._signature:
                feed = self.build(self.repositories)
                changed = self._serve(feed, checked=self._checked())
                self._signature = signature
                self._keep(feed)
                self._tell_backstage(changed)
            else:
                self._served = self._as_served(self._served.feed, self._served.files, self._checked())
        except (ScenedockError, ValueError) as error:
            self._fail(error)
        finally:
            self._first.set()

    def _run(self) -> None:
        while not self._stopped:
            try:
                self.refresh(self._due())
            except Exception:  # noqa: BLE001 - the thread outlives whatever a build does; without it nothing is ever renewed
                _log.exception("the catalog can't be made")
            self._wanted.wait(max(0.0, self._next_turn - time.monotonic()))
            self._wanted.clear()

    def _due(self) -> Collection[str] | None:
        """What is to be looked at now: all when their turn has come, else what was pushed to."""
        with self._lock:
            pushed, self._pushed = self._pushed, set()
            if time.monotonic() < self._next_turn:
                return pushed
            self._next_turn = time.monotonic() + self.seconds
            return None

    def _fetch(self, names: Collection[str]) -> None:
        """Fetch the repositories at addresses among these, a few at once: one that dawdles keeps few others waiting."""
        clones = {name: each for name, each in self.repositories.items() if isinstance(each, RepositoryClone)}
        wanted = [name for name in clones if name in names]
        with ThreadPoolExecutor(_FETCHES_AT_ONCE, thread_name_prefix="fetch") as threads:
            for name, problem in zip(wanted, threads.map(lambda name: self._problem(clones[name]), wanted), strict=True):
                if problem:
                    _log.error("the repository %s can't be fetched, so its last good state stays: %s", name, problem)
                    self._stale[name] = problem
                else:
                    self._stale.pop(name, None)
                    self._seen[name] = time.time()
        self._seen |= {name: time.time() for name in self.repositories if name not in clones}

    def _problem(self, clone: RepositoryClone) -> str:
        try:
            if self.fetch is not None:
                self.fetch(clone)
        except ScenedockError as error:
            return str(error)
        return ""

    def _checked(self) -> float:
        return min((self._seen.get(name, 0.0) for name in self.repositories), default=time.time())

    def _as_served(self, feed: Feed, files: Mapping[str, ServedFile], checked: float) -> Served:
        remedy = "See that the address, the branch and the token are right, and that the host can be reached."
        stale = [
            Finding("error", _STALE_REPOSITORY, f"its last good state is served: {said}", Place(name), remedy)
            for name, said in sorted(self._stale.items())
        ]
        told = with_findings(feed, _STALE_REPOSITORY, stale)
        return Served(told, files, checked, dict(self._seen), frozenset(self._stale))

    def _serve(self, feed: Feed, checked: float) -> list[str]:
        """Serve this feed from now on; the names of the files that are other than before."""
        before = self._served.files if self._served else {}
        files = {name: ServedFile.of(data) for name, data in feed.files.items()}
        self._served = self._as_served(feed, files, checked)
        changed = [name for name, each in files.items() if name not in before or before[name].etag != each.etag]
        if changed and checked:
            _log.info("the catalog has changed: %d entities in %d files", feed.entities, len(files))
        return changed

    def _fail(self, error: Exception) -> None:
        _log.error("the catalog can't be made, so the last good one stays: %s", error)
        if self._served is None:
            return
        said = f"the catalog can't be made, so the last good one is served: {error}"
        finding = Finding("error", "stale-feed", said, Place(), "Mend the repository; nothing is lost.")
        served = self._served
        self._served = self._as_served(with_findings(served.feed, "stale-feed", [finding]), served.files, served.checked)
        self._signature = ""

    def _keep(self, feed: Feed) -> None:
        try:
            save_feed(self.file, feed)
        except ScenedockError as error:
            _log.warning("the catalog can't be kept for the next start: %s", error)

    def _registered(self) -> EntityRef:
        """The Location of the index as Backstage's catalog names one of its configuration."""
        target = f"url:{self.address}/{INDEX}"
        return EntityRef.of("Location", f"generated-{hashlib.sha1(target.encode(), usedforsecurity=False).hexdigest()}")

    def _tell_backstage(self, changed: list[str]) -> None:
        """Have Backstage fetch what has changed now and not at its next turn; without its help that comes later.

        The Location of a new file it doesn't have yet: the index, which has then changed as well, brings it.
        """
        if self.backstage is None:
            return
        for name in changed:
            location = self._registered() if name == INDEX else location_ref(name)
            try:
                self.backstage.refresh(str(location))
            except NotFoundError:
                _log.info("Backstage's catalog doesn't have %s, for %s, yet", location, name)
            except TemporaryError as error:
                _log.info("Backstage wasn't told of the new catalog: %s", error)
                return


def build_apart(repositories: Mapping[str, ServedRepository]) -> Feed:
    """Build the feed in a process of its own.

    Raises
    ------
    InputError       a repository can't be read
    TemporaryError   the process died, or took too long
    """
    from scenedock.usecases.build_feed import build_feed

    return run_apart(_MOST_SECONDS_OF_A_BUILD, build_feed, repositories)
