"""The board as TechDocs: fetched as Backstage does it, and built by the MkDocs that its generator runs."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.handlers.folders import make_folders_app
from scenedock.errors import InputError
from scenedock.runtime.service import Service
from scenedock.runtime.setting_values import Listen
from scenedock.runtime.settings import BOARD, BOARD_BRANCH
from tests.scenarios.repositories import plant
from tests.tools.server import wait_until
from tests.tools.service import service_in
from tests.tools.venv import mkdocs_folder

OWNER = "group:default/platform"
PAGES = "https://scenedock.acme.example"
ROUTE = f"/api/v1/repos/{BOARD}"
CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"


def apps(root: Path, production: str) -> Path:
    """A service whose production is behind, and one with a name and a version that are no plain text."""
    tag = "image: {{repository: acme/{}, tag: '{}'}}\n".format
    return plant(
        root,
        {
            "billing/Chart.yaml": CHART.format("billing"),
            "billing/values-qa.yaml": tag("billing", "1.2.0"),
            "billing/values-production.yaml": tag("billing", production),
            "a__b/Chart.yaml": CHART.format("a__b"),
            "a__b/values-qa.yaml": "image: {repository: acme/a__b}\n",
        },
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    opened = service_in(
        tmp_path / "data",
        repositories=(str(apps(tmp_path / "apps", "1.0.0")),),
        folders_listen=Listen("127.0.0.1", 8001),
        pages_url=PAGES,
        board_owner=OWNER,
    )
    yield opened
    opened.stop()


@pytest.fixture
def folders(service: Service) -> FlaskClient:
    return make_folders_app(service).test_client()


def revision(folders: FlaskClient) -> str:
    answer: Any = folders.get(f"{ROUTE}/git/commits/{BOARD_BRANCH}").json
    return str(answer["sha"])


def fetched(folders: FlaskClient, folder: Path) -> Path:
    """What Backstage's reader has of the archive: without its first directory."""
    packed = folders.get(f"{ROUTE}/archive/{BOARD_BRANCH}.tar.gz").data
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


def test_techdocs_builds_the_board(folders: FlaskClient, tmp_path: Path) -> None:
    root = fetched(folders, tmp_path / "fetched")
    mkdocs = mkdocs_folder() / "mkdocs"

    # The generator's own words; source: `runMkdocs` of @backstage/plugin-techdocs-node.
    command = [str(mkdocs), "build", "-d", str(tmp_path / "site"), "-v", "--strict"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "index.html").read_text()
    assert f'<a href="{PAGES}/services/billing">billing</a>' in page
    assert "1 of 1 services are behind qa; the furthest is" in page
    assert "<td><code>1.0.0</code> ↓ 2 minors</td>" in page
    assert ">a__b</a></td>" in page
    assert "<em>unknown</em>" in page


def test_its_revision_changes_with_what_it_says_alone(service: Service, folders: FlaskClient, tmp_path: Path) -> None:
    first = revision(folders)
    assert revision(folders) == first

    plant(tmp_path / "apps", {"README.md": "Nothing of a deployment\n"})
    service.feed.refresh()
    wait_until(lambda: not service.overview.current().problem, "the newest overview")
    assert revision(folders) == first

    apps(tmp_path / "apps", "1.1.0")
    service.feed.refresh()
    wait_until(lambda: revision(folders) != first, "another revision")
    contents: Any = folders.get(f"{ROUTE}/contents/docs/index.md?ref={BOARD_BRANCH}").json
    assert contents["path"] == "docs/index.md"
    assert folders.get(f"{ROUTE}/contents/nope?ref={BOARD_BRANCH}").status_code == 404


def test_without_an_owner_nobody_can_read_it(tmp_path: Path) -> None:
    closed = service_in(tmp_path, folders_listen=Listen("127.0.0.1", 8001))
    assert make_folders_app(closed).test_client().get(f"{ROUTE}/git/commits/{BOARD_BRANCH}").status_code == 404
    closed.stop()


def test_it_needs_the_port_from_which_backstage_fetches(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"SCENEDOCK_BOARD_OWNER: .* SCENEDOCK_FOLDERS_LISTEN"):
        service_in(tmp_path, board_owner=OWNER)
