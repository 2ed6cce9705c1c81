"""However a repository is edited, broken and repaired: nothing vanishes by accident, and what is known saves only time.

`SCENEDOCK_SOAK_RUNS` sets how many runs of 50 steps there are, half of them in a folder, half in a clone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, note
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from scenedock.catalog.emitting.service_links import ServiceLinks
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git import repositories
from scenedock.effects.git.clones import RemoteBranch, RepositoryClone
from scenedock.effects.git.repositories import RepositoryFolder, ServedRepository
from scenedock.model.entity import EntityRef
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import replace
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.catalog_record import read_feed
from scenedock.usecases.catalog.refreshing.patching import edit_catalog, patch_catalog
from scenedock.usecases.catalog.watching import CatalogEdit, Watch, signature_of
from tests.scenarios.repositories import git

RUNS = int(os.environ.get("SCENEDOCK_SOAK_RUNS", "10")) // 2  # of each kind of repository
STEPS = profile(
    max_examples=max(1, RUNS),
    stateful_step_count=50,
    derandomize="SCENEDOCK_SOAK_RUNS" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SERVICES = ("apps/billing", "apps/orders", "apps/search", "teams/billing", "teams/web", "common")
services = st.sampled_from(SERVICES)
environments = st.sampled_from(("dev", "qa", "production", "blue"))
UNREADABLE = (b"<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> x\n", b"a: [", b"")
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d2\nsize 12345\n"
NOTHING = (*UNREADABLE, bytes(range(256)), POINTER)
SET = (
    "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\nspec:\n  goTemplate: true\n"
    "  generators: [{git: {repoURL: https://github.com/a/b, files: [{path: argocd/sets/*.json}]}}]\n"
    "  template:\n    metadata: {name: '{{.of}}'}\n"
    "    spec: {source: {repoURL: https://charts.acme.test, chart: x, targetRevision: 1.0.0}}\n"
)
TOOLS = {
    "app.yaml": (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        "metadata: {{name: {name}-x, labels: {{env: {environment}}}}}\n"
        "spec: {{source: {{chart: x, helm: {{valuesObject: {{upstream: 'http://{host}:80'}}}}}}}}\n"
    ),
    "fleet.yaml": (
        "helm: {{chart: x, repo: y, releaseName: {name}-x, valuesFiles: [values.yaml]}}\n"
        "targetCustomizations: [{{name: {environment}}}]\n"
    ),
    "helmfile.yaml": (
        "environments: {{{environment}: {{}}}}\n"
        "releases: [{{name: {name}-x, chart: a/x, values: [values.yaml, {{upstream: 'http://{host}:80'}}]}}]\n"
    ),
}
"""What releases a service, by the file that says so."""
SETTINGS = (
    "",
    "owner: group:default/everybody\n",
    "owners: emit\n",
    "known: [group:default/shop]\n",
    "overrides: {billing: {dependsOn: ['component:orders']}}\n",
    "overrides: {orders: {owner: jane, environments: [qa]}, web: {type: website}}\n",
    "environments: {bind: production}\n",
    "environments: {entities: resources}\n",
)
CHARTS = (
    "annotations: {owner: jane}\n",
    "annotations: {owner: payments}\n",
    "description: Sells things\nkeywords: [shop, Not A Tag]\n",
    "maintainers: [{name: Joe}]\nsources: [https://github.com/acme/code]\n",
    "deprecated: true\n",
    "dependencies: [{name: postgresql, repository: https://charts.acme.test, version: 1.0.0}]\n",
)
WRITTEN = (
    "metadata: {{name: {name}}}\nspec: {{type: service, lifecycle: production, owner: joe}}\n",
    "metadata: {{name: {name}, tags: [a]}}\nspec: {{type: library, lifecycle: x, owner: payments}}\n",
    "metadata: {{name: {name}, annotations: {{scenedock.dev/environments: 'dev,qa'}}}}\nspec: {{type: service}}\n",
    "metadata: {{name: {name}, annotations: {{scenedock.dev/environments: qa}}}}\nspec: {{type: service}}\n",
    "metadata: {{name: {name}-of-old}}\nspec: {{type: service, lifecycle: production, owner: joe}}\n",
    "metadata: {{name: {name}}}\nspec: {{type: service, lifecycle: y, owner: joe, dependsOn: ['component:search']}}\n",
)
SECONDS_TO_SETTLE = 0.02
patches = 0
"""How many of the builds so far have only patched the last catalog."""


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count patches: if there were none, nothing of this would be tested."""

    def counting(*arguments: Any) -> KeptCatalog | None:
        global patches  # noqa: PLW0603 - a machine of hypothesis is made without arguments
        made = patch_catalog(*arguments)
        patches += made is not None
        return made

    def checked(*arguments: Any) -> CatalogEdit | None:
        """What is served after an edit is what anybody reads in the catalog that is kept then."""
        edit = edit_catalog(*arguments)
        if edit:
            data: bytes = arguments[3]()
            before, now = (read_feed(KeptCatalog.of(each)) for each in (data, b"".join(edit.kept.applied(data))))
            assert before
            assert edit.feed.applied(before) == now
        return edit

    monkeypatch.setattr("scenedock.usecases.catalog.build_feed.patch_catalog", counting)
    monkeypatch.setattr("scenedock.usecases.catalog.refreshing.patching.edit_catalog", checked)


class _Edits(RuleBasedStateMachine):
    """A repository of a few services in a folder, built after every edit: by what is known, and in full."""

    def __init__(self) -> None:
        super().__init__()
        self.work = Path(mkdtemp())
        self.root = self.work / "apps"
        self.root.mkdir()
        self.facts = FactsTable(self.work / "facts")
        self.last: KeptCatalog | None = None
        self.excluded: set[str] = set()
        self.more_settings = ""
        self.watch = Watch()
        self.broken: dict[str, bytes | None] = {}
        self.by_folder: dict[str, str] = {}
        self.names: set[str] = set()
        for service in SERVICES[:4]:
            self.add(service)
        self.write("CODEOWNERS", b"* @acme/platform\n/apps/ @acme/shop\n")
        self.exclude_nothing()

    def teardown(self) -> None:
        shutil.rmtree(self.work)

    def write(self, path: str, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self.broken.pop(path, None)

    def _settings(self) -> None:
        globs = ", ".join(sorted(self.excluded))
        text = f"repository: https://github.com/a/b\nfolders: {{exclude: [{globs}]}}\n{self.more_settings}"
        self.write("scenedock.yaml", text.encode())

    @rule(service=services)
    def add(self, service: str) -> None:
        name = service.rpartition("/")[2]
        self.write(f"{service}/Chart.yaml", f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n".encode())
        self.write(f"{service}/values.yaml", b"image: {tag: 1}\n")

    @rule(service=services, environment=environments, tag=st.integers(0, 3))
    def set_tag(self, service: str, environment: str, tag: int) -> None:
        if (self.root / service).is_dir():
            self.write(f"{service}/values-{environment}.yaml", f"image: {{tag: {tag}}}\n".encode())

    @rule(service=services, environment=environments)
    def end_environment(self, service: str, environment: str) -> None:
        (self.root / service / f"values-{environment}.yaml").unlink(missing_ok=True)

    @rule(service=services, other=services, owner=st.sampled_from(("", "jane", "payments")))
    def describe(self, service: str, other: str, owner: str) -> None:
        if (self.root / service).is_dir():
            host = other.rpartition("/")[2]
            text = f"owner-info: {{team: '{owner}'}}\nupstream: http://{host}:8080\n"
            self.write(f"{service}/values.yaml", text.encode())

    @rule(service=services, other=services, library=st.booleans())
    def depend(self, service: str, other: str, library: bool) -> None:  # noqa: FBT001 - drawn
        if (self.root / service).is_dir():
            name = service.rpartition("/")[2]
            up = "../" * (service.count("/") + 1)
            text = f"name: {name}\ntype: {'library' if library else 'application'}\nannotations: {{owner: {name}s}}\n"
            text += f"dependencies: [{{name: x, repository: 'file://{up}{other}'}}]\n"
            self.write(f"{service}/Chart.yaml", text.encode())

    @rule(service=services, more=st.sets(st.sampled_from(CHARTS), max_size=2))
    def chart(self, service: str, more: set[str]) -> None:
        name = service.rpartition("/")[2]
        if (self.root / service).is_dir():
            self.write(f"{service}/Chart.yaml", f"name: {name}\nversion: 1.0.0\n{''.join(sorted(more))}".encode())

    @rule(service=services, text=st.sampled_from((*WRITTEN, "")), part=st.booleans())
    def describe_by_hand(self, service: str, text: str, part: bool) -> None:  # noqa: FBT001 - drawn
        file = f"{service}/catalog-info.{'part.' if part else ''}yaml"
        if not text:
            (self.root / file).unlink(missing_ok=True)
        elif (self.root / service).is_dir():
            said = f"# Ours\napiVersion: backstage.io/v1alpha1\nkind: Component\n{text}"
            self.write(file, said.format(name=service.rpartition("/")[2]).encode())

    @rule(service=services, other=services, environment=environments, name=st.sampled_from(("x", "web", "orders")))
    def listen(self, service: str, other: str, environment: str, name: str) -> None:
        """Be addressed by others, and address one of them."""
        if (self.root / service).is_dir():
            host = other.rpartition("/")[2]
            text = (
                f"fullnameOverride: {name}\ningress: {{enabled: true, hosts: [{{host: {name}.acme.test}}]}}\n"
                f"config: {{a: 'http://{host}.acme.test/a', b: 'http://{host}:80'}}\nservice: {{port: 80}}\n"
            )
            self.write(f"{service}/values-{environment}.yaml", text.encode())

    @rule(service=services, name=st.sampled_from(("openapi.yaml", "api/openapi.yaml")), version=st.integers(0, 2))
    def offer(self, service: str, name: str, version: int) -> None:
        if not version:
            (self.root / service / name).unlink(missing_ok=True)
        elif (self.root / service).is_dir():
            text = f"openapi: 3.0.{version}\ninfo: {{title: {service}, version: '1'}}\npaths: {{}}\n"
            self.write(f"{service}/{name}", text.encode())

    @rule(service=services, other=services)
    def rename(self, service: str, other: str) -> None:
        if (self.root / service).is_dir() and not (self.root / other).exists():
            (self.root / other).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self.root / service, self.root / other)
            self.broken = {path: data for path, data in self.broken.items() if not path.startswith(f"{service}/")}

    @rule(service=services, owner=st.sampled_from(("shop", "payments", "")), line=st.integers(0, 2))
    def own(self, service: str, owner: str, line: int) -> None:
        file = self.root / "CODEOWNERS"
        lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
        lines[line : line + 1] = [f"/{service}/ @acme/{owner}" if owner else f"/{service}/"]
        self.write("CODEOWNERS", "\n".join([*lines, ""]).encode())

    @rule(more=st.sampled_from(SETTINGS))
    def set_more(self, more: str) -> None:
        self.more_settings = more
        self._settings()

    @rule(service=services, pages=st.sampled_from(("", "https://scenedock.acme.test")), is_there=st.booleans())
    def see(self, service: str, pages: str, is_there: bool) -> None:  # noqa: FBT001 - drawn
        """What is known besides the files is another."""
        elsewhere = [EntityRef.of("component", service.rpartition("/")[2])] if is_there else []
        self.watch = Watch(elsewhere=elsewhere, links=ServiceLinks(pages))

    @rule(service=services, kind=st.sampled_from(("CronJob", "Deployment", "Application")))
    def template(self, service: str, kind: str) -> None:
        if (self.root / service).is_dir():
            self.write(f"{service}/templates/a.yaml", f"kind: {kind}\nmetadata:\n  name: x\n".encode())

    @rule(service=services, environment=environments)
    def deploy(self, service: str, environment: str) -> None:
        text = (
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
            f"metadata: {{name: x-{environment}, labels: {{environment: {environment}}}}}\n"
            f"spec: {{source: {{path: {service}, helm: {{valueFiles: [values-{environment}.yaml]}}}}}}\n"
        )
        self.write("argocd/x.yaml", text.encode())

    @rule(service=services, other=services, tool=st.sampled_from(tuple(TOOLS)), environment=environments)
    def release(self, service: str, other: str, tool: str, environment: str) -> None:
        name = service.rpartition("/")[2]
        for each in TOOLS:
            (self.root / f"releases/{name}/{each}").unlink(missing_ok=True)
        text = TOOLS[tool].format(name=name, host=other.rpartition("/")[2], environment=environment)
        self.write(f"releases/{name}/{tool}", text.encode())
        self.write(f"releases/{name}/values.yaml", f"upstream: http://{environment}:80\n".encode())

    @rule(service=services)
    def end_release(self, service: str) -> None:
        shutil.rmtree(self.root / "releases" / service.rpartition("/")[2], ignore_errors=True)

    @rule(service=services, tool=st.sampled_from((*TOOLS, "values.yaml")), how=st.sampled_from(NOTHING))
    def break_release(self, service: str, tool: str, how: bytes) -> None:
        """Overwrite what says that there is a release, so that nothing of it is left; or its values."""
        self._break(f"releases/{service.rpartition('/')[2]}/{tool}", how)

    @rule(service=services, set_of=st.booleans())
    def generate(self, service: str, set_of: bool) -> None:  # noqa: FBT001 - drawn
        """Be released by an Application of its own, or by one that a set makes of a file."""
        name = service.rpartition("/")[2]
        if set_of:
            self.write("argocd/set.yaml", SET.encode())
            self.write(f"argocd/sets/{name}.json", f'{{"of": "{name}-of-set"}}'.encode())
        else:
            self.write(f"argocd/{name}.yaml", TOOLS["app.yaml"].format(name=name, host="a", environment="qa").encode())

    @rule(service=services, of=st.sampled_from(("{}.yaml", "sets/{}.json", "set.yaml")), how=st.sampled_from(NOTHING))
    def break_manifest(self, service: str, of: str, how: bytes) -> None:
        if how or not of.endswith(".json"):  # for a set, an empty file says as much as `{}`
            self._break(f"argocd/{of.format(service.rpartition('/')[2])}", how)

    @rule(service=services, of=st.sampled_from(("{}.yaml", "sets/{}.json")))
    def end_manifest(self, service: str, of: str) -> None:
        (self.root / f"argocd/{of.format(service.rpartition('/')[2])}").unlink(missing_ok=True)

    @rule(path=st.sampled_from(("CODEOWNERS", "scenedock.yaml", "argocd/x.yaml")), how=st.sampled_from(UNREADABLE))
    def break_file(self, path: str, how: bytes) -> None:
        self._break(path, how)

    @rule(service=services, name=st.sampled_from(("Chart.yaml", "values.yaml")), how=st.sampled_from(UNREADABLE))
    def break_folder(self, service: str, name: str, how: bytes) -> None:
        self._break(f"{service}/{name}", how)

    def _break(self, path: str, how: bytes) -> None:
        file = self.root / path
        if file.is_file():
            good = self.broken.get(path, file.read_bytes())
            self.write(path, how)
            self.broken[path] = good

    @rule()
    def repair(self) -> None:
        for path, good in list(self.broken.items()):
            if (self.root / path).is_file() and good is not None:
                self.write(path, good)
        self.broken.clear()

    @rule(service=services)
    def delete(self, service: str) -> None:
        shutil.rmtree(self.root / service, ignore_errors=True)

    @rule(service=services)
    def exclude(self, service: str) -> None:
        self.excluded.add(service)
        self._settings()

    @rule()
    def exclude_nothing(self) -> None:
        self.excluded.clear()
        self._settings()

    @rule()
    def forget(self) -> None:
        self.facts.path.unlink(missing_ok=True)

    @rule()
    def look(self) -> None:
        """Build again, although nothing has changed."""

    def repository(self) -> ServedRepository:
        raise NotImplementedError

    def built(self) -> KeptCatalog:
        """The catalog of now, which is the same by what is known and in full."""
        repository = self.repository()
        watch = replace(self.watch, same={"apps": (signature_of(repository), 3600.0)})
        full = build_feed({"apps": repository}, self.last, watch).kept
        quick = build_feed({"apps": repository}, self.last, watch, self.facts).kept
        assert (quick.head, quick.feed, quick.memory) == (full.head, full.feed, full.memory)
        return quick

    @invariant()
    def nothing_vanishes_and_both_are_equal(self) -> None:
        quick = self.built()
        feed = read_feed(quick)
        assert feed is not None
        by_folder = {line.folder: line.name for line in feed.components}
        for folder in (
            self.by_folder.keys() - by_folder.keys() - {"argocd"}
        ):  # of what deploys from there: see the names
            note(f"{folder} is gone")
            assert folder in self.excluded or not (self.root / folder).is_dir() or self.watch.elsewhere
        names = {line.name for line in feed.components}
        for name in self.names - names:
            note(f"{name} is gone")
            assert not self._is_released(name)
        self.by_folder, self.names, self.last = by_folder, names, quick

    def _is_released(self, name: str) -> bool:
        """Whether a file that released it is still there, readable or not."""
        if name.endswith("-of-set"):
            files = (f"argocd/sets/{name.removesuffix('-of-set')}.json", "argocd/set.yaml")
            return all((self.root / file).exists() for file in files)
        return name.endswith("-x") and (self.root / f"argocd/{name.removesuffix('-x')}.yaml").exists()


class _FolderEdits(_Edits):
    """In a working copy, whose files are told apart by size, times and inode."""

    def repository(self) -> ServedRepository:
        latest = max(file.stat().st_ctime for file in self.root.rglob("*"))
        while time.time() < latest + 2 * SECONDS_TO_SETTLE:
            time.sleep(SECONDS_TO_SETTLE)
        return RepositoryFolder(self.root)


class _CloneEdits(_Edits):
    """In a clone, where git tells what has changed."""

    REMOTE: ClassVar = RemoteBranch.read("https://github.com/acme/apps")

    def repository(self) -> ServedRepository:
        bare = self.work / "apps.git"
        if not bare.exists():
            git(self.work, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
        files = sorted(file.relative_to(self.root).as_posix() for file in self.root.rglob("*") if file.is_file())
        commit = [b"commit refs/heads/main\ncommitter J <j@acme.test> 0 +0000\ndata 1\nx\ndeleteall\n"]
        for path in files:
            data = (self.root / path).read_bytes()
            commit.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        importing = ["git", "-C", str(bare), "fast-import", "--quiet", "--force"]
        subprocess.run(importing, input=b"".join(commit), check=True)
        return RepositoryClone(self.REMOTE, bare)


def test_edits_of_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repositories, "_NANOSECONDS_TO_SETTLE", int(SECONDS_TO_SETTLE * 1e9))

    run_state_machine_as_test(_FolderEdits, settings=STEPS)


def test_edits_of_a_clone() -> None:
    run_state_machine_as_test(_CloneEdits, settings=STEPS)


@pytest.mark.parametrize("seed", (1, 6, 10)[:RUNS])  # two make new cycles; one, fewer environments
def test_edits_of_what_services_say_of_themselves(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of these are patched; in the other runs, something else has nearly always changed, too."""
    monkeypatch.setattr(repositories, "_NANOSECONDS_TO_SETTLE", int(SECONDS_TO_SETTLE * 1e9))
    chosen = Random(seed)  # noqa: S311 - no secret
    edits, before = _FolderEdits(), patches
    by_hand: tuple[str, ...] = SERVICES[:4]
    if seed % 2:  # what can't be read is looked at whenever something is gone, or less
        edits.write("argocd/old.yaml", b"a: [")
        by_hand = SERVICES[1:3]  # to give one of two the name of both is to rename it

    def edit(service: str) -> None:
        match chosen.randrange(7):
            case 0 | 1:
                edits.chart(service, set(chosen.sample(CHARTS, chosen.randrange(3))))
            case 2:
                edits.own(service, chosen.choice(("shop", "payments", "jane")), chosen.randrange(3))
            case 3:
                edits.describe(service, chosen.choice(by_hand), chosen.choice(("", "jane", "payments")))
            case 4:
                edits.describe_by_hand(chosen.choice(by_hand), chosen.choice((*WRITTEN[:4], "")), part=True)
            case 5:
                edits.offer(service, "openapi.yaml", chosen.randrange(1, 3))
            case _:
                edits.set_tag(service, chosen.choice(("qa", "production")), chosen.randrange(4))

    try:
        for step in range(50):
            if step > 2:  # until then, names become remembered ones
                edit(chosen.choice(SERVICES[:4]))
            edits.last = edits.built()
    finally:
        edits.teardown()

    assert patches - before > 5
