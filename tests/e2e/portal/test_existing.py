"""A Backstage that is already full: Components that code repositories registered before, handed over one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.portal.portal import Portal
from tests.scenarios.repositories import plant
from tests.tools.server import wait_until

COUNT = 140
NAMES = [f"full-{number:03}" for number in range(COUNT)]
DATABASE = "dependencies:\n  - {name: postgresql, version: 1.0.0, repository: 'https://charts.example'}\n"
ORIGIN = "backstage.io/managed-by-origin-location"


@pytest.fixture(scope="module")
def registered(portal: Portal) -> dict[str, str]:
    """The addresses of the files of 140 Components, which Backstage has before our service knows their folders."""
    addresses = {name: portal.put_on_code_host(f"{name}/catalog-info.yaml", _file(name)) for name in NAMES}
    for address in addresses.values():
        portal.frontend.ask("POST", "catalog/locations", {"type": "url", "target": address})
    wait_until(lambda: portal.has(NAMES), "the Components of all code repositories")
    files = {f"{name}/Chart.yaml": f"name: {name}\nversion: 1.0.0\n" for name in (*NAMES, "full-of-ours")}
    files["full-000/Chart.yaml"] += DATABASE
    files["full-of-ours/values.yaml"] = "peer: http://full-001:8080\n"
    portal.serve([*portal.repositories, plant(portal.folder / "full", files)])
    wait_until(lambda: portal.has(["full-of-ours"]), "the Component that only we have")
    return addresses


def test_what_code_repositories_registered_stays_theirs_and_nothing_is_in_conflict(
    portal: Portal, registered: dict[str, str]
) -> None:
    wait_until(lambda: portal.frontend.has(["resource:default/full-000-postgresql"]), "the database of theirs")
    portal.read_everything_again()
    wait_until(lambda: not portal.frontend.unprocessed(), "a catalog with nothing unprocessed")

    assert _origins(portal) == {name: f"url:{address}" for name, address in registered.items()}
    assert "conflicting entityRef" not in portal.backstage.said()
    (ours,) = portal.frontend.entities("kind=component,metadata.name=full-of-ours")
    assert ("dependsOn", "component:default/full-001") in _relations(ours)
    (theirs,) = portal.frontend.entities("kind=component,metadata.name=full-000")
    assert ("dependsOn", "resource:default/full-000-postgresql") in _relations(theirs)
    said = portal.service.findings("full", "info")["exists-elsewhere"]
    assert said.startswith(f"{COUNT} entities are left out")


def test_nothing_is_lost_when_they_are_handed_over_one_by_one(portal: Portal, registered: dict[str, str]) -> None:
    listed = [each["data"] for each in portal.frontend.ask("GET", "catalog/locations")]
    ids = {each["target"]: each["id"] for each in listed}

    for number, name in enumerate(NAMES):
        portal.frontend.ask("DELETE", f"catalog/locations/{ids[registered[name]]}")
        if number < 3:
            wait_until(lambda name=name: portal.has([name]), f"our {name}")  # type: ignore[misc]
        assert portal.has(NAMES[number + 1 :]), "who isn't handed over stays"

    feed = f"url:{portal.service.url}/api/scenedock/catalog/catalog-info.yaml"
    wait_until(lambda: _origins(portal) == dict.fromkeys(NAMES, feed), "all of them, from our feed")
    assert "conflicting entityRef" not in portal.backstage.said()
    assert "exists-elsewhere" not in portal.service.findings("full", "info")


def test_with_ours_none_is_lost_while_both_have_it_and_ours_is_there_after_the_hand_over(portal: Portal) -> None:
    """The last test here: Backstage says `conflicting entityRef` meanwhile."""
    names = [f"ours-{number}" for number in range(3)]
    addresses = {name: portal.put_on_code_host(f"{name}/catalog-info.yaml", _file(name)) for name in names}
    for address in addresses.values():
        portal.frontend.ask("POST", "catalog/locations", {"type": "url", "target": address})
    wait_until(lambda: portal.has(names), "the Components of the code repositories")
    files = {f"{name}/Chart.yaml": f"name: {name}\nversion: 1.0.0\n" for name in (*names, "only-ours")}
    root = plant(portal.folder / "ours", {**files, "scenedock.yaml": "existing: ours\n"})
    portal.serve([*portal.repositories, root])
    wait_until(lambda: portal.has(["only-ours"]), "the Component that only we have")
    portal.read_everything_again()
    wait_until(lambda: "conflicting entityRef" in portal.backstage.said(), "the conflict")
    assert _origins(portal, names) == {name: f"url:{address}" for name, address in addresses.items()}

    ids = {each["data"]["target"]: each["data"]["id"] for each in portal.frontend.ask("GET", "catalog/locations")}
    for address in addresses.values():
        portal.frontend.ask("DELETE", f"catalog/locations/{ids[address]}")
    # The feed stays as it is, so Backstage takes from it what it refused when it next reads it, here after an hour.
    portal.read_everything_again()

    feed = f"url:{portal.service.url}/api/scenedock/catalog/catalog-info.yaml"
    wait_until(lambda: _origins(portal, names) == dict.fromkeys(names, feed), "all of them, from our feed")
    assert portal.service.reasons("ours") == []


def _file(name: str) -> str:
    return (
        f"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\n"
        "spec: {type: service, lifecycle: production, owner: payments}\n"
    )


def _origins(portal: Portal, names: list[str] = NAMES) -> dict[str, str]:
    """Where Backstage has some Components from."""
    components = portal.frontend.entities("kind=component")
    annotations = {each["metadata"]["name"]: each["metadata"]["annotations"] for each in components}
    return {name: annotations[name][ORIGIN] for name in names if name in annotations}


def _relations(entity: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["type"], each["targetRef"]) for each in entity["relations"]}
