"""A service knows of others no more than their faces, in every golden case; a face that hides too much is noticed."""

from __future__ import annotations

import shutil
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from scenedock.catalog.mapping.services import service_again
from scenedock.catalog.refreshing.alone import CatalogIndex
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.errors import ScenedockError
from scenedock.model.helm import Chart, HelmFolder, ValuesFacts
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import field_names, replace
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.export_catalog import Export, map_catalog, read_repositories
from scenedock.usecases.catalog.known_facts import FactsOfRun
from scenedock.usecases.catalog.watching import Watch
from tests.scenarios.repositories import plant

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir() and not path.name.startswith("_"))


@pytest.mark.parametrize("case", NAMES)
def test_a_case_is_the_same_if_services_know_only_faces_of_each_other(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    root = tmp_path / case
    shutil.copytree(CASES / case, root, symlinks=True)
    folders = sorted((root / "repos").iterdir()) if (root / "repos").is_dir() else [root / "repo"]
    repositories = {folder.name: RepositoryFolder(folder) for folder in folders}
    try:
        whole = map_catalog(read_repositories(repositories))
    except ScenedockError:
        with pytest.raises(ScenedockError):
            read_repositories(repositories, facts=FactsOfRun())
        return
    by_faces = map_catalog(read_repositories(repositories, facts=FactsOfRun()).by_faces())

    assert by_faces.entities == whole.entities
    assert by_faces.findings == whole.findings
    assert (by_faces.names, by_faces.coverage) == (whole.names, whole.coverage)
    _each_is_the_same_alone(by_faces)


def _each_is_the_same_alone(export: Export) -> None:
    """Each service that can be mapped alone gives what it gave among the others, and what was theirs already."""
    assert export.mapped
    index = CatalogIndex.of(export.repositories, export.mapped)
    for each in export.mapped.services if index else ():
        made_of = [
            (index.repositories[member.contents.facts.name], member.parts, member.folders)
            for member in each.service.members
            if index and member.parts
        ]
        if index and len(made_of) == len(each.service.members):
            alone = index.map_alone(service_again(each.service.name, made_of))
            assert alone
            assert tuple(entity for entity in alone.emitted if entity in each.emitted) == each.emitted
            assert {entity.ref for entity in alone.emitted} <= {entity.ref for entity in export.entities}
            assert set(alone.findings) <= set(export.findings)


FILES = {
    "billing/Chart.yaml": "name: billing\n",
    "billing/values.yaml": "ingress: {enabled: true, hosts: [{host: pay.acme.test}]}\nfullnameOverride: invoices\n",
    "orders/Chart.yaml": "name: orders\ndependencies: [{name: base, repository: 'file://../base'}]\n",
    "orders/values.yaml": "a: https://pay.acme.test/x\n",
    "web/Chart.yaml": "name: web\ndependencies: [{name: base, repository: 'file://../base'}]\n",
    "web/values.yaml": "a: http://invoices:80\n",
    "base/Chart.yaml": "name: base\n",
    "base/values.yaml": "a: 1\n",
    "scenedock.yaml": "repository: https://github.com/acme/apps\n",
}
EDITS = {
    "ingress_hosts": {"billing/values.yaml": "ingress: {enabled: true, hosts: [{host: other.acme.test}]}\n"},
    "fullname": {"billing/values.yaml": FILES["billing/values.yaml"].replace("invoices", "bills")},
    "dependencies": {"web/Chart.yaml": "name: web\n"},
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("scenedock.effects.git.repositories._NANOSECONDS_TO_SETTLE", -(10**12))
    return plant(tmp_path / "apps", FILES)


def _is_always_equal(root: Path, edit: dict[str, str]) -> bool:
    """Whether builds by what is known are the same as those of everything, before an edit and after it."""
    repositories, table = {"apps": RepositoryFolder(root)}, FactsTable(root.parent / "facts")
    built: list[KeptCatalog] = []
    for files in ({}, {}, {}, edit, {}):
        plant(root, files)
        last = built[-1] if built else None
        full, quick = (build_feed(repositories, last, Watch(), each).kept for each in (None, table))
        if full != quick:
            return False
        built.append(quick)
    assert built[2].feed != built[3].feed
    return True


@pytest.mark.parametrize("field", EDITS)
def test_an_edit_of_what_others_see_changes_them(root: Path, field: str) -> None:
    assert _is_always_equal(root, EDITS[field])


@pytest.mark.parametrize("field", EDITS)
def test_a_face_that_hides_what_others_depend_on_would_be_noticed(
    root: Path, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hide(field, monkeypatch)

    assert not _is_always_equal(root, EDITS[field])


def _hide(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a face leave out one more field."""
    kinds: tuple[Any, ...] = (ValuesFacts, Chart, HelmFolder)
    kind = next(each for each in kinds if field in field_names(each))
    default = signature(kind).parameters[field].default
    face = kind.face.fget
    monkeypatch.setattr(kind, "face", property(lambda self: replace(face(self), **{field: default})))
