"""`catalog adopt --propose`, as cron runs it: a pull request with the annotations that hand-written files lack."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.publishing.acme import Acme
from tests.scenarios.repositories import plant, scenedock

BRANCH = "scenedock/annotations/main"
FILE = "docs/catalog-info.yaml"
THEIRS = """\
# Written by a person.
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
    name:   billing
    annotations:
        github.com/team-slug: "acme/payments"   # ours
spec: {type: service, lifecycle: production, owner: payments}
"""
LACKS = "        scenedock.dev/environments: production\n"
ADOPTED = THEIRS.replace("# ours\n", f"# ours\n{LACKS}")


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """What is deployed."""
    files = {"billing/Chart.yaml": "name: billing\n", "billing/values-production.yaml": "replicas: 2\n"}
    return plant(tmp_path / "clone" / "apps", files)


@pytest.fixture(autouse=True)
def code(acme: Acme) -> None:
    """acme/billing, which has the file of a Component."""
    acme.github.world.create_repository("acme", "billing", private=True)
    acme.github.world.commit("acme/billing", "main", {FILE: THEIRS, "README.md": "# Billing\n"})


def entity(name: str, location: str) -> dict[str, Any]:
    annotations = {"backstage.io/managed-by-location": location, "backstage.io/managed-by-origin-location": location}
    return {"kind": "Component", "metadata": {"name": name, "annotations": annotations}}


def known(acme: Acme, **locations: str) -> Path:
    """A saved answer of the catalog, which has some Components from these locations."""
    path = acme.folder / "known.yaml"
    path.write_text(yaml.safe_dump({"items": [entity(*each) for each in locations.items()]}), encoding="utf-8")
    return path


def propose(acme: Acme, apps: Path, **locations: str) -> subprocess.CompletedProcess[str]:
    where = locations or {"billing": f"url:https://github.com/acme/billing/blob/main/{FILE}"}
    hosts = {"SCENEDOCK_CODE_HOSTS": str(acme.hosts)}
    return scenedock("catalog", "adopt", apps, "--known", known(acme, **where), "--propose", environment=hosts)


def file_in(acme: Acme, branch: str) -> str:
    _, data = acme.repository("billing").files(branch)[FILE]
    return data.decode()


def writes(acme: Acme) -> list[str]:
    return [call for call in acme.calls() if not call.startswith("GET ")]


def test_the_first_run_opens_a_pull_request_and_a_second_one_does_nothing(acme: Acme, apps: Path) -> None:
    first = propose(acme, apps)
    acme.calls()
    second = propose(acme, apps)

    repository = acme.repository("billing")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert yaml.safe_load(first.stdout)["metadata"]["annotations"] == {"scenedock.dev/environments": "production"}
    assert "pull request " in first.stderr
    assert "has this already" in second.stderr
    assert writes(acme) == []
    assert (list(repository.pulls), repository.pulls[1].base) == ([1], "main")
    assert (file_in(acme, "main"), file_in(acme, BRANCH)) == (THEIRS, ADOPTED)


def test_what_changes_later_updates_the_same_pull_request(acme: Acme, apps: Path) -> None:
    propose(acme, apps)
    acme.github.world.commit("acme/billing", "main", {FILE: f"# A new line.\n{THEIRS}"})
    plant(apps, {"billing/values-qa.yaml": "replicas: 1\n"})

    done = propose(acme, apps)

    assert (done.returncode, list(acme.repository("billing").pulls)) == (0, [1]), done.stderr
    both = LACKS.replace("production", '"production,qa"')
    assert file_in(acme, BRANCH) == f"# A new line.\n{ADOPTED.replace(LACKS, both)}"


def test_what_the_file_has_by_now_is_not_proposed_whatever_the_catalog_still_says(acme: Acme, apps: Path) -> None:
    acme.github.world.commit("acme/billing", "main", {FILE: ADOPTED})

    done = propose(acme, apps, billing=f"url:https://github.com/acme/billing/tree/HEAD/{FILE}")

    assert (done.returncode, writes(acme)) == (0, []), done.stderr
    assert acme.repository("billing").pulls == {}


def test_files_of_the_default_branch_are_one_pull_request_whatever_names_it(acme: Acme, apps: Path) -> None:
    cart = "kind: Component\nmetadata:\n  name: cart\n"
    acme.github.world.commit("acme/billing", "main", {"cart.yaml": cart})
    plant(apps, {"cart/Chart.yaml": "name: cart\n", "cart/values-production.yaml": "replicas: 2\n"})
    url = "url:https://github.com/acme/billing"

    done = propose(acme, apps, billing=f"{url}/blob/main/{FILE}", cart=f"{url}/tree/HEAD/cart.yaml")

    repository = acme.repository("billing")
    _, data = repository.files(BRANCH)["cart.yaml"]
    assert (done.returncode, list(repository.pulls)) == (0, [1]), done.stderr
    assert data.decode() == f"{cart}  annotations:\n    scenedock.dev/environments: production\n"
    assert file_in(acme, BRANCH) == ADOPTED


def test_those_that_cannot_be_proposed_are_told_and_the_others_are_proposed(acme: Acme, apps: Path) -> None:
    told = {
        "file:/srv/catalog-info.yaml": "component:default/more-0: its file isn't on a code host",
        "url:https://github.com/others/more/blob/main/catalog-info.yaml": "only repositories of acme, ada are allowed",
        "url:https://github.com/acme/apps/blob/main/gone.yaml": "acme/apps: gone.yaml: there is no such file in main",
        "url:https://github.com/acme/apps/blob/gone/a.yaml": "github.com/acme/apps has no branch 'gone'",
        "url:https://github.com/acme/apps/blob/main/README.md": "README.md: it has no component:default/more-4",
    }
    more = {f"more-{number}": location for number, location in enumerate(told)}
    for name in more:
        plant(apps, {f"{name}/Chart.yaml": f"name: {name}\n", f"{name}/values-production.yaml": "replicas: 2\n"})

    done = propose(acme, apps, billing=f"url:https://github.com/acme/billing/blob/main/{FILE}", **more)

    assert done.returncode == 2, done.stderr
    assert [said for said in told.values() if said not in done.stderr] == []
    assert file_in(acme, BRANCH) == ADOPTED
