"""A result that is a folder can be fetched as from Gitea, by who has its address, while that is valid."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.doors.http.handlers.folders import make_folders_app
from scenedock.doors.http.serving import by_port
from scenedock.effects.bakes.result_folders import ResultFolders
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.runtime.setting_values import Listen
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from scenedock.structs import replace
from tests.tools.service import READ, RUN, bearer, service_in

ADDRESS = "http://folders:8001"
TREE = BakedTree(
    "billing",
    (BakedFile("billing/README.md", b"# Billing\n"), BakedFile("billing/bin/run", b"#!/bin/sh\n", 0o755)),
    {"billing": None, "billing/bin": None, "billing/empty": None},
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    opened = service_in(tmp_path, folders_listen=Listen("127.0.0.1", 8001), folders_url=ADDRESS)
    yield opened
    opened.stop()


@pytest.fixture
def results(service: Service) -> ResultFolders:
    return service.effects.results


@pytest.fixture
def folders(service: Service) -> FlaskClient:
    return make_folders_app(service).test_client()


def parts(url: str | None) -> tuple[str, str]:
    """Owner and name as one, and the reference, as Backstage takes them from an address."""
    assert url
    assert url.startswith(f"{ADDRESS}/")
    owner, name, source, branch, ref, path = url.removeprefix(f"{ADDRESS}/").split("/")
    assert (source, branch, path) == ("src", "branch", "")
    return f"{owner}/{name}", ref


def test_a_folder_is_fetched_as_backstages_gitea_reader_does(results: ResultFolders, folders: FlaskClient) -> None:
    repository, ref = parts(results.url(results.keep(TREE)))

    commit = folders.get(f"/api/v1/repos/{repository}/git/commits/{ref}")
    packed = folders.get(f"/api/v1/repos/{repository}/archive/{ref}.tar.gz")
    file = folders.get(f"/api/v1/repos/{repository}/contents/bin/run?ref={ref}")

    assert commit.json
    assert commit.json["sha"]
    with tarfile.open(fileobj=io.BytesIO(packed.data)) as tar:
        members = {each.name.partition("/")[2]: each for each in tar}
        assert {name: oct(each.mode & 0o111) for name, each in members.items() if each.isreg()} == {
            "README.md": "0o0",
            "bin/run": "0o111",
        }
        assert members["empty"].isdir()
        assert len({each.name.partition("/")[0] for each in members.values()}) == 1
    assert file.json
    assert base64.b64decode(file.json["content"]) == b"#!/bin/sh\n"


def test_the_same_result_is_kept_once(results: ResultFolders) -> None:
    other = replace(TREE, files=TREE.files[:1])

    assert results.keep(TREE) == results.keep(TREE) != results.keep(other)


@pytest.mark.parametrize(
    ("repository", "ref"),
    [
        ("{repository}", "main"),
        ("{repository}", "{ref}0"),
        ("{repository}", "9{ref}"),
        ("scenedock/00000000000000000000000000000000", "{ref}"),
        ("scenedock/..", "{ref}"),
        ("somebody/{name}", "{ref}"),
    ],
)
def test_another_address_leads_nowhere(results: ResultFolders, folders: FlaskClient, repository: str, ref: str) -> None:
    name = results.keep(TREE)
    right, right_ref = parts(results.url(name))
    repository, ref = (text.format(repository=right, ref=right_ref, name=name) for text in (repository, ref))

    for route in (f"git/commits/{ref}", f"archive/{ref}.tar.gz", f"contents/README.md?ref={ref}"):
        assert folders.get(f"/api/v1/repos/{repository}/{route}").status_code == 404


@pytest.mark.parametrize(
    "path", ["../../catalog-feed.json", "%2e%2e/%2e%2e/signing-key.pem", "nope", "bin", "//etc/passwd"]
)
def test_no_path_leads_out_of_the_folder(results: ResultFolders, folders: FlaskClient, path: str) -> None:
    repository, ref = parts(results.url(results.keep(TREE)))

    assert folders.get(f"/api/v1/repos/{repository}/contents/{path}?ref={ref}").status_code in {308, 404}


def test_the_port_of_folders_serves_nothing_else(service: Service) -> None:
    app = make_app(service)
    both = by_port(app, make_folders_app(service), 8001)
    asked: list[str] = []

    def start(status: str, _headers: object) -> None:
        asked.append(status[:3])

    with app.test_request_context("/healthz") as context:
        for port, host in (("8000", "x:8001"), ("8001", "x:8000")):
            both({**context.request.environ, "SERVER_PORT": port, "HTTP_HOST": host}, start)

    assert asked == ["200", "404"]


def test_others_fetch_a_folder_with_their_token(service: Service, results: ResultFolders) -> None:
    client = make_app(service).test_client()
    address = f"{BASE_PATH}/folders/{results.keep(TREE)}"

    assert client.get(address, headers=bearer(RUN)).data[:2] == b"\x1f\x8b"
    assert client.get(address, headers=bearer(READ)).status_code == 403
    assert client.get(address).status_code == 401
    assert client.get(f"{BASE_PATH}/folders/{'0' * 32}", headers=bearer(RUN)).status_code == 404


def test_without_a_port_for_folders_there_is_no_address(tmp_path: Path) -> None:
    results = service_in(tmp_path).effects.results

    assert results.url(results.keep(TREE)) is None
