"""An export for a catalog that is already full: what exists elsewhere is left out, or not, and can be adopted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from scenedock.catalog.reading.entity_files import read_entities
from tests.scenarios.repositories import export, plant, scenedock
from tests.tools.backstage_catalog import FakeBackstage, serve
from tests.tools.feed import FeedService
from tests.tools.server import wait_until

DATABASE = "dependencies:\n  - {name: postgresql, version: 1.0.0, repository: 'https://charts.example'}\n"
KEY = "of the catalog"
ORIGIN = "url:https://github.com/acme/billing/blob/main/catalog-info.yaml"
THEIRS = {
    "apiVersion": "backstage.io/v1alpha1",
    "kind": "Component",
    "metadata": {"name": "billing", "annotations": {"backstage.io/managed-by-origin-location": ORIGIN}},
    "spec": {"type": "service", "lifecycle": "production", "owner": "payments"},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A service with a database and an API, and one that calls it."""
    return plant(
        tmp_path / "apps",
        {
            "billing/Chart.yaml": f"name: billing\n{DATABASE}",
            "billing/values-production.yaml": "replicas: 2\n",
            "billing/openapi.yaml": "openapi: 3.0.3\ninfo: {title: Billing, version: 1.0.0}\npaths: {}\n",
            "shop/Chart.yaml": "name: shop\n",
            "shop/values.yaml": "peer: http://billing:8080\n",
        },
    )


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """The catalog that exists: a saved response of Backstage's API."""
    path = tmp_path / "known.yaml"
    path.write_text(yaml.safe_dump({"items": [THEIRS, {"kind": "Group", "metadata": {"name": "payments"}}]}))
    return path


def specs(text: str) -> dict[str, dict[str, object]]:
    return {each.ref.short: dict(each.spec) for each in read_entities(text.encode(), label="export")}


def adopt(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return scenedock("catalog", "adopt", *arguments, environment=environment)


def test_ours_is_left_out_and_all_else_leads_to_theirs(root: Path, known: Path) -> None:
    done = export(root, "--known", known, "--verbose")
    found = specs(done.stdout)

    assert done.returncode == 0
    assert found.keys() == {"component:shop", "api:billing", "resource:billing-postgresql"}
    assert found["component:shop"]["dependsOn"] == ["component:billing"]
    assert found["resource:billing-postgresql"]["dependencyOf"] == ["component:billing"]
    assert done.stderr.count("1 entity is left out") == 1
    assert "dangling" not in done.stderr


def test_the_table_says_which_are_left_out(root: Path, tmp_path: Path, known: Path) -> None:
    lines = export(root, "--known", known, "--output", tmp_path / "catalog.yaml").stdout.splitlines()

    assert [line for line in lines if "exists elsewhere" in line] == [
        line for line in lines if line.startswith("billing")
    ]


def test_a_reference_is_enough(root: Path, known: Path) -> None:
    known.write_text("[component:default/billing]\n")

    assert "component:billing" not in specs(export(root, "--known", known).stdout)


def test_with_ours_it_is_emitted_all_the_same(root: Path, known: Path) -> None:
    before = export(root).stdout
    plant(root, {"scenedock.yaml": "existing: ours\n"})

    done = export(root, "--known", known)

    assert done.stdout == before
    assert "left out" not in done.stderr


def test_what_an_export_made_itself_is_no_reason_to_leave_it_out(root: Path, tmp_path: Path) -> None:
    export(root, "--output", tmp_path / "catalog.yaml")

    assert len(specs(export(root, "--known", tmp_path / "catalog.yaml").stdout)) == 4


def test_in_place_no_file_gets_what_exists_elsewhere(root: Path, known: Path) -> None:
    assert export(root, "--known", known, "--in-place").returncode == 0

    assert specs((root / "billing/catalog-info.yaml").read_text()).keys() == {
        "api:billing",
        "resource:billing-postgresql",
    }


def test_many_that_are_in_the_last_output_are_not_dropped_at_once(root: Path, tmp_path: Path, known: Path) -> None:
    plant(root, {f"app-{number}/Chart.yaml": f"name: app-{number}\n" for number in range(5)})
    output = tmp_path / "catalog.yaml"
    export(root, "--output", output)
    before = output.read_text()
    known.write_text(yaml.safe_dump([f"component:app-{number}" for number in range(5)]))

    assert export(root, "--output", output, "--known", known).returncode == 4
    assert output.read_text() == before
    assert export(root, "--output", output, "--known", known, "--allow-deletions").returncode == 0
    assert len(specs(output.read_text())) == 4


def test_adopt_prints_what_theirs_lacks(root: Path, known: Path) -> None:
    done = adopt(root, "--known", known)

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"# component:default/billing, from {ORIGIN}"
    assert yaml.safe_load(done.stdout) == {
        "kind": "Component",
        "metadata": {"name": "billing", "annotations": {"scenedock.dev/environments": "production"}},
        "spec": {"providesApis": ["api:billing"]},
    }
    assert done.stderr == "1 entity comes from elsewhere; 1 of them lacks something\n"
    with serve(FakeBackstage(entities=[THEIRS], token=KEY)) as backstage:
        asked = adopt(root, "--backstage", backstage.url, SCENEDOCK_BACKSTAGE_TOKEN=KEY)
        refused = adopt(root, "--backstage", backstage.url)
    assert (asked.returncode, asked.stdout) == (0, done.stdout)
    assert refused.returncode == 3


def test_adopt_says_so_where_nothing_is_lacking(root: Path, known: Path) -> None:
    known.write_text("kind: Component\nmetadata: {name: elsewhere}\n")
    done = adopt(root, "--known", known)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "0 entities come from elsewhere; none of them lacks anything\n"
    assert adopt(root).returncode == 2
    assert adopt(root, "--known", known, "--backstage", "http://127.0.0.1:9").returncode == 2


def test_while_backstage_is_down_what_it_had_from_elsewhere_stays_left_out(root: Path, tmp_path: Path) -> None:
    (root / "billing/openapi.yaml").unlink()
    backstage = FakeBackstage(entities=[THEIRS])
    with serve(backstage):
        service = FeedService.of(tmp_path / "service", [root], SCENEDOCK_BACKSTAGE_URL=backstage.url)
        service.server.start()
        try:
            before = set(service.entities())
            asked = service.reasons()
        finally:
            service.server.stop()
    plant(root, {"wallet/Chart.yaml": "name: wallet\n"})

    service.server.start()
    try:
        wait_until(lambda: "wallet" in service.entities(), "the folder that is new")
        meanwhile, reasons, metric = set(service.entities()), service.reasons(), service.metric("")
        said = service.findings("", "warning")["backstage-not-asked"]
        with serve(backstage):
            wait_until(lambda: not service.reasons(), "a Backstage that answers")
            after = set(service.entities())
    finally:
        service.server.stop()

    assert (before, asked) == ({"shop", "billing-postgresql"}, [])
    assert meanwhile == after == {*before, "wallet"}
    assert reasons == ["Backstage can't be asked which entities it has from elsewhere"]
    assert metric == {"backstage-not-asked"}
    assert "what was known stays" in said
