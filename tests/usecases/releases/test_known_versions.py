"""Which files are read again for a list of versions after some have changed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scenedock.effects.git.clones import RemoteBranch, RepositoryClone
from scenedock.effects.git.history import GitHistory
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.local.facts_file import FactsFile
from scenedock.errors import InputError
from scenedock.structs import replace
from scenedock.usecases.releases.known_versions import KnownVersions
from scenedock.usecases.releases.list_deployments import list_served
from scenedock.usecases.releases.overview import read_overview
from tests.scenarios.repositories import clone, git, plant

CHART = "apiVersion: v2\nname: {name}\nversion: 1.0.0\nappVersion: 1.0.0\n"
TEMPLATE = "kind: Deployment\nimage: x:{{ .Values.image.tag | default .Chart.AppVersion }}\n"
FILES = {
    f"{name}/{path}": text
    for name in ("billing", "orders")
    for path, text in {
        "Chart.yaml": CHART.format(name=name),
        "templates/a.yaml": TEMPLATE,
        "values.yaml": f"image: {{repository: acme/{name}}}\n",
        "values-qa.yaml": "image: {tag: 1.0.0}\n",
        "values-production.yaml": "replicas: 1\n",
    }.items()
}


class _Looks:
    """Looks at one folder; `reads` are the files that the last one read."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.file = FactsFile(root.parent / "version-facts")
        self.reads: set[str] = set()
        read = RepositoryFolder.read

        def noted(folder: RepositoryFolder, path: str) -> bytes:
            self.reads.add(path)
            return read(folder, path)

        monkeypatch.setattr(RepositoryFolder, "read", noted)
        # Each file that is written here has another inode or size; so times needn't tell.
        monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))

    def versions(self) -> Mapping[tuple[str, str | None], str | None]:
        self.reads.clear()
        found = list_served({"apps": RepositoryFolder(self.root)}, None, self.file)
        return {(each.service, each.environment): each.version for each in found.releases}


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Looks:
    return _Looks(clone(tmp_path / "apps", files=FILES), monkeypatch)


def test_only_what_changed_is_read(looks: _Looks) -> None:
    first = looks.versions()
    assert looks.versions() == first
    assert looks.reads == set()

    plant(looks.root, {"billing/values-qa.yaml": "image: {tag: 1.1.0}\n"})

    assert looks.versions() == {**first, ("billing", "qa"): "1.1.0"}
    assert {path.partition("/")[0] for path in looks.reads} == {"billing"}


def test_a_file_that_the_catalog_does_not_read_counts(looks: _Looks) -> None:
    assert looks.versions()["orders", "production"] == "1.0.0"

    plant(looks.root, {"orders/templates/a.yaml": "kind: Deployment\nimage: x:{{ .Values.image.tag }}\n"})

    assert looks.versions()["orders", "production"] is None


def test_a_file_that_several_environments_share_counts_for_each(looks: _Looks) -> None:
    plant(looks.root, {"orders/values-qa.yaml": "replicas: 1\n"})
    looks.versions()

    plant(looks.root, {"orders/Chart.yaml": CHART.format(name="orders").replace("appVersion: 1", "appVersion: 2")})

    found = looks.versions()
    assert {found["orders", "qa"], found["orders", "production"]} == {"2.0.0"}
    assert {path.partition("/")[0] for path in looks.reads} == {"orders"}


def test_what_most_images_of_a_repository_have_counts_for_all(looks: _Looks) -> None:
    both = "a: {image: {repository: acme/x, tag: 1.0.0}}\nb: {image: {repository: other/y, tag: 2.0.0}}\n"
    plant(looks.root, {"web/Chart.yaml": CHART.format(name="web"), "web/values.yaml": both})
    assert looks.versions()["web", None] == "1.0.0"

    for name in ("billing", "orders"):
        plant(looks.root, {f"{name}/values.yaml": f"image: {{repository: other/{name}}}\n"})

    assert looks.versions()["web", None] == "2.0.0"
    assert {path.partition("/")[0] for path in looks.reads} >= {"billing", "orders", "web"}


def test_what_is_damaged_is_as_good_as_nothing(looks: _Looks) -> None:
    first = looks.versions()
    looks.file.path.write_bytes(looks.file.path.read_bytes()[:-1])

    assert looks.versions() == first
    assert "billing/values.yaml" in looks.reads


def test_a_history_is_followed_again_where_a_commit_changed_a_file(
    looks: _Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []
    blobs = GitHistory.blobs

    def noted(history: GitHistory, paths: dict[str, object]) -> dict[str, str]:
        asked.append({path.partition("/")[0] for path in paths})
        return blobs(history, paths)

    monkeypatch.setattr(GitHistory, "blobs", noted)
    served = RepositoryClone(RemoteBranch.read("https://git.test/acme/apps"), looks.root / ".git")

    def since() -> Mapping[tuple[str, str, str | None], str]:
        asked.clear()
        found = read_overview({"apps": served}, None, looks.file).deployments.histories
        return {key: each.newest.commit.id for key, each in found.items() if each.newest and each.newest.commit}

    first = since()
    assert (len(first), asked) == (4, [{"billing", "orders"}])
    assert (since(), asked) == (first, [])

    for tag in ("1.1.0", "1.0.0"):  # changed and changed back
        plant(looks.root, {"orders/values-qa.yaml": f"image: {{tag: {tag}}}\n"})
        git(looks.root, "-c", "user.name=J", "-c", "user.email=j@a.test", "commit", "--quiet", "--all", "--message=x")
    newest = GitHistory(looks.root).newest()

    assert since() == {**first, ("apps", "orders", "qa"): newest}
    assert asked == [{"orders"}]


@pytest.mark.parametrize("path", ["tags/production/orders", "orders/templates/a.yaml"])
def test_what_could_not_be_read_for_a_moment_is_read_again(
    looks: _Looks, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    plant(looks.root, {"scenedock.yaml": "versions: {file: 'tags/{environment}/{service}'}\n"})
    if path.startswith("tags"):
        plant(looks.root, {path: "7.0.0\n"})
    expected = {each.key: each.version for each in list_served({"apps": RepositoryFolder(looks.root)}, None).releases}
    read = RepositoryFolder.read

    def failing(folder: RepositoryFolder, asked: str) -> bytes:
        if asked == path:
            raise InputError("can't be read: Input/output error")
        return read(folder, asked)

    with monkeypatch.context() as patched:
        patched.setattr(RepositoryFolder, "read", failing)
        assert looks.versions()["orders", "production"] != expected["apps", "orders", "production"]

    assert looks.versions()["orders", "production"] == expected["apps", "orders", "production"]


def test_a_pin_to_a_commit_is_compared_with_the_commit_that_is_read(looks: _Looks) -> None:
    pinned = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        "metadata: {name: orders-qa, labels: {environment: qa}}\n"
        "spec:\n  source:\n    repoURL: https://git.test/acme/apps\n    path: orders\n"
        f"    targetRevision: {GitHistory(looks.root).newest()}\n"
        "    helm: {valueFiles: [values.yaml, values-qa.yaml]}\n"
    )
    served = {
        name: RepositoryClone(RemoteBranch.read(f"https://git.test/acme/{name}"), root / ".git")
        for name, root in {
            "apps": looks.root,
            "argo": clone(looks.root.parent / "argo", files={"orders.yaml": pinned}),
        }.items()
    }

    def version() -> str | None:
        found = list_served(served, None, looks.file).releases
        return next(each.version for each in found if (each.service, each.environment) == ("orders", "qa"))

    assert version() == "1.0.0"

    plant(looks.root, {"README.md": "Hello\n"})
    git(looks.root, "add", "README.md")
    git(looks.root, "-c", "user.name=J", "-c", "user.email=j@a.test", "commit", "--quiet", "--message=x")

    assert version() is None


@pytest.mark.parametrize("is_bare", [False, True])
def test_a_mailmap_that_changes_names_the_authors_of_known_histories_anew(looks: _Looks, *, is_bare: bool) -> None:
    def authors() -> set[str]:
        root = looks.root
        if is_bare:
            root = looks.root.parent / "apps.git"
            shutil.rmtree(root, ignore_errors=True)
            git(looks.root, "clone", "--quiet", "--bare", ".", str(root))
        remote = RemoteBranch.read("https://git.test/acme/apps")
        served = RepositoryClone(remote, root) if is_bare else RepositoryFolder(root)
        found = read_overview({"apps": served}, None, looks.file).deployments.histories.values()
        return {each.newest.commit.author for each in found if each.newest and each.newest.commit}

    assert authors() == {"Jane"}

    plant(looks.root, {".mailmap": "Jane Doe <jane@acme.test>\n"})
    git(looks.root, "add", ".mailmap")
    git(looks.root, "-c", "user.name=J", "-c", "user.email=j@a.test", "commit", "--quiet", "--message=x")

    assert authors() == {"Jane Doe"}


@dataclass
class _Served:
    """Some folders that are served together."""

    roots: dict[str, Path]
    file: FactsFile

    def look(self) -> tuple[dict[str, set[str | None]], set[str]]:
        """The versions of each repository, and of which of them it isn't the state of now."""
        served = {name: RepositoryFolder(root) for name, root in self.roots.items()}
        overview = read_overview(served, None, self.file)
        listed = list_served(served, None, self.file)
        assert listed.last_good.keys() == overview.deployments.last_good.keys()
        versions: dict[str, set[str | None]] = {}
        for each in overview.deployments.releases:
            versions.setdefault(each.repository, set()).add(each.version)
        assert [each.key for each in listed.releases] == [each.key for each in overview.deployments.releases]
        return versions, set(listed.last_good)


def test_each_repository_has_its_last_good_versions_while_it_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))
    roots = {name: plant(tmp_path / name, FILES) for name in ("apps", "shops")}
    served = _Served(roots, FactsFile(tmp_path / "version-facts"))
    unchanged = {"1.0.0"}
    assert served.look() == ({"apps": unchanged, "shops": unchanged}, set())

    plant(roots["shops"], {"scenedock.yaml": "ownr: payments\n", "orders/values-qa.yaml": "image: {tag: 7.0.0}\n"})
    plant(roots["apps"], {"billing/values-qa.yaml": "image: {tag: 2.0.0}\n"})
    assert served.look() == ({"apps": {"1.0.0", "2.0.0"}, "shops": unchanged}, {"shops"})

    roots["apps"].rename(tmp_path / "moved")
    assert served.look() == ({"apps": {"1.0.0", "2.0.0"}, "shops": unchanged}, {"apps", "shops"})

    (tmp_path / "moved").rename(roots["apps"])
    assert served.look() == ({"apps": {"1.0.0", "2.0.0"}, "shops": unchanged}, {"shops"})

    (roots["shops"] / "scenedock.yaml").unlink()
    assert served.look() == ({"apps": {"1.0.0", "2.0.0"}, "shops": {"1.0.0", "7.0.0"}}, set())


def test_what_an_unreadable_repository_deploys_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: orders-live}\n"
        "spec:\n  source:\n    repoURL: https://git.test/acme/apps\n    path: orders\n"
        "    helm: {valueFiles: [values.yaml, values-live.yaml]}\n"
        "  destination: {namespace: live, server: https://live.test}\n"
    )
    apps = {
        "orders/Chart.yaml": CHART.format(name="orders"),
        "orders/templates/a.yaml": TEMPLATE,
        "orders/values.yaml": "image: {repository: acme/orders, tag: 0.1.0}\n",
        "orders/values-live.yaml": "image: {tag: 3.0.0}\n",
        "scenedock.yaml": "repository: https://git.test/acme/apps\n",
    }
    roots = {
        "apps": plant(tmp_path / "apps", apps),
        "argo": plant(tmp_path / "argo", {"orders.yaml": application}),
        "other": plant(tmp_path / "other", FILES),
    }
    served = _Served(roots, FactsFile(tmp_path / "version-facts"))
    assert served.look() == ({"apps": {"3.0.0"}, "other": {"1.0.0"}}, set())

    plant(roots["argo"], {"scenedock.yaml": "ownr: payments\n"})
    plant(roots["apps"], {"orders/values.yaml": "image: {repository: acme/orders, tag: 0.2.0}\n"})

    assert served.look() == ({"apps": {"3.0.0"}, "other": {"1.0.0"}}, {"apps", "argo"})

    (roots["argo"] / "scenedock.yaml").unlink()
    plant(roots["apps"], {"orders/values-live.yaml": "image: {tag: 3.1.0}\n"})
    assert served.look() == ({"apps": {"3.1.0"}, "other": {"1.0.0"}}, set())

    plant(roots["argo"], {"scenedock.yaml": "ownr: payments\n"})
    assert served.look()[1] == {"apps", "argo"}
    del served.roots["apps"]
    assert served.look() == ({"other": {"1.0.0"}}, {"argo"}), "what isn't served any more isn't told"


def test_when_a_repository_was_read_is_known_to_the_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))
    roots = {name: plant(tmp_path / name, FILES) for name in ("apps", "shops")}
    served = _Served(roots, FactsFile(tmp_path / "version-facts"))
    served.look()
    times = []
    for ago in (timedelta(minutes=50), timedelta(minutes=70), timedelta(days=20)):
        known = served.file.load()
        assert isinstance(known, KnownVersions)
        then = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
        states = {name: replace(state, read_at=then) for name, state in known.states.items()}
        served.file.save(replace(known, states=states))
        served.look()
        now = served.file.load()
        assert isinstance(now, KnownVersions)
        times.append({state.read_at == then for state in now.states.values()})

    assert times == [{True}, {False}, {False}]
