"""A manifest that was overwritten or emptied shows no sign of its tool: what it said stays, whichever way out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.catalog.reading.entity_files import read_entities
from scenedock.doors.cli import main
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding
from scenedock.model.json import as_object
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.catalog_record import read_feed, read_memory
from scenedock.usecases.catalog.watching import Watch, signature_of
from tests.scenarios.repositories import plant

SETTINGS = "repository: https://github.com/acme/apps\nbranch: main\nowner: payments\nvanishing: {secondLook: 0}\n"
NO_ADDRESS = "owner: payments\nvanishing: {secondLook: 0}\n"
CHARTS = {
    f"charts/{name}/{file}": text
    for name in ("cart", "mail", "search")
    for file, text in {"Chart.yaml": f"name: {name}\ndescription: The {name}\n", "values.yaml": "replicas: 1\n"}.items()
}
KEYDB = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: keydb}\n"
    "spec: {source: {repoURL: https://charts.acme.example, chart: keydb, targetRevision: 1.2.3}}\n"
)
WORKLOAD = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
    "spec: {template: {spec: {containers: [{name: web, image: acme/web:1}]}}}\n"
)
FOLDER = KEYDB.replace("keydb", "web").replace(
    "{repoURL: https://charts.acme.example, chart: web, targetRevision: 1.2.3}",
    "{repoURL: https://github.com/acme/apps, path: manifests/web}",
)
SET = (
    "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\nspec:\n  goTemplate: true\n"
    "  generators: [%s]\n  template:\n    metadata: {name: '{{.name}}'}\n"
    "    spec: {source: {repoURL: https://charts.acme.example, chart: keydb, targetRevision: 1.2.3}}\n"
)
FILES = "{git: {repoURL: https://github.com/acme/apps, files: [{path: envs/*.json}]}}"
RELEASE = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: keydb, namespace: keydb}\n"
    "spec: {chart: {spec: {chart: keydb, sourceRef: {kind: HelmRepository, name: x}}}}\n"
)
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web, namespace: flux-system}\n"
    "spec: {path: ./manifests/web, sourceRef: {kind: GitRepository, name: flux-system}}\n"
)
KUSTOMIZED = {
    "web/base/kustomization.yaml": "resources: [deployment.yaml]\n",
    "web/base/deployment.yaml": WORKLOAD,
    "web/overlays/qa/kustomization.yaml": "resources: [../../base]\n",
    "web/overlays/production/kustomization.yaml": "resources: [../../base]\n",
}
PARENT = {"parent/Chart.yaml": "name: parent\n", "parent/values.yaml": "keydb: {enabled: true}\n"}

LAYOUTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "an Application of a chart": ("argocd/keydb.yaml", {"argocd/keydb.yaml": KEYDB}),
    "an Application of a folder": ("argocd/web.yaml", {"argocd/web.yaml": FOLDER, "manifests/web/a.yaml": WORKLOAD}),
    "an ApplicationSet": ("sets/all.yaml", {"sets/all.yaml": SET % "{list: {elements: [{name: keydb}]}}"}),
    "a file of a generator": (
        "envs/b.json",
        {"sets/all.yaml": SET % FILES, "envs/a.json": '{"name": "other"}', "envs/b.json": '{"name": "keydb"}'},
    ),
    "a HelmRelease": (
        "releases/keydb/release.yaml",
        {"releases/keydb/release.yaml": RELEASE, "releases/keydb/kustomization.yaml": "resources: [release.yaml]\n"},
    ),
    "a Kustomization of Flux": ("clusters/web.yaml", {"clusters/web.yaml": FLUX, "manifests/web/a.yaml": WORKLOAD}),
    "the base of Kustomize": ("web/base/kustomization.yaml", KUSTOMIZED),
    "what a base lists": ("web/base/deployment.yaml", KUSTOMIZED),
    "a bundle of Fleet": ("keydb/fleet.yaml", {"keydb/fleet.yaml": "helm: {chart: keydb, repo: https://a.example}\n"}),
    "a helmfile": ("helmfile.yaml", {"helmfile.yaml": "releases: [{name: keydb, namespace: b, chart: a/keydb}]\n"}),
    "a helmfile below another": (
        "more/keydb.yaml",
        {
            "helmfile.yaml": "helmfiles: [more/keydb.yaml]\nreleases: [{name: nats, chart: a/nats}]\n",
            "more/keydb.yaml": "releases: [{name: keydb, chart: a/keydb}]\n",
        },
    ),
    "a template of an app of apps": ("parent/templates/keydb.yaml", {**PARENT, "parent/templates/keydb.yaml": KEYDB}),
    "an app list": (
        "lists/apps.yaml",
        {
            "lists/apps.yaml": "apps: [{name: billing}]\n",
            "scenedock.yaml": f"{SETTINGS}apps: [{{file: lists/apps.yaml, items: apps}}]\n",
        },
    ),
}
DESCRIBED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "requirements of a chart": (
        "charts/shop/requirements.yaml",
        {
            "charts/shop/Chart.yaml": "name: shop\n",
            "charts/shop/requirements.yaml": "dependencies: [{name: redis, repository: https://charts.acme.example}]\n",
        },
    ),
    "an API": (
        "charts/shop/openapi.yaml",
        {
            "charts/shop/Chart.yaml": "name: shop\n",
            "charts/shop/openapi.yaml": "openapi: 3.0.0\ninfo: {title: Shop, version: '1'}\npaths: {}\n",
        },
    ),
}
"""What a chart's folder has besides its Component."""
HANDWRITTEN = (
    "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: post}\nspec: {owner: shop}\n---\n"
    "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: letters}\n"
    "spec: {type: openapi, owner: shop, lifecycle: production, definition: x}\n"
)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d2\nsize 12345\n"
BROKEN: Mapping[str, bytes] = {"YAML": b"a: [", "bytes": bytes(range(256)), "nothing": b"", "pointer": POINTER}


@pytest.fixture(autouse=True)
def _outside_of_this_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@dataclass
class Doors:
    """All ways out of the catalog of a repository, each with what it gave last."""

    work: Path
    root: Path
    last: KeptCatalog | None = None
    keeps_in_place: bool = True
    """Whether the folders are there in which it has what it gave last."""

    @property
    def in_place(self) -> Path:
        """Another working copy of the repository, in which the files are."""
        return self.work / "in-place" / "apps"

    def change(self, path: str, change: Callable[[Path], object]) -> None:
        for root in (self.root, self.in_place):
            change(root / path)

    def come_out(self) -> tuple[dict[str, dict[str, Entity]], dict[str, int], list[Finding]]:
        """By each way the entities, and the exit code; and what the feed says."""
        written = self.work / "catalog.yaml"
        if not self.in_place.exists():
            shutil.copytree(self.root, self.in_place)
        codes = {
            "file": export(str(self.root), "--output", str(written)),
            "in place": export(str(self.in_place), "--in-place"),
        }
        repository = RepositoryFolder(self.root)
        watch = Watch(same={"apps": (signature_of(repository), 3600.0)})
        full = build_feed({"apps": repository}, self.last, watch).kept
        self.last = build_feed({"apps": repository}, self.last, watch, FactsTable(self.work / "facts")).kept
        assert (self.last.feed, self.last.memory) == (full.feed, full.memory)
        files = sorted(self.in_place.rglob("catalog-info.yaml"))
        found = {
            "file": read_entities(written.read_bytes(), label="file"),
            "in place": [each for file in files for each in read_entities(file.read_bytes(), label="file")],
            "feed": read_memory(self.last).entities,
        }
        feed = read_feed(self.last)
        assert feed is not None
        entities = {way: {each.ref.short: each for each in found[way]} for way in found}
        documents = {way: {name: each.document for name, each in entities[way].items()} for way in entities}
        assert documents["file"] == documents["feed"]
        assert documents["file"] == documents["in place"] or not self.keeps_in_place
        return entities, codes, list(feed.findings)


def export(*arguments: str) -> int:
    """The exit code of `scenedock catalog export`, in this process: there are many."""
    return CliRunner().invoke(main, ["catalog", "export", *arguments], catch_exceptions=False).exit_code


def doors(work: Path, files: Mapping[str, str], settings: str = SETTINGS) -> Doors:
    return Doors(work, plant(work / "apps", {"scenedock.yaml": settings, **CHARTS, **files}))


def errors(findings: list[Finding]) -> list[str]:
    return [each.place.path for each in findings if each.severity == "error"]


CASES = [
    pytest.param(layout, broken, id=f"{layout}: {broken}")
    for number, layout in enumerate(LAYOUTS)
    for broken in ("YAML", ("nothing", "bytes", "pointer")[number % 3])
    if (layout, broken) != ("a file of a generator", "nothing")  # for Argo CD, it says as much as `{}`
]


@pytest.mark.parametrize(("layout", "broken"), CASES)
def test_what_a_file_said_stays_until_it_can_be_read_again(tmp_path: Path, layout: str, broken: str) -> None:
    path, files = LAYOUTS[layout]
    ways = doors(tmp_path, files)
    before, codes, found = ways.come_out()
    assert (codes, errors(found)) == ({"file": 0, "in place": 0}, [])
    good = (ways.root / path).read_bytes()

    for _ in range(2):  # what stays is remembered as what was there
        ways.change(path, lambda file: file.write_bytes(BROKEN[broken]))
        after, codes, found = ways.come_out()
        assert (after, codes, errors(found)) == (before, {"file": 1, "in place": 1}, [path])

    ways.change(path, lambda file: file.write_bytes(good))
    after, codes, found = ways.come_out()
    assert (after, codes, errors(found)) == (before, {"file": 0, "in place": 0}, [])


@pytest.mark.parametrize("what", DESCRIBED)
@pytest.mark.parametrize("broken", ["nothing", "YAML"])
def test_what_a_folder_has_besides_its_component_stays_as_well(tmp_path: Path, what: str, broken: str) -> None:
    path, files = DESCRIBED[what]
    ways = doors(tmp_path, files)
    before, _, _ = ways.come_out()
    assert {name.partition(":")[0] for name in before["file"]} > {"component"}

    ways.change(path, lambda file: file.write_bytes(BROKEN[broken]))
    after, codes, found = ways.come_out()
    assert (after, codes, errors(found)) == (before, {"file": 1, "in place": 1}, [path])

    ways.change(path, Path.unlink)
    after, codes, found = ways.come_out()
    assert (set(after["file"]), codes, errors(found)) == (
        {f"component:{name}" for name in ("cart", "mail", "search", "shop")},
        {"file": 0, "in place": 0},
        [],
    )


@pytest.mark.parametrize("broken", [b"", b"a: [", b"- a\n", HANDWRITTEN.replace("kind: System", "kind:").encode()])
def test_what_a_person_described_stays_while_the_file_says_nothing(tmp_path: Path, broken: bytes) -> None:
    path = "charts/mail/catalog-info.yaml"
    root = plant(tmp_path / "apps", {"scenedock.yaml": SETTINGS, **CHARTS, path: HANDWRITTEN})
    written, repository = tmp_path / "catalog.yaml", RepositoryFolder(root)
    watch = Watch(same={"apps": (signature_of(repository), 3600.0)})
    assert export(str(root), "--output", str(written)) == 0
    before, fed = names_in(written), build_feed({"apps": repository}, None, watch).kept
    assert before > {"system:post", "api:letters"}

    (root / path).write_bytes(broken)
    watch = Watch(same={"apps": (signature_of(repository), 3600.0)})
    assert export(str(root), "--output", str(written)) == 1
    kept = build_feed({"apps": repository}, fed, watch).kept
    assert (names_in(written), {each.ref.short for each in read_memory(kept).entities}) == (before, before)

    (root / path).unlink()
    assert export(str(root), "--output", str(written)) == 0
    assert names_in(written) == before - {"system:post", "api:letters"}


def names_in(file: Path) -> set[str]:
    return {each.ref.short for each in read_entities(file.read_bytes(), label="file")}


@pytest.mark.parametrize("broken", [b"", b"- a\n", b"a: ENC[AES256_GCM,data:x]\nsops: {version: 3.8.1}\n"])
@pytest.mark.parametrize("layout", ["an ApplicationSet", "a helmfile below another"])
def test_without_an_address_the_entity_says_its_file(tmp_path: Path, layout: str, broken: bytes) -> None:
    path, files = LAYOUTS[layout]
    moved = {
        each.replace("keydb.yaml", "stores.yaml"): text.replace("keydb.yaml", "stores.yaml")
        for each, text in files.items()
    }
    path = path.replace("keydb.yaml", "stores.yaml")
    ways = doors(tmp_path, moved, NO_ADDRESS)
    before, _, _ = ways.come_out()
    assert as_object(before["file"]["component:keydb"].metadata["annotations"])["scenedock.dev/file"] == path

    ways.change(path, lambda file: file.write_bytes(broken))
    after, codes, found = ways.come_out()
    assert (after, codes, errors(found)) == (before, {"file": 1, "in place": 1}, [path])

    ways.change(path, Path.unlink)
    after, codes, found = ways.come_out()
    assert ("component:keydb" in after["file"], codes, errors(found)) == (False, {"file": 0, "in place": 0}, [])


@pytest.mark.parametrize("layout", ["an Application of a chart", "an ApplicationSet", "a file of a generator"])
@pytest.mark.parametrize("how", ["deleted", "commented"])
def test_what_a_person_deletes_is_gone_whatever_else_cannot_be_read(tmp_path: Path, layout: str, how: str) -> None:
    path, files = LAYOUTS[layout]
    ways = doors(tmp_path, {**files, "docs/notes.yaml": "", "charts/cart/templates/a.yaml": "{{ include 'a' . }}\n"})
    before, _, _ = ways.come_out()

    ways.change(path, Path.unlink if how == "deleted" else lambda file: file.write_text("# nothing\n"))
    after, codes, found = ways.come_out()

    assert (codes, errors(found)) == ({"file": 0, "in place": 0}, [])
    assert {name for name in before["feed"] if name not in after["feed"]} == {"component:keydb"}


def test_a_file_that_was_never_yaml_does_not_hold_back_who_deletes_a_file(tmp_path: Path) -> None:
    ways = doors(
        tmp_path, {"argocd/keydb.yaml": KEYDB, "argocd/web.yaml": KEYDB.replace("keydb", "web"), "a.yaml": "a: ["}
    )
    ways.come_out()

    ways.change("argocd/keydb.yaml", Path.unlink)
    after, codes, found = ways.come_out()

    assert (codes, errors(found)) == ({"file": 0, "in place": 0}, [])
    assert "component:keydb" not in after["file"]


def test_without_an_address_a_file_that_is_called_like_the_service_is_the_one(tmp_path: Path) -> None:
    files = {"argocd/keydb.yaml": KEYDB, "argocd/web.yaml": KEYDB.replace("keydb", "web"), "argocd/empty.yaml": ""}
    ways = doors(tmp_path, files, NO_ADDRESS)
    before, _, _ = ways.come_out()

    ways.change("argocd/keydb.yaml", lambda file: file.write_bytes(b""))
    after, codes, found = ways.come_out()
    assert (after, codes, errors(found)) == (before, {"file": 1, "in place": 1}, ["argocd/keydb.yaml"])

    ways.change("argocd/keydb.yaml", Path.unlink)
    after, codes, found = ways.come_out()
    assert (codes, errors(found)) == ({"file": 0, "in place": 0}, [])
    assert "component:keydb" not in after["file"]


def test_a_list_with_a_conflict_is_one_error_at_its_line(tmp_path: Path) -> None:
    path, files = LAYOUTS["an app list"]
    ways = doors(tmp_path, files)
    before, _, _ = ways.come_out()

    ways.change(path, lambda file: file.write_text(f"# Services\n<<<<<<< HEAD\n{files[path]}=======\n>>>>>>> b\n"))
    after, codes, found = ways.come_out()

    assert (after, codes) == (before, {"file": 1, "in place": 1})
    about = [each for each in found if each.place.path == path]
    assert [(each.severity, each.code, each.place.line) for each in about] == [("error", "unreadable-app-list", 2)]


def test_a_list_that_is_gone_but_named_keeps_its_items(tmp_path: Path) -> None:
    path, files = LAYOUTS["an app list"]
    ways = doors(tmp_path, files)
    before, _, _ = ways.come_out()

    ways.change(path, Path.unlink)
    after, codes, found = ways.come_out()

    assert (after, codes) == (before, {"file": 1, "in place": 1})
    assert [each.code for each in found if each.severity == "error"] == ["no-app-list"]


def test_values_that_switch_on_what_an_app_of_apps_deploys(tmp_path: Path) -> None:
    files = {**PARENT, "parent/templates/keydb.yaml": f"{{{{- if .Values.keydb.enabled }}}}\n{KEYDB}{{{{- end }}}}\n"}
    ways = doors(tmp_path, files)
    before, _, _ = ways.come_out()

    ways.change("parent/values.yaml", lambda file: file.write_text("a: ["))
    after, codes, found = ways.come_out()
    assert (after, codes, errors(found)) == (before, {"file": 1, "in place": 1}, ["parent/values.yaml"])

    ways.change("parent/values.yaml", lambda file: file.write_text(""))
    after, codes, found = ways.come_out()
    assert (codes, "component:keydb" in after["file"]) == ({"file": 0, "in place": 0}, False)
    warnings = [(each.place.path, each.message) for each in found if each.severity == "warning"]
    assert warnings == [("parent/values.yaml", "not used as evidence: the file is empty")]


@pytest.mark.parametrize("instead", ["a folder with a file", "a link to nothing", "a list"])
def test_values_that_are_no_values_any_more(tmp_path: Path, instead: str) -> None:
    template = f"{{{{- if .Values.keydb.enabled }}}}\n{KEYDB}{{{{- end }}}}\n"
    ways = doors(tmp_path, {**PARENT, "parent/templates/keydb.yaml": template})
    before, _, _ = ways.come_out()

    ways.change("parent/values.yaml", Path.unlink)
    ways.change("parent/values.yaml", {"a list": lambda file: file.write_text("- a\n"), **INSTEAD}[instead])
    after, codes, found = ways.come_out()

    assert (after, codes, errors(found)) == (before, {"file": 1, "in place": 1}, ["parent/values.yaml"])


def test_an_environment_that_is_gone_with_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    of = {name: KEYDB.replace("{name: keydb}", f"{{name: keydb-{name}}}") for name in ("qa", "production")}
    ways = doors(tmp_path, {f"argocd/{name}.yaml": text for name, text in of.items()})
    before, _, _ = ways.come_out()
    assert "component:keydb" in before["file"]

    ways.change("argocd/qa.yaml", lambda file: file.write_text("a: ["))
    after, codes, found = ways.come_out()

    assert (after["file"].keys(), codes) == (before["file"].keys(), {"file": 0, "in place": 0})
    assert [(each.severity, each.place.path) for each in found if "unreadable" in each.code] == [
        ("warning", "argocd/qa.yaml")
    ]


def _with_a_file(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.txt").write_text("a")


INSTEAD: Mapping[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a folder with a file": _with_a_file,
    "a link to itself": lambda file: file.symlink_to(file.name),
    "a link to nothing": lambda file: file.symlink_to("nowhere.yaml"),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("path", ["charts/cart/Chart.yaml", "argocd/keydb.yaml"])
@pytest.mark.parametrize("instead", INSTEAD)
def test_what_is_no_file_any_more(tmp_path: Path, path: str, instead: str) -> None:
    ways = doors(tmp_path, {"argocd/keydb.yaml": KEYDB, "argocd/a.yaml": "a: 1\n", "charts/cart/values.yaml": ""})
    before, _, _ = ways.come_out()

    ways.change(path, Path.unlink)
    ways.change(path, INSTEAD[instead])
    after, codes, found = ways.come_out()

    assert (after, codes, errors(found)) == (before, {"file": 1, "in place": 1}, [path])


def test_a_folder_that_is_deleted_is_gone_whatever_else_cannot_be_read(tmp_path: Path) -> None:
    ways = doors(tmp_path, {"argocd/broken.yaml": "a: [", "x.json/a.txt": ""})
    before, _, _ = ways.come_out()

    ways.keeps_in_place = False
    ways.change("charts/cart", shutil.rmtree)
    after, codes, found = ways.come_out()

    assert (before["file"].keys() - after["file"].keys(), codes["file"]) == ({"component:cart"}, 0)
    assert errors(found) == []


def test_a_link_out_of_the_repository_holds_back_nobody(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {"scenedock.yaml": SETTINGS, **CHARTS, "charts/cart/README.md": "Notes.\n"})
    (root / "secret.yaml").symlink_to("/run/secrets/x.yaml")
    written = tmp_path / "catalog.yaml"
    assert export(str(root), "--output", str(written)) == 0

    for name in ("Chart.yaml", "values.yaml"):
        (root / "charts/cart" / name).unlink()
    assert export(str(root), "--output", str(written)) == 0
    assert names_in(written) == {"component:mail", "component:search"}


WRITTEN = (
    "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
    "metadata: {name: cart, annotations: {scenedock.dev/path: %s, %s}}\n"
    "spec: {type: service, owner: payments, lifecycle: production}\n"
)


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("charts/cart", 'scenedock.dev/file: "../../../etc"'),
        ("charts/cart", 'scenedock.dev/file: "x\\0y"'),
        ("charts/cart", 'backstage.io/edit-url: "https://github.com/acme/apps/edit/main/x%00y"'),
        ("charts/cart", 'backstage.io/edit-url: "https://github.com/acme/apps/edit/main/../../../../../etc"'),
        ('"x\\0y"', "a/b: c"),
    ],
)
def test_a_path_that_a_person_wrote_stops_no_later_run(tmp_path: Path, folder: str, said: str) -> None:
    path = "charts/cart/catalog-info.yaml"
    root = plant(
        tmp_path / "apps",
        {"scenedock.yaml": SETTINGS, **CHARTS, "charts/cart/README.md": "Notes.\n", path: WRITTEN % (folder, said)},
    )
    written = tmp_path / "catalog.yaml"
    assert export(str(root), "--output", str(written)) == 0
    assert "scenedock.dev/file" not in written.read_text()

    for each in (path, "charts/cart/Chart.yaml", "charts/cart/values.yaml"):
        (root / each).unlink()
    assert export(str(root), "--output", str(written)) == 0
    assert "component:cart" not in names_in(written)


def test_requirements_of_another_tool_describe_no_resource(tmp_path: Path) -> None:
    _, files = DESCRIBED["requirements of a chart"]
    ways = doors(tmp_path, {**files, "ansible/requirements.yaml": "- src: geerlingguy.nginx\n"}, NO_ADDRESS)
    before, _, _ = ways.come_out()

    ways.change("charts/shop/requirements.yaml", lambda file: file.write_text("dependencies: []\n"))
    after, codes, found = ways.come_out()

    assert before["file"].keys() - after["file"].keys() == {"resource:shop-redis"}
    assert (codes, errors(found)) == ({"file": 0, "in place": 0}, [])


def test_a_submodule_in_the_place_of_a_folder_keeps_it_until_it_is_excluded(tmp_path: Path) -> None:
    ways = doors(tmp_path, {})
    before, _, _ = ways.come_out()

    text = '[submodule "cart"]\n\tpath = charts/cart\n\turl = https://github.com/acme/cart\n'
    ways.change(".gitmodules", lambda file: file.write_text(text))
    ways.keeps_in_place = False
    ways.change("charts/cart", shutil.rmtree)
    ways.change("charts/cart", Path.mkdir)
    after, codes, found = ways.come_out()
    assert (after["file"], after["feed"], codes["file"]) == (before["file"], before["feed"], 1)
    assert [(each.code, each.place.path) for each in found] == [("unreadable-submodule", "charts/cart")]

    ways.change("scenedock.yaml", lambda file: file.write_text(f"{SETTINGS}folders: {{exclude: [charts/cart]}}\n"))
    after, codes, found = ways.come_out()
    assert (codes["file"], found, "component:cart" in after["file"]) == (0, [], False)


def test_a_link_in_the_place_of_a_folder_keeps_it(tmp_path: Path) -> None:
    ways = doors(tmp_path, {})
    before, _, _ = ways.come_out()

    ways.keeps_in_place = False
    ways.change("charts/cart", shutil.rmtree)
    ways.change("charts/cart", lambda folder: folder.symlink_to("cart"))
    after, codes, found = ways.come_out()

    assert (after["file"], after["feed"], codes["file"]) == (before["file"], before["feed"], 1)
    assert errors(found) == ["charts/cart"]


@pytest.mark.parametrize("instead", ["a link to itself", "a pipe"])
def test_settings_that_are_no_file_are_no_settings_to_obey(tmp_path: Path, instead: str) -> None:
    ways = doors(tmp_path, {})
    ways.come_out()
    written = (tmp_path / "catalog.yaml").read_bytes()

    ways.change("scenedock.yaml", Path.unlink)
    ways.change("scenedock.yaml", INSTEAD[instead])

    assert export(str(ways.root), "--output", str(tmp_path / "catalog.yaml")) == 2
    assert (tmp_path / "catalog.yaml").read_bytes() == written
    built = build_feed({"apps": RepositoryFolder(ways.root)}, ways.last, Watch()).kept
    assert ways.last is not None
    assert built.memory == ways.last.memory


def test_nothing_is_written_among_the_templates_of_a_chart(tmp_path: Path) -> None:
    _, files = LAYOUTS["a template of an app of apps"]
    ways = doors(tmp_path, files)
    ways.come_out()

    written = {path.parent.relative_to(ways.in_place).as_posix() for path in ways.in_place.rglob("catalog-info.yaml")}

    assert written == {"parent", "charts/cart", "charts/mail", "charts/search"}


def test_a_manifest_may_be_in_another_repository(tmp_path: Path) -> None:
    apps = plant(tmp_path / "apps", {"scenedock.yaml": SETTINGS, **CHARTS, "manifests/web/a.yaml": WORKLOAD})
    settings = SETTINGS.replace("acme/apps", "acme/argo")
    argo = plant(tmp_path / "argo", {"scenedock.yaml": settings, "argocd/web.yaml": FOLDER, "argocd/mail.yaml": KEYDB})
    roots, written = (str(apps), str(argo)), tmp_path / "catalog.yaml"
    assert export(*roots, "--output", str(written)) == 0
    before = written.read_bytes()
    assert b"name: web\n" in before

    (argo / "argocd/web.yaml").write_bytes(b"a: [")
    assert export(*roots, "--output", str(written)) == 1
    assert written.read_bytes() == before

    (argo / "argocd/web.yaml").write_text(FOLDER)
    assert export(*roots, "--output", str(written)) == 0
    assert written.read_bytes() == before
