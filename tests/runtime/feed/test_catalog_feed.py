"""The last good catalog is always at hand: whatever breaks, Backstage reads what it read before."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scenedock.catalog.comparing.memory import CatalogMemory, memory_of
from scenedock.catalog.emitting.feed import Feed, FeedEdit
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.clones import RepositoryClone, fetch
from scenedock.effects.git.repositories import RepositoryFolder, ServedRepository
from scenedock.effects.local.catalog_file import CatalogFile
from scenedock.effects.tasks.lookout import TaskCounts
from scenedock.errors import InputError, NotFoundError, TemporaryError
from scenedock.model.finding import Finding, Place, Reason
from scenedock.model.kept_catalog import KeptCatalog, KeptEdit
from scenedock.runtime.feed import catalog_feed
from scenedock.runtime.feed.catalog_feed import CatalogFeed
from scenedock.runtime.feed.shared_catalog import SharedCatalog
from scenedock.runtime.feed.watched_repositories import WatchedRepositories
from scenedock.runtime.metrics import Metrics
from scenedock.runtime.wiring import served_repositories
from scenedock.structs import replace
from scenedock.usecases.catalog.accept_catalog import accept_catalog
from scenedock.usecases.catalog.build_feed import build_feed, edit_of_last
from scenedock.usecases.catalog.catalog_record import read_head, write_record
from scenedock.usecases.catalog.watching import BuiltFeed, CatalogEdit, Watch
from tests.tools.git_server import GitServer, git_server
from tests.tools.server import wait_until

ADDRESS = "http://scenedock/api/scenedock/catalog"
# sha1 of url:http://scenedock/api/scenedock/catalog/catalog-info.yaml, as Backstage's catalog computes it
INDEX = "location:default/generated-63720f9814c567a39377945b58d0b32367e420a1"


class Refreshed:
    """A Backstage that only notes what it is told to read again."""

    def __init__(self) -> None:
        self.refs: list[str] = []
        self.unknown: set[str] = set()
        self.down = False

    def refresh(self, entity_ref: str) -> None:
        if self.down:
            raise TemporaryError("away", retry_after=5)
        self.refs.append(entity_ref)
        if entity_ref in self.unknown:
            raise NotFoundError("there is none")


class Builder:
    """Makes feeds on demand, and counts."""

    def __init__(self) -> None:
        self.made = 0
        self.text = b"kind: A\n"
        self.others: dict[str, bytes] = {}
        self.error: Exception | None = None
        self.findings: tuple[Finding, ...] = ()
        self.refused: dict[str, str] = {}
        self.wait: float | None = None
        self.last: KeptCatalog | None = None
        self.watch = Watch()

    def __call__(
        self, _repositories: Mapping[str, ServedRepository], last: KeptCatalog | None, watch: Watch
    ) -> BuiltFeed:
        self.made += 1
        self.last, self.watch = last, watch
        if self.error:
            raise self.error
        feed = Feed({"catalog-info.yaml": self.text, **self.others}, {"Component": 1}, self.findings, ())
        memory = CatalogMemory(refused=self.refused)
        return BuiltFeed(write_record(feed, memory, ("apps",)), self.wait)


class FullStore:
    """A store without room, into which another replica can put a catalog all the same."""

    kept: KeptCatalog | None = None

    def version(self) -> str:
        return self.kept.version if self.kept else ""

    def load(self) -> KeptCatalog | None:
        return self.kept

    def save(self, kept: KeptCatalog, replacing: str) -> str | None:  # noqa: ARG002
        raise InputError("/data/catalog-feed.json: can't be written: disk full") from OSError(28, "disk full")

    def close(self) -> None:
        """Nothing is open."""


def test_what_another_replica_has_kept_is_not_unkept() -> None:
    made = write_record(Feed({}, {}, (), ()), memory_of([]), ())
    store = FullStore()
    shared = SharedCatalog(store)
    shared.take_over()
    assert shared.replace(None, made)
    assert shared.unkept == "disk full", "anybody may read it"

    store.kept = replace(made, version="7")
    assert shared.take_over()[0]
    assert not shared.unkept


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "apps"
    folder.mkdir()
    (folder / "a.yaml").write_text("a: 1\n")
    return folder


def kept_in(folder: Path) -> SharedCatalog:
    """The kept catalog as a process knows it that has just started."""
    return SharedCatalog(CatalogFile(folder / "feed.json"))


@pytest.fixture
def builder() -> Builder:
    return Builder()


@pytest.fixture
def feed(tmp_path: Path, repository: Path, builder: Builder) -> CatalogFeed:
    repositories = WatchedRepositories({"apps": RepositoryFolder(repository)})
    return CatalogFeed(repositories, kept_in(tmp_path), 60, ADDRESS, builder)


def test_nothing_is_built_where_the_same_catalog_would_be_made_again(
    feed: CatalogFeed, builder: Builder, repository: Path, tmp_path: Path
) -> None:
    asked: list[tuple[str, str]] = []

    def edit(_by_name: Mapping[str, ServedRepository], last: tuple[str, str], _watch: Watch) -> CatalogEdit:
        asked.append(last)
        return CatalogEdit()

    feed.edit = edit
    feed.refresh()
    assert (builder.made, asked) == (1, [])  # what it depends on isn't known before the first build
    (repository / "b.yaml").write_text("b: 1\n")
    feed.refresh()
    kept = CatalogFile(tmp_path / "feed.json").load()
    assert kept
    assert (builder.made, asked) == (1, [(kept.head, kept.digest)])

    other = kept_in(tmp_path)
    other.take_over()
    assert other.replace(kept, replace(kept, feed=kept.feed.replace("kind: A", "kind: C")), feed.current().feed)
    (repository / "b.yaml").write_text("b: 22\n")
    feed.refresh()
    assert builder.made == 2  # another process has made what is kept now


def edits(path: Path, old: bytes, new: bytes) -> CatalogEdit:
    """The edit of what is kept in a file that replaces a text of the index."""
    data = path.read_bytes()
    begin = data.index(old)
    edit = KeptEdit.of(data, ((begin, begin + len(old), new),))
    return CatalogEdit(edit, FeedEdit((("catalog-info.yaml", old, new),)))


def test_what_is_edited_is_served_and_kept_without_a_build(
    feed: CatalogFeed, builder: Builder, repository: Path, tmp_path: Path
) -> None:
    path = tmp_path / "feed.json"
    builder.others = {"entities-0.yaml": b"kind: A\n"}
    feed.refresh()
    other = feed.served_file("entities-0.yaml")
    feed.edit = lambda *_: edits(path, b"kind: A", b"kind: Bee")
    for step in ("A", "Bee"):
        (repository / "b.yaml").write_text(f"b: {step}\n")
        feed.refresh()
        feed.edit = lambda *_: edits(path, b"kind: Bee", b"kind: C")

    kept = CatalogFile(path).load()
    assert kept
    assert (builder.made, feed.served_file("catalog-info.yaml").data) == (1, b"kind: C\n")
    assert feed.served_file("entities-0.yaml") is other
    assert (feed.kept.digest, feed.kept.version) == (kept.digest, kept.version)
    restarted = kept_in(tmp_path)
    _, served = restarted.take_over()
    assert served == feed.kept.feed


@pytest.mark.parametrize("wrong", ["another process was faster", "another text"])
def test_what_can_not_be_edited_is_built(
    feed: CatalogFeed,
    builder: Builder,
    repository: Path,
    tmp_path: Path,
    wrong: str,
) -> None:
    path = tmp_path / "feed.json"
    feed.refresh()

    def edit(*_: object) -> CatalogEdit | None:
        feed.edit = lambda *_: None  # what is known of the catalog is that of the edited one
        made = edits(path, b"kind: A", b"kind: B")
        if wrong == "another process was faster":
            os.utime(path, (1, 1))
        else:
            made = replace(made, feed=FeedEdit((("catalog-info.yaml", b"kind: X", b"kind: B"),)))
        return made

    feed.edit = edit
    builder.text = b"kind: D\n"
    (repository / "b.yaml").write_text("b: 1\n")
    feed.refresh()

    kept = CatalogFile(path).load()
    assert kept
    assert (builder.made, feed.served_file("catalog-info.yaml").data) == (2, b"kind: D\n")
    assert (feed.kept.digest, "kind: D" in kept.feed) == (kept.digest, True)


def test_what_changes_is_served_although_nothing_can_be_written(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Each text has another length; so times needn't tell.
    monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))
    facts, store, made = FactsTable(tmp_path / "facts"), CatalogFile(tmp_path / "feed.json"), list[str]()

    def build(by_name: Mapping[str, ServedRepository], last: KeptCatalog | None, watch: Watch) -> BuiltFeed:
        made.append("built")
        return build_feed(by_name, last, watch, facts)

    def edit(by_name: Mapping[str, ServedRepository], last: tuple[str, str], watch: Watch) -> CatalogEdit | None:
        found = edit_of_last(by_name, last, watch, facts, store)
        made.extend(["edited"] if found and not found.is_empty else [])
        return found

    watched = WatchedRepositories({"apps": RepositoryFolder(repository)})
    feed = CatalogFeed(watched, SharedCatalog(store), 60, ADDRESS, build, edit)

    def served(description: str) -> bool:
        (repository / "Chart.yaml").write_text(f"name: billing\ndescription: {description}\n")
        feed.refresh()
        texts = (file.data.decode() for file in feed.current().files.values())
        return any(f"description: {description}\n" in text for text in texts) and not feed.current().feed.reasons

    assert all(map(served, ("A", "Two", "Three")))
    assert made[-1] == "edited"
    made.clear()
    locks = [tmp_path / ".facts.lock", tmp_path / ".feed.json.lock"]
    for lock in locks:  # nothing can be opened where a folder is, not even by root
        lock.unlink()
        lock.mkdir()

    assert served("A fourth")
    assert made == ["edited", "built"]
    assert "can't be edited, so it is built" in caplog.text
    assert "can't be kept for the next start" in caplog.text
    assert served("Another one")
    for lock in locks:
        lock.rmdir()
    assert served("The last of them")
    kept = store.load()
    assert kept
    assert "The last of them" in kept.feed


def test_who_is_slower_each_time_says_so_until_it_is_not(
    feed: CatalogFeed, builder: Builder, repository: Path, tmp_path: Path
) -> None:
    path = tmp_path / "feed.json"
    feed.refresh()

    def overtaken(repositories: Mapping[str, ServedRepository], last: KeptCatalog | None, watch: Watch) -> BuiltFeed:
        os.utime(path, (builder.made, builder.made))
        return builder(repositories, last, watch)

    feed.build = overtaken
    builder.text = b"kind: B\n"
    (repository / "b.yaml").write_text("b: 1\n")
    feed.refresh()
    assert [reason.code for reason in feed.current().feed.reasons] == ["stale-feed"]
    assert "other processes were faster each time" in feed.current().feed.findings[0].message

    feed.build = builder
    feed.refresh()
    assert (feed.current().feed.reasons, feed.served_file("catalog-info.yaml").data) == ((), b"kind: B\n")


def test_what_a_killed_process_has_left_beside_the_catalog_goes_once_it_is_old(
    feed: CatalogFeed, tmp_path: Path
) -> None:
    old, new = (tmp_path / f".scenedock-{digit * 16}" for digit in "ab")
    for each in (old, new):
        each.write_bytes(b"half of a catalog")
    os.utime(old, (1, 1))
    feed.refresh()

    assert (old.exists(), new.exists()) == (False, True)


def test_after_a_failure_the_catalog_is_built_again(feed: CatalogFeed, builder: Builder, repository: Path) -> None:
    feed.edit = lambda *_: CatalogEdit()
    feed.refresh()
    (repository / "b.yaml").write_text("b: 1\n")
    feed.edit, builder.error = (lambda *_: None), InputError("broken")
    feed.refresh()
    assert "stale-feed" in {each.code for each in feed.current().feed.findings}
    feed.edit, builder.error = (lambda *_: CatalogEdit()), None
    feed.refresh()

    assert builder.made == 3
    assert "stale-feed" not in {each.code for each in feed.current().feed.findings}


def test_it_is_made_only_when_a_repository_has_changed(feed: CatalogFeed, builder: Builder, repository: Path) -> None:
    feed.refresh()
    feed.refresh()
    assert builder.made == 1

    (repository / "b.yaml").write_text("b: 1\n")
    builder.text = b"kind: B\n"
    feed.refresh()

    assert builder.made == 2
    assert feed.served_file("catalog-info.yaml").data == b"kind: B\n"


@pytest.mark.parametrize("error", [InputError("apps/scenedock.yaml:3: wrong"), ValueError("can't be read again")])
def test_the_last_good_one_stays_while_the_repository_is_broken(
    feed: CatalogFeed, builder: Builder, repository: Path, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    feed.refresh()
    before = feed.served_file("catalog-info.yaml")
    (repository / "b.yaml").write_text("b: 1\n")
    builder.error = error
    feed.refresh()
    feed.refresh()

    assert feed.served_file("catalog-info.yaml") == before
    stale = [finding for finding in feed.current().feed.findings if finding.code == "stale-feed"]
    assert [str(error) in finding.message for finding in stale] == [True]
    said = "the catalog can't be generated, so the last valid one is kept"
    assert caplog.text.count(f"{said}: {error}") == 1

    builder.error = None
    caplog.set_level(logging.INFO)
    feed.refresh()
    feed.refresh()
    assert feed.current().feed.findings == ()
    assert caplog.text.count(f"over: {said}") == 1


def test_a_repository_that_is_gone_is_a_change_that_the_build_is_told_of(
    feed: CatalogFeed, builder: Builder, repository: Path
) -> None:
    feed.refresh()
    (repository / "a.yaml").unlink()
    repository.rmdir()
    feed.refresh()
    feed.refresh()

    assert builder.made == 2
    assert builder.watch.same["apps"][0].startswith("! ")


def test_a_second_look_is_taken_when_the_build_wants_one(feed: CatalogFeed, builder: Builder) -> None:
    builder.wait = 0.3
    feed.start()
    feed.current()
    builder.wait = None

    wait_until(lambda: builder.made == 2, "a second look")
    signature, seconds = builder.watch.same["apps"]
    assert seconds > 0.3
    assert signature
    time.sleep(0.5)
    feed.stop()
    assert builder.made == 2


NOW = 1000.0


@pytest.fixture
def waits(feed: CatalogFeed, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Until when the thread of the feed waits after each look, in seconds from now; it looks three times."""
    until: list[float] = []

    def wait(_feed: CatalogFeed, time: float) -> None:
        until.append(time - NOW)
        feed._stopped = len(until) == 3

    monkeypatch.setattr(CatalogFeed, "_wait", wait)
    monkeypatch.setattr(catalog_feed, "time", SimpleNamespace(monotonic=lambda: NOW))
    return until


def test_a_look_that_fails_before_it_asks_backstage_is_not_repeated_at_once(
    feed: CatalogFeed, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_store: CatalogFile) -> str:
        raise TemporaryError("the database is away", retry_after=5)

    monkeypatch.setattr(CatalogFile, "version", away)
    feed.origins.next_attempt = NOW - 1
    feed._run()

    assert waits == [1, 1, 1]


def test_a_second_look_that_fails_is_tried_again_after_a_while(
    feed: CatalogFeed, builder: Builder, waits: list[float]
) -> None:
    builder.wait = 0
    feed.refresh()
    builder.error = TemporaryError("the process died", retry_after=5)
    feed._run()

    assert waits == [10, 10, 10]


def test_files_that_change_again_are_not_known_to_be_the_same_for_longer(repository: Path) -> None:
    watched = WatchedRepositories({"apps": RepositoryFolder(repository)})
    watched.look()
    first, since = watched.same["apps"]
    watched.look()
    assert watched.same["apps"] == (first, since)

    (repository / "b.yaml").write_text("b: 1\n")
    watched.look()
    second, later = watched.same["apps"]

    assert (second != first, later > since) == (True, True)


def test_what_somebody_accepts_is_taken_up_within_seconds_by_whoever_runs(
    feed: CatalogFeed, builder: Builder, tmp_path: Path
) -> None:
    builder.refused = {"apps": "digest"}
    feed.start()
    feed.current()

    assert accept_catalog(CatalogFile(tmp_path / "feed.json"), "apps") == ("apps",)
    wait_until(lambda: builder.made == 2, "a build of what was accepted")
    feed.stop()

    assert builder.last
    assert read_head(builder.last).accepted == {"apps": "digest"}


def test_replicas_serve_what_any_of_them_has_made(
    feed: CatalogFeed, builder: Builder, repository: Path, tmp_path: Path
) -> None:
    other = replace(feed, kept=kept_in(tmp_path), repositories=WatchedRepositories(feed.repositories.by_name))
    feed.refresh()
    other.refresh()
    assert other.at_hand()
    assert builder.made == 2

    (repository / "b.yaml").write_text("b: 1\n")
    builder.text = b"kind: B\n"
    feed.refresh()
    other._take_over()

    assert other.served_file("catalog-info.yaml") == feed.served_file("catalog-info.yaml")
    assert builder.made == 3


def test_who_is_slower_than_another_replica_looks_again(feed: CatalogFeed, builder: Builder, tmp_path: Path) -> None:
    other = replace(feed, kept=kept_in(tmp_path), repositories=WatchedRepositories(feed.repositories.by_name))

    def overtaken(repositories: Mapping[str, ServedRepository], last: KeptCatalog | None, watch: Watch) -> BuiltFeed:
        if builder.made == 0:
            builder.text = b"kind: Other\n"
            other.refresh()
        return builder(repositories, last, watch)

    feed.build = overtaken
    feed.refresh()

    assert builder.made == 3
    assert builder.last
    assert "kind: Other" in builder.last.feed


def test_as_long_as_nobody_can_tell_what_is_remembered_nothing_is_made(
    feed: CatalogFeed, builder: Builder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "feed.json").mkdir()
    feed.refresh()

    assert (feed.at_hand(), builder.made) == (None, 0)
    assert "feed.json: this is a folder" in caplog.text


def test_what_cannot_be_saved_is_served_and_remembered_here(
    feed: CatalogFeed,
    builder: Builder,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(_kept: KeptCatalog, _replacing: str) -> None:
        raise InputError("No space left on device")

    monkeypatch.setattr(CatalogFile, "save", lambda _store, kept, replacing: full(kept, replacing))
    feed.refresh()
    assert "the catalog can't be kept for the next start: No space left" in caplog.text
    (repository / "b.yaml").write_text("b: 1\n")
    feed.refresh()

    assert builder.last
    assert "kind: A" in builder.last.feed


def test_a_service_that_starts_again_has_its_catalog_at_once(
    feed: CatalogFeed, builder: Builder, tmp_path: Path
) -> None:
    feed.refresh()
    builder.error = InputError("broken")
    again = replace(feed, kept=kept_in(tmp_path), _served=None)

    again.start()
    again.stop()

    assert again.current().feed.files == feed.current().feed.files


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 0}',
        b'{"version": 1}',
        b'{"version": 1, "files": []}',
        b"{}\n{}\n{}\n",
        b"a\nb\nc\n",
    ],
)
def test_a_kept_catalog_that_cannot_be_read_is_none(feed: CatalogFeed, kept: bytes, tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_bytes(kept)
    feed.start()
    feed.stop()

    assert feed.served_file("catalog-info.yaml").data == b"kind: A\n"


def test_findings_are_kept_with_the_catalog(feed: CatalogFeed, builder: Builder, tmp_path: Path) -> None:
    finding = Finding("warning", "x", "y", Place("apps", "a.yaml", 3), "mend it")
    builder.findings = (finding,)
    feed.refresh()
    again = replace(feed, kept=kept_in(tmp_path), _served=None)
    again.start()
    again.stop()

    assert again.current().feed.findings == (finding,)


def test_without_any_catalog_one_is_asked_to_come_again(feed: CatalogFeed, builder: Builder) -> None:
    builder.error = InputError("broken")
    said = [feed.problem]
    feed.refresh()
    said.append(feed.problem)

    with pytest.raises(TemporaryError, match="can't be generated: broken"):
        feed.current()
    builder.error = None
    feed.refresh()
    assert [*said, feed.problem] == ["", "broken", ""]


def test_a_file_that_the_catalog_does_not_have_is_not_found(feed: CatalogFeed) -> None:
    feed.refresh()

    with pytest.raises(NotFoundError):
        feed.served_file("../signing-key.pem")


def test_backstage_is_told_of_what_has_changed_and_of_nothing_else(
    feed: CatalogFeed, builder: Builder, repository: Path
) -> None:
    told: Any = Refreshed()
    feed.backstage = told
    feed.refresh()
    feed.refresh()
    (repository / "b.yaml").write_text("b: 1\n")
    feed.refresh()

    assert told.refs == [INDEX]


def test_backstage_is_told_of_the_others_where_it_does_not_know_a_file_yet(
    feed: CatalogFeed, builder: Builder, repository: Path
) -> None:
    told: Any = Refreshed()
    told.unknown = {"location:default/scenedock-entities-1"}
    feed.backstage = told
    builder.others = {"entities-2.yaml": b"kind: X\n", "entities-3.yaml": b"kind: X\n"}
    feed.refresh()
    told.refs.clear()

    (repository / "b.yaml").write_text("b: 1\n")
    builder.text = b"kind: B\n"
    builder.others = {"entities-1.yaml": b"kind: Y\n", "entities-2.yaml": b"kind: Y\n", "entities-3.yaml": b"kind: X\n"}
    feed.refresh()

    assert told.refs == [INDEX, "location:default/scenedock-entities-1", "location:default/scenedock-entities-2"]


def test_a_backstage_that_is_away_is_no_reason_to_fail(feed: CatalogFeed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told: Any = Refreshed()
    told.down = True
    feed.backstage = told

    feed.refresh()

    assert feed.served_file("catalog-info.yaml").data == b"kind: A\n"
    assert "Backstage wasn't notified" in caplog.text


def test_after_an_outage_backstage_is_told_once_of_what_has_changed(
    feed: CatalogFeed, builder: Builder, repository: Path
) -> None:
    told: Any = Refreshed()
    told.down = True
    feed.backstage = told
    for number in range(3):
        (repository / f"{number}.yaml").write_text("a: 1\n")
        builder.text = f"kind: A{number}\n".encode()
        feed.refresh()

    told.down = False
    feed.refresh()
    feed.refresh()

    assert told.refs == [INDEX]


def test_after_a_stop_of_the_service_backstage_is_told_once_of_the_catalog(feed: CatalogFeed, tmp_path: Path) -> None:
    feed.refresh()
    told: Any = Refreshed()
    again = replace(feed, kept=kept_in(tmp_path), _served=None, _untold=set(), backstage=told)

    again.refresh()
    again.refresh()

    assert told.refs == [INDEX]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as running:
        for name in ("apps", "shops"):
            running.commit(f"acme/{name}", {"a.yaml": "a: 1\n"})
        yield running


@pytest.fixture
def fetching(tmp_path: Path, server: GitServer, builder: Builder) -> CatalogFeed:
    """The feed of two repositories at addresses."""
    named = [f"{server.address}/acme/{name}" for name in ("apps", "shops")]
    repositories = served_repositories(named, tmp_path / "clones")
    watched = WatchedRepositories(repositories, lambda clone: fetch(clone, None))
    return CatalogFeed(watched, kept_in(tmp_path), 86_400, ADDRESS, builder)


def test_a_repository_at_an_address_is_fetched_and_the_feed_made_anew(
    fetching: CatalogFeed, builder: Builder, server: GitServer
) -> None:
    fetching.refresh()
    fetching.refresh()
    assert builder.made == 1

    server.commit("acme/apps", {"a.yaml": "a: 2\n"})
    fetching.refresh()
    assert builder.made == 2
    assert fetching.current().feed.findings == ()


def test_only_what_was_pushed_to_is_fetched(fetching: CatalogFeed, builder: Builder, server: GitServer) -> None:
    fetching.start()
    fetching.current()
    server.requests.clear()
    server.commit("acme/shops", {"a.yaml": "a: 2\n"})

    fetching.want(["shops"])
    until = time.monotonic() + 30
    while builder.made < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    fetching.stop()

    assert {path.split("/")[2] for path in server.requests} == {"shops"}


def test_a_repository_that_cannot_be_fetched_stays_as_it_was_and_is_told_of(
    fetching: CatalogFeed, builder: Builder, server: GitServer, caplog: pytest.LogCaptureFixture
) -> None:
    besides = (Reason("", "data-unwritable", "the data folder can't be written"),)
    metrics = Metrics(fetching.at_hand, lambda: TaskCounts(0, 0, 0, None), reasons=lambda: besides)
    fetching.refresh()
    seen = fetching.current().seen["shops"]
    (server.root / "acme/shops").rename(server.root / "gone")
    server.commit("acme/apps", {"a.yaml": "a: 2\n"})

    fetching.refresh()
    fetching.refresh()

    served = fetching.current()
    (finding,) = served.feed.findings
    assert (finding.severity, finding.code, finding.place.repository) == ("error", "stale-repository", "shops")
    assert "can't be fetched" in finding.message
    assert [(each.repository, each.code) for each in served.feed.reasons] == [("shops", "stale-repository")]
    assert builder.made == 2, "the other repository is followed all the same"
    assert served.checked == served.seen["shops"] == seen < served.seen["apps"]
    text = metrics.text()
    assert b'scenedock_repository_age_seconds{repository="shops"}' in text
    assert b'scenedock_degraded{reason="stale-repository",repository="shops"} 1.0' in text
    assert b'scenedock_degraded{reason="data-unwritable",repository=""} 1.0' in text
    kept = "the last valid state of the repository shops is kept"
    assert (caplog.text.count(kept), caplog.text.count(f"{kept}: http")) == (1, 1)

    (server.root / "gone").rename(server.root / "acme/shops")
    caplog.set_level(logging.INFO)
    fetching.refresh()
    assert (fetching.current().feed.findings, fetching.current().feed.reasons) == ((), ())
    assert caplog.text.count(f"over: {kept}") == 1


def test_a_repository_that_was_never_fetched_leaves_no_half_of_a_catalog(
    fetching: CatalogFeed, server: GitServer
) -> None:
    server.commit("acme/apps", {"billing/Chart.yaml": "name: billing\n"})
    fetching.build = build_feed
    (server.root / "acme/shops").rename(server.root / "gone")
    fetching.refresh()

    assert fetching.at_hand() is None


def test_a_disk_that_refuses_costs_freshness_only(fetching: CatalogFeed) -> None:
    def full(_clone: RepositoryClone) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    fetching.refresh()
    fetching.repositories.fetch = full
    fetching.refresh()

    assert {finding.place.repository for finding in fetching.current().feed.findings} == {"apps", "shops"}
    assert "No space left on device" in fetching.current().feed.findings[0].message
