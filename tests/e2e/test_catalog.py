"""Our feed in Backstage's catalog."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import urllib3
import yaml

from tests.e2e.company import SCENEDOCK, Company
from tests.tools.feed import accept
from tests.tools.server import SECONDS_TO_WAIT, wait_until


def test_the_catalog_has_what_an_export_has_and_nothing_is_left_unprocessed(company: Company) -> None:
    wait_until(lambda: company.ingested() == company.exported(), "the whole feed in the catalog")
    wait_until(lambda: not company.frontend.unprocessed(), "a catalog with nothing unprocessed")

    assert not [
        entity["metadata"]["name"] for entity in company.frontend.entities("kind=component") if entity.get("status")
    ]


def test_the_doctor_finds_that_backstage_and_the_service_reach_each_other(company: Company) -> None:
    wait_until(lambda: company.ingested() == company.exported(), "the whole feed in the catalog")
    environment = {**os.environ, **company.service.environment}
    command = [SCENEDOCK, "doctor", "--format", "json"]
    done = subprocess.run(
        command, cwd=company.service.folder, env=environment, capture_output=True, text=True, check=False
    )

    found = {each["check"]: each for each in json.loads(done.stdout)}
    for check in ("backstage", "backstage-accepts-us", "feed", "feed-registered", "clock"):
        assert found[check]["verdict"] == "ok", found[check]
    assert found["feed-registered"]["evidence"] == f"Backstage reads {company.feed}"


def test_the_catalog_draws_the_relations_that_the_folders_have(company: Company) -> None:
    wait_until(lambda: company.frontend.has(["component:default/billing"]), "billing in the catalog")

    (billing,) = company.frontend.entities("kind=component,metadata.name=billing")

    assert {(relation["type"], relation["targetRef"]) for relation in billing["relations"]} >= {
        ("ownedBy", "group:default/payments"),
        ("providesApi", "api:default/billing"),
    }


def test_the_entities_that_describe_us_are_in_the_catalog_with_the_definition_of_our_api(company: Company) -> None:
    wait_until(lambda: company.frontend.has(["component:default/scenedock", "api:default/scenedock"]), "our entities")

    (api,) = company.frontend.entities("kind=api,metadata.name=scenedock")

    assert "/api/scenedock/actions/export-catalog/invoke" in json.loads(api["spec"]["definition"])["paths"]


def test_a_pushed_change_of_a_folder_shows_in_the_catalog_without_anybody_doing_more(company: Company) -> None:
    wait_until(lambda: company.frontend.has(["component:default/search"]), "search in the catalog")
    chart = company.repository / "search" / "Chart.yaml"
    text = chart.read_text(encoding="utf-8")

    chart.write_text(f"{text.rstrip()}\nkeywords: [found-again]\n", encoding="utf-8")
    company.github.push()

    wait_until(
        lambda: "found-again" in str(company.frontend.entities("kind=component,metadata.name=search")), "the change"
    )


def test_a_refresh_of_an_unchanged_feed_moves_no_entity_over_the_wire(company: Company) -> None:
    wait_until(lambda: company.frontend.has(["component:default/billing"]), "billing in the catalog")
    (billing,) = company.frontend.entities("kind=component,metadata.name=billing")
    file = billing["metadata"]["annotations"]["backstage.io/managed-by-location"].rpartition("/")[2]
    not_modified = [f"GET /api/scenedock/catalog/{name} 304" for name in ("catalog-info.yaml", file)]
    before = len(company.service.said())

    company.frontend.refresh("component:default/billing")

    wait_until(
        lambda: all(each in company.service.said()[before:] for each in not_modified),
        "questions for the index and the entity's file that were answered with 304",
    )


def test_a_new_folder_gets_its_entities_and_a_removed_one_loses_them(company: Company) -> None:
    folder = _folder_of_a_service(company, "wallet")
    company.github.push()

    wait_until(lambda: company.frontend.has(["component:default/wallet"]), "the new Component")

    shutil.rmtree(folder)
    company.github.push()
    wait_until(lambda: not company.frontend.has(["component:default/wallet"]), "an end of the Component")


def test_many_new_folders_at_once_all_get_their_entities_and_none_is_in_conflict(company: Company) -> None:
    wait_until(lambda: company.ingested() == company.exported(), "the whole feed in the catalog")
    listed = _files_of_the_feed(company)
    folders = [_folder_of_a_service(company, f"shop-{number}") for number in range(60)]
    company.github.push()

    wait_until(lambda: company.ingested() == company.exported(), "the entities of all folders in the catalog")

    assert company.frontend.has(f"component:default/{folder.name}" for folder in folders)
    assert listed < _files_of_the_feed(company)  # so there were files that Backstage knew, and others that it didn't
    assert "conflicting entityRef" not in company.backstage.said()
    for folder in folders:
        shutil.rmtree(folder)
    company.github.push()
    url = company.feed.partition("/api/")[0]
    wait_until(lambda: "would vanish" in company.readiness(), "a refusal to drop so many")
    assert accept("apps", "--url", url, SCENEDOCK_TOKEN=company.operator).stdout == "apps: accepted\n"
    wait_until(lambda: company.ingested() == company.exported(), "an end of their entities")
    assert "conflicting entityRef" not in company.backstage.said()


def test_a_comparison_tells_what_registering_would_change(company: Company, tmp_path: Path) -> None:
    wait_until(lambda: company.ingested() == company.exported(), "the whole feed in the catalog")
    work = Path(shutil.copytree(company.repository, tmp_path / "acme-apps"))
    shutil.rmtree(work / "search")  # its Component and a Resource
    kept = company.exported().total() - 2
    (work / "purse").mkdir()
    (work / "purse" / "Chart.yaml").write_text("apiVersion: v2\nname: purse\nversion: 1.0.0\n", encoding="utf-8")
    chart = work / "billing" / "Chart.yaml"
    chart.write_text(chart.read_text(encoding="utf-8").replace("keywords: [payments]", "keywords: [money]"), "utf-8")

    def compared(token: str) -> subprocess.CompletedProcess[str]:
        command = [SCENEDOCK, "catalog", "compare", str(work), "--backstage", company.frontend.url]
        variables = {**os.environ, "SCENEDOCK_BACKSTAGE_TOKEN": token}
        return subprocess.run(command, env=variables, capture_output=True, check=False, text=True)

    done, refused = compared(company.frontend.token), compared("of nobody")

    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith(f"same: {kept - 2} (")
    assert said[1].startswith("differ: 2 (")
    assert said[2:6] == [
        "  component:billing",
        "      metadata.tags: -payments +money",
        "  component:checkout",
        "      spec.dependsOn: -component:default/search",
    ]
    assert {"  component:search", "  resource:search-opensearch", "  component:scenedock"} <= set(said)
    assert said[said.index("  component:purse") - 1] == "only here: 1 (new to the catalog)"
    (told,) = (line for line in said if line.startswith(f"  url:{company.feed} ({kept})"))
    assert told.endswith("that only it has and that vanish with it")  # what the removed folder described, and more
    assert (refused.returncode, "Backstage requires a valid token" in refused.stderr) == (3, True)


def _folder_of_a_service(company: Company, name: str) -> Path:
    """A new folder with a chart in the company's GitOps repository."""
    folder = company.repository / name
    folder.mkdir()
    (folder / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: 1.0.0\ndescription: Keeps the books\n", encoding="utf-8"
    )
    (folder / "values-production.yaml").write_text("image: {tag: 1.0.0}\n", encoding="utf-8")
    return folder


def _files_of_the_feed(company: Company) -> set[str]:
    """What the index of the feed names."""
    index = urllib3.request("GET", company.feed, retries=False, timeout=SECONDS_TO_WAIT).data
    return {location["spec"]["target"] for location in yaml.safe_load_all(index)}
