"""What hasn't changed isn't read again, and what is known is never trusted beyond what it was known from."""

from __future__ import annotations

import os
import pickle
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scenedock.catalog.reading.folders import FolderReader
from scenedock.effects.facts import table as facts_table
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.repositories import Repository, RepositoryFolder
from scenedock.effects.git.revisions import GitRevision
from scenedock.effects.git.snapshots import Snapshot
from scenedock.effects.local import facts_rules
from scenedock.model.finding import Place
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import field_names
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.catalog_record import read_feed
from scenedock.usecases.catalog.watching import Watch, signature_of
from tests.scenarios.repositories import BILLING, clone, git, plant

FILES = {
    **BILLING,
    "orders/Chart.yaml": "name: orders\n",
    "orders/values.yaml": "upstream: http://billing:80\nimage: {tag: 1.2.2}\n",
    "web/Chart.yaml": "name: web\ndependencies: [{name: base, repository: 'file://../base'}]\n",
    "argocd/orders.yaml": "kind: ConfigMap\n",
    "scenedock.yaml": "repository: https://github.com/acme/apps\n",
    "README.md": "Our services\n",
}


@dataclass
class Counting:
    """A repository that counts which of its files are read."""

    open: Callable[[], Repository]
    reads: list[str] = field(default_factory=list)

    def signature(self) -> str:
        return ""

    def opened(self) -> AbstractContextManager[Repository]:
        repository = self.open()

        class Counted(type(repository)):  # type: ignore[misc]
            def read(inner, path: str) -> bytes:
                self.reads.append(path)
                return super().read(path)  # type: ignore[no-any-return]

        if isinstance(repository, GitRevision):
            return Counted(repository.root, repository.ref)
        assert isinstance(repository, RepositoryFolder)
        return nullcontext(Counted(repository.root))


@dataclass
class Builds:
    """Builds of one repository, one after the other."""

    root: Path
    facts: FactsTable
    repository: Counting
    commit: bool
    last: KeptCatalog | None = None

    def edit(self, files: Mapping[str, str | None]) -> None:
        for path, text in files.items():
            if text is None:
                (self.root / path).unlink()
            else:
                plant(self.root, {path: text})
        if self.commit:
            git(self.root, "add", "--all")
            git(self.root, "-c", "user.name=J", "-c", "user.email=j@a.test", "commit", "--quiet", "--message=x")

    def build(self) -> set[str]:
        """Build the feed; which files were read. It is always what a build that knows nothing gives."""
        self.repository.reads.clear()
        watch = Watch({"apps": (signature_of(self.repository), 3600.0)})
        full = build_feed({"apps": self.repository}, self.last, watch).kept
        self.repository.reads.clear()
        self.last = build_feed({"apps": self.repository}, self.last, watch, self.facts).kept
        assert (self.last.head, self.last.feed, self.last.memory) == (full.head, full.feed, full.memory)
        return set(self.repository.reads)

    def settle(self) -> set[str]:
        """Build until the names of all services are remembered; which files the first build read."""
        first = self.build()
        self.build()
        return first

    def findings(self, code: str) -> list[Place]:
        feed = read_feed(self.last) if self.last else None
        return [each.place for each in feed.findings if each.code == code] if feed else []

    def text(self) -> str:
        feed = read_feed(self.last) if self.last else None
        return "".join(data.decode() for data in feed.files.values()) if feed else ""


@pytest.fixture(params=["folder", "clone"])
def builds(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    root = clone(tmp_path / "apps", files=FILES)
    is_folder = request.param == "folder"
    # Each file that is written in a test has another inode or size; so times needn't tell.
    monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))
    repository = Counting((lambda: RepositoryFolder(root)) if is_folder else (lambda: GitRevision(root, "main")))
    return Builds(root, FactsTable(tmp_path / "data" / "facts"), repository, commit=not is_folder)


def test_nothing_is_read_again_if_nothing_has_changed(builds: Builds) -> None:
    assert "orders/values.yaml" in builds.settle()
    assert builds.build() == set()


def test_a_change_that_says_the_same_reads_its_folder(builds: Builds) -> None:
    builds.settle()
    before = builds.text()
    builds.edit({"orders/values.yaml": "upstream: http://billing:80\nimage: {tag: 1.2.3}\n"})

    assert builds.build() == {"orders/Chart.yaml", "orders/values.yaml"}
    assert builds.text() == before
    assert builds.build() == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [("critical: 1", "critical: true"), ("weight: 1", "weight: 1.0"), ("a: {x: 1, y: 2}", "a: {y: 2, x: 1}")],
)
def test_a_hand_written_value_that_python_takes_for_the_same_changes(builds: Builds, before: str, after: str) -> None:
    text = (
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: orders}}\n"
        "spec: {{type: service, lifecycle: production, owner: group:default/a, {}}}\n"
    )
    builds.edit({"orders/catalog-info.part.yaml": text.format(before)})
    builds.settle()
    kept = builds.last
    builds.edit({"orders/catalog-info.part.yaml": text.format(after)})
    builds.build()

    assert builds.last != kept


def test_a_change_of_what_nobody_reads_reads_nothing(builds: Builds) -> None:
    builds.settle()
    builds.edit({"README.md": "All our services\n"})

    assert builds.build() == set()


def test_a_changed_fact_reads_no_other_folder(builds: Builds) -> None:
    builds.settle()
    builds.edit({"orders/values.yaml": "upstream: http://web\n"})
    read = builds.build()

    assert "orders/values.yaml" in read
    assert not {"billing/Chart.yaml", "billing/values.yaml", "web/Chart.yaml"} & read
    assert "component:web" in builds.text()
    assert builds.build() == set()


def test_a_new_folder_reads_those_that_asked_for_it(builds: Builds) -> None:
    builds.settle()
    builds.edit({"base/Chart.yaml": "name: base\ntype: library\n"})
    read = builds.build()

    assert {"base/Chart.yaml", "web/Chart.yaml"} <= read
    assert not {"billing/Chart.yaml", "orders/Chart.yaml"} & read
    assert "component:base" in builds.text()


def test_what_a_folder_is_told_of_the_rest_has_it_read_again(builds: Builds) -> None:
    builds.build()
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: o, labels: {env: qa}}\n"
        "spec: {source: {path: billing, helm: {valueFiles: [values-qa.yaml]}}}\n"
    )
    builds.edit({"argocd/orders.yaml": application})

    assert {"billing/Chart.yaml", "billing/values-qa.yaml"} <= builds.build()
    assert "argocd/app-name: o" in builds.text()


def test_changed_settings_count(builds: Builds) -> None:
    builds.settle()
    builds.edit({"scenedock.yaml": "repository: https://github.com/acme/other\n"})
    builds.build()

    assert "github.com/acme/other" in builds.text()


@pytest.mark.parametrize("builds", ["folder"], indirect=True)
def test_a_file_that_could_not_be_read_is_tried_again(builds: Builds) -> None:
    with (builds.root / "orders" / "values.yaml").open("wb") as file:
        file.truncate(1 << 30)
    builds.build()

    assert "orders/values.yaml" in builds.build()


@pytest.mark.parametrize(
    "damage", ["half", "each row", "rows exchanged", "no version", "other rules", "empty", "text", "no table", "a call"]
)
def test_a_table_of_facts_that_is_damaged_or_foreign_costs_time_only(
    builds: Builds, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = builds.settle()
    path, data = builds.facts.path, builds.facts.path.read_bytes()
    spoil: dict[str, Callable[[], object]] = {
        "half": lambda: path.write_bytes(data[: len(data) // 2]),
        "each row": lambda: _spoil(path, lambda body: body[:-1] + bytes([body[-1] ^ 1])),
        "rows exchanged": lambda: _exchange(path),
        "no version": lambda: _execute(path, "DELETE FROM facts WHERE kind = 'version'"),
        "other rules": lambda: monkeypatch.setattr(facts_rules, "RULES", b"others"),
        "empty": lambda: path.write_bytes(b""),
        "text": lambda: path.write_bytes(b"hello" * 1000),
        "no table": lambda: _execute(path, "DROP TABLE facts"),
        "a call": lambda: _call(path, builds.root / "called"),
    }
    spoil[damage]()

    assert builds.build() == everything
    assert not (builds.root / "called").exists()
    assert builds.build() == set()


def test_a_row_of_another_time_brings_no_old_catalog_back(builds: Builds) -> None:
    """Each row is valid; but what the catalog was made of was another state of the files."""
    builds.settle()
    first = builds.last
    _execute(builds.facts.path, "CREATE TABLE before AS SELECT * FROM facts WHERE kind = 'catalog'")
    builds.edit({"orders/Chart.yaml": "name: orders\ndescription: another\n"})
    builds.build()
    builds.last = first
    _execute(builds.facts.path, "INSERT OR REPLACE INTO facts SELECT * FROM before")

    builds.build()
    assert "another" in builds.text()


@pytest.mark.parametrize("part", ["is gone", "is of another time"])
def test_without_a_part_of_the_index_everything_is_mapped(builds: Builds, part: str) -> None:
    lost = "DELETE FROM facts WHERE kind = 'index-part' AND CAST(name AS TEXT) LIKE 'hosts %'"
    if part == "is of another time":
        builds.settle()
        _execute(builds.facts.path, "CREATE TABLE before AS SELECT * FROM facts WHERE kind = 'index-part'")
        builds.edit({"search/Chart.yaml": "name: search\n"})
    builds.settle()
    _execute(builds.facts.path, lost if part == "is gone" else "INSERT OR REPLACE INTO facts SELECT * FROM before")
    host = "search" if part == "is of another time" else "web"
    builds.edit({"orders/values.yaml": f"upstream: http://{host}:80\n"})

    builds.build()
    assert f"component:{host}" in builds.text()


def test_a_change_that_says_the_same_is_what_the_catalog_is_made_of(builds: Builds) -> None:
    builds.settle()
    for number in range(3):
        builds.edit({"orders/values.yaml": f"upstream: http://billing:80\nimage: {{tag: 1.2.{number}1}}\n"})
        assert builds.build() == {"orders/Chart.yaml", "orders/values.yaml"}
        assert builds.build() == set()


def _execute(path: Path, query: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(query)


def _spoil(path: Path, change: Callable[[bytes], bytes]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for kind, repository, name, body in connection.execute("SELECT * FROM facts").fetchall():
            connection.execute(
                "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", (kind, repository, name, change(body))
            )


def _exchange(path: Path) -> None:
    """Give each row the facts of another one."""
    with closing(sqlite3.connect(path)) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM facts")]
    others = iter([*bodies[1:], bodies[0]])
    _spoil(path, lambda _body: next(others))


def _call(table: Path, path: Path) -> None:
    """Have each row ask for a call of the system, under a digest that is right."""

    class Call:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(path),)

    with closing(sqlite3.connect(table)) as connection, connection:
        for kind, repository, name, _ in connection.execute("SELECT * FROM facts").fetchall():
            key, body = (kind, repository.decode(), name.decode()), pickle.dumps(Call())
            row = (kind, repository, name, facts_table._digest(key, body) + body)
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", row)


def test_a_disk_that_can_not_keep_facts_is_no_error(builds: Builds) -> None:
    builds.facts.path.parent.write_text("in the way")

    assert builds.build() == builds.build() != set()


def test_the_facts_of_folders_that_are_gone_are_not_kept(builds: Builds) -> None:
    builds.settle()
    before = _folders(builds)
    builds.edit({"orders/values.yaml": None, "orders/Chart.yaml": None, "web/Chart.yaml": None})
    builds.build()

    assert before - _folders(builds) == {"orders", "web"}


def _folders(builds: Builds) -> set[str]:
    with builds.facts.opened() as facts:
        return facts.names("folder", "apps")


def test_a_file_that_was_changed_just_now_is_read_again(tmp_path: Path) -> None:
    plant(tmp_path, {"a": "1", "b": "2"})
    os.utime(tmp_path / "b", (1, 1))

    assert RepositoryFolder(tmp_path).snapshot().states == {"a": None, "b": None}  # the second time can't be set
    changes = RepositoryFolder(tmp_path).changes(Snapshot({"a": None, "b": None}))
    assert changes
    assert changes.states == {"a": None, "b": None}


def test_links_are_never_known(tmp_path: Path) -> None:
    root = clone(tmp_path / "apps", files={"a": "1"})
    (root / "b").symlink_to("a")
    git(root, "add", "--all")
    git(root, "-c", "user.name=J", "-c", "user.email=j@a.test", "commit", "--quiet", "--message=x")

    with GitRevision(root, "main") as revision:
        for repository in (RepositoryFolder(root), revision):
            snapshot = repository.snapshot()
            assert snapshot.states["b"] is None
            assert repository.changes(snapshot) is None


def test_all_that_a_reader_of_folders_finds_is_among_the_facts() -> None:
    """Who adds a field adds it to `FolderRequest` (what it is told) or to `FolderFacts` (what it finds)."""
    told = {"repository", "planned", "read", "environments", "chart_folders", "value_files"}
    found = {"findings", "unreadable", "doubtful"}
    kept = {"shared_values", "shared_manifests", "documents"}

    assert set(field_names(FolderReader)) == told | found | kept


RELEASES = {
    "apps/keydb.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: keydb}\n"
    "spec: {source: {chart: keydb}, destination: {namespace: caches}}\n",
    "fleet/search/fleet.yaml": "helm: {chart: search, repo: https://charts.acme.test, valuesFiles: [../shared.yaml]}\n",
    "fleet/shared.yaml": "upstream: http://keydb\n",
    "notes.yaml": "a: 1\n",
}


def test_of_what_tools_deploy_only_what_has_changed_is_read_again(builds: Builds) -> None:
    builds.edit(RELEASES)
    builds.settle()
    assert "component:keydb" in builds.text()

    builds.edit({"apps/keydb.yaml": RELEASES["apps/keydb.yaml"].replace("caches", "other-caches")})
    read = builds.build()

    assert "other-caches" in builds.text()
    assert "apps/keydb.yaml" in read
    assert read.isdisjoint({"fleet/search/fleet.yaml", "fleet/shared.yaml", "notes.yaml", "argocd/orders.yaml"})


def test_values_beside_the_folder_of_a_release_count_as_its_own(builds: Builds) -> None:
    builds.edit(RELEASES)
    builds.settle()

    builds.edit({"fleet/shared.yaml": "upstream: http://orders\n"})
    builds.build()

    assert "component:orders" in builds.text()
    assert "component:keydb" not in builds.text()


def test_a_hand_written_value_beside_a_release_that_python_takes_for_the_same_changes(builds: Builds) -> None:
    text = (
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: search}\n"
        "spec: {type: service, lifecycle: production, owner: group:default/a, critical: 1}\n"
    )
    builds.edit({**RELEASES, "fleet/search/catalog-info.part.yaml": text})
    builds.settle()
    assert "critical: 1" in builds.text()
    builds.edit({"fleet/search/catalog-info.part.yaml": text.replace("critical: 1", "critical: true")})
    builds.build()

    assert "critical: true" in builds.text()


def test_an_owner_reads_its_folder_and_changes_no_other_entity(builds: Builds) -> None:
    builds.settle()
    builds.edit({"orders/Chart.yaml": "name: orders\nannotations: {owner: jane}\n"})

    assert builds.build() == {"orders/Chart.yaml", "orders/values.yaml"}
    assert "owner: user:default/jane" in builds.text() or "owner: group:default/jane" in builds.text()
    assert builds.build() == set()


def test_another_line_of_codeowners_reads_no_folder(builds: Builds) -> None:
    builds.edit({"CODEOWNERS": "* @acme/platform\n"})
    builds.settle()
    builds.edit({"CODEOWNERS": "* @acme/platform\n/orders/ @acme/shop\n"})

    assert builds.build() == {"CODEOWNERS"}
    assert "owner: group:default/shop" in builds.text()
    builds.edit({"CODEOWNERS": "* @acme/platform\n/orders/ @acme/shop\n/web/ @acme/web\n"})
    assert builds.build() == {"CODEOWNERS"}
    assert builds.build() == set()


PART = "# Ours\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}, {more}}}\n"


def test_fewer_environments_have_what_is_unreadable_looked_at(builds: Builds) -> None:
    text, path = PART + "spec: {{type: service, lifecycle: production, owner: joe}}\n", "orders/catalog-info.part.yaml"
    said = [text.format(name="orders", more=f"annotations: {{scenedock.dev/environments: '{each}'}}") for each in "ab"]
    both = said[0].replace("'a'", "'a,b'")
    builds.edit({path: said[0], "argocd/old.yaml": "a: ["})
    builds.settle()
    builds.edit({path: both})
    assert builds.build() == {path, "orders/Chart.yaml", "orders/values.yaml"}  # it is a fact like others
    builds.edit({path: said[1]})
    builds.build()

    assert [each.path for each in builds.findings("unreadable-manifest")] == ["argocd/old.yaml"]


def test_a_cycle_that_a_change_makes_says_in_which_line_it_begins(builds: Builds) -> None:
    text, path = PART + "spec: {{type: service, lifecycle: production, owner: joe}}\n", "{}/catalog-info.part.yaml"
    parts = {path.format(name): text.format(name=name, more="tags: []") for name in ("base", "orders")}
    builds.edit({**parts, "base/Chart.yaml": "name: base\n", "base/values.yaml": "upstream: http://orders:80\n"})
    builds.settle()
    assert not builds.findings("dependency-cycle")
    builds.edit({"orders/values.yaml": "upstream: http://base:80\n"})
    builds.build()

    assert [(each.path, each.line) for each in builds.findings("dependency-cycle")] == [(path.format("base"), 2)]
    builds.edit({"orders/Chart.yaml": "name: orders\ndescription: Takes orders\n"})
    builds.build()
    builds.edit({"orders/values.yaml": "upstream: http://nobody:80\n"})
    builds.build()
    assert not builds.findings("dependency-cycle")
