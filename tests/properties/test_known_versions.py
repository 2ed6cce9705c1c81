"""However repositories are edited: what is known of versions and of their histories is what a fresh look gives."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from scenedock.effects.git.clones import RemoteBranch, RepositoryClone
from scenedock.effects.git.repositories import RepositoryFolder, ServedRepository
from scenedock.effects.local.facts_file import FactsFile
from scenedock.usecases.releases.list_deployments import list_served
from scenedock.usecases.releases.overview import Overview, read_overview
from tests.scenarios.repositories import git, plant

STEPS = 16
SETTINGS = "repository: https://git.test/acme/apps\nversions: {file: 'tags/{environment}/{service}', path: tag}\n"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: web-qa, labels: {{environment: qa}}}}
spec:
  source:
    repoURL: https://git.test/acme/apps
    path: apps/web
    helm: {{valueFiles: [values.yaml, values-qa.yaml], parameters: [{{name: image.tag, value: '{tag}'}}]}}
"""
LOCK = "locks: [{environment: qa, reason: x, until: 2100-01-01}]\n"
LIBRARY = "apiVersion: v2\nname: library\ntype: library\nversion: 1.0.0\n"
USES_LIBRARY = "dependencies: [{name: library, version: 1.0.0, repository: 'file://../../library'}]\n"
TEMPLATE = "kind: Deployment\nimage: x:{{ .Values.image.tag | default .Chart.AppVersion }}{{ .Values.global.tag }}\n"
RELEASE = "helm: {{chart: {chart}, version: {tag}, repo: https://charts.test, releaseName: cache-x}}\n"
FILES = {
    "scenedock.yaml": SETTINGS,
    "CODEOWNERS": "* @acme/platform\n",
    "library/Chart.yaml": LIBRARY,
    "library/values.yaml": "image: {repository: acme/library, tag: 1.0.0}\n",
    "tags/qa/search": "tag: v1\n",
    "argocd/web.yaml": APPLICATION.format(tag="1.0.0"),
    "releases/cache/fleet.yaml": RELEASE.format(chart="redis", tag="1.0.0"),
}
SERVICES = ("billing", "orders", "web", "search")
ENVIRONMENTS = ("qa", "production")


def chart(name: str, draw: random.Random) -> str:
    more = f"appVersion: {draw.randrange(3)}.0.0\n" + draw.choice(("", USES_LIBRARY))
    return f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n{more}"


def values(name: str, draw: random.Random) -> str:
    tag = f"{draw.randrange(3)}.{draw.randrange(3)}.0"
    image = f"image: {{repository: {draw.choice(('acme', 'other'))}/{name}, tag: {tag}}}\n"
    return draw.choice(
        (
            image,
            f"{image}sidecar: {{image: 'acme/proxy:{tag}'}}\n",
            f"{image}global: {{tag: {tag}}}\n",
            f"image: {{repository: acme/{name}}}\nupstream: http://orders:80\n",
            f"owner-info: {{team: {draw.choice(('a', 'b'))}}}\n{image}",
            f"image: {{tag: {tag}}}\n",
        )
    )


def edit(draw: random.Random) -> Mapping[str, str | None]:
    """One change of some file, None where it goes."""
    name, environment = draw.choice(SERVICES), draw.choice(ENVIRONMENTS)
    tag = f"{draw.randrange(4)}.0.0"
    of_environment = f"apps/{name}/values-{environment}.yaml"
    changes: tuple[Mapping[str, str | None], ...] = (
        {of_environment: f"image: {{tag: {tag}}}\n"},
        {of_environment: f"image: {{tag: {tag}}}\n"},
        {of_environment: values(name, draw)},
        {of_environment: None},
        {f"apps/{name}/values.yaml": values(name, draw)},
        {f"apps/{name}/Chart.yaml": chart(name, draw)},
        {f"apps/{name}/templates/a.yaml": draw.choice((TEMPLATE, TEMPLATE.replace(".Chart.AppVersion", "1")))},
        {"library/values.yaml": f"image: {{repository: acme/library, tag: {tag}}}\n"},
        {f"tags/{environment}/{name}": draw.choice((f"tag: {tag}\n", None))},
        {"argocd/web.yaml": APPLICATION.format(tag=tag)},
        {"apps/web/.argocd-source-web-qa.yaml": f"helm: {{parameters: [{{name: image.tag, value: '{tag}'}}]}}\n"},
        {"releases/cache/fleet.yaml": RELEASE.format(chart="redis", tag=tag)},
        {
            "scenedock.yaml": SETTINGS
            + draw.choice(("", "locks: [{environment: qa, reason: x, until: 2100-01-01}]\n", "owner: group:a\n"))
        },
        {f"apps/{name}/values.yaml": "a: ["},
        {"README.md": draw.choice(("a", "b"))},
    )
    return draw.choice(changes)


@dataclass
class Looks:
    """A repository whose versions are looked at after each edit, with what is known and afresh."""

    root: Path
    file: FactsFile
    repository: Callable[[], ServedRepository]
    commits: bool

    def change(self, files: Mapping[str, str | None], draw: random.Random) -> None:
        for path, text in files.items():
            if text is None:
                (self.root / path).unlink(missing_ok=True)
            else:
                plant(self.root, {path: text})
        if self.commits or draw.random() < 0.5:
            git(self.root, "add", "--all")
            git(self.root, "commit", "--quiet", "--allow-empty", "--message=Edit")

    def check(self) -> None:
        served = {"apps": self.repository()}
        assert list_served(served, None, self.file) == list_served(served, None)
        assert shown(read_overview(served, None, self.file)) == shown(read_overview(served, None))


def shown(overview: Overview) -> tuple[object, ...]:
    return overview.services, overview.deployments, overview.rows, overview.environments, overview.locks


@pytest.fixture(params=["folder", "clone"])
def looks(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looks:
    # Each file that is written here has another inode or size; so times needn't tell.
    monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))
    draw = random.Random(1)  # noqa: S311 - it keeps no secret
    root = plant(tmp_path / "apps", FILES)
    for name in SERVICES:
        plant(root, {f"apps/{name}/Chart.yaml": chart(name, draw), f"apps/{name}/values.yaml": values(name, draw)})
        plant(root, {f"apps/{name}/values-{each}.yaml": f"image: {{tag: {each}-1}}\n" for each in ENVIRONMENTS})
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "config", "user.name", "Jane")
    git(root, "config", "user.email", "jane@acme.test")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=First")
    remote = RemoteBranch.read("https://git.test/acme/apps")

    def clone() -> ServedRepository:
        shutil.rmtree(tmp_path / "apps.git", ignore_errors=True)
        git(tmp_path, "clone", "--quiet", "--bare", str(root), str(tmp_path / "apps.git"))
        return RepositoryClone(remote, tmp_path / "apps.git")

    is_folder = request.param == "folder"
    file = FactsFile(tmp_path / "data" / "version-facts")
    return Looks(root, file, (lambda: RepositoryFolder(root)) if is_folder else clone, commits=not is_folder)


def look(looks: Looks, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - it keeps no secret
    looks.check()
    for _ in range(STEPS):
        looks.change(edit(draw), draw)
        looks.check()


def test_what_is_known_is_what_a_fresh_look_gives(looks: Looks) -> None:
    look(looks, 0)


@pytest.mark.extended
@pytest.mark.parametrize("seed", range(1, 13))
def test_after_many_edits(looks: Looks, seed: int) -> None:
    look(looks, seed)
