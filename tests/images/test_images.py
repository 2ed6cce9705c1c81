"""What our Dockerfiles describe can be built, and does in a container what it is for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from tests.e2e.projects import baked, contents
from tests.scenarios.repositories import clone
from tests.tools.images import Images, images
from tests.tools.server import SECONDS_TO_WAIT, Server, free_port

pytestmark = pytest.mark.extended

ROOT = Path(__file__).parents[2]
SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
USER = 10001
ANSWERS = {"name": "billing", "owner": "group:default/payments"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """The images `scenedock`, and `billing` of a new service."""
    with images() as store:
        store.build("scenedock", ROOT, [ROOT / "requirements" / f"{name}.txt" for name in ("build", "runtime")])
        service = baked(tmp_path_factory.mktemp("services"), "microservice-python", ANSWERS)
        store.build("billing", service, [service / "requirements.txt"])
        yield store


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone that belongs to us, and not to the user of an image."""
    return clone(tmp_path / "apps", "https://github.com/acme/apps")


def said(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def get(url: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, retries=False, timeout=SECONDS_TO_WAIT)


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[str]:
    """Run a server; its URL, when it is ready. `ADDRESS` in the command stands for a free one."""
    address = f"127.0.0.1:{free_port()}"
    words = [word.replace("ADDRESS", address) for word in command]
    server = Server(words, {}, folder, f"http://{address}/readyz", folder / "log")
    server.start()
    try:
        yield f"http://{address}"
    finally:
        server.stop()


def test_our_image_exports_what_is_exported_here(store: Images, repository: Path) -> None:
    with store.container("scenedock", f"--volume={repository}:/repository:ro") as command:
        there = said([*command, "scenedock", "catalog", "export", "/repository"])

    assert there == said([SCENEDOCK, "catalog", "export", str(repository)])
    assert "url:https://github.com/acme/apps/tree/main/billing/" in there


def test_our_image_bakes_what_is_baked_here(store: Images, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    there.chmod(0o777)  # the user of the image is not the one who has made the folder
    answers = [f"{name}={value}" for name, value in ANSWERS.items()]

    with store.container("scenedock", f"--volume={there}:/out") as command:
        said([*command, "scenedock", "skeletons", "bake", "microservice-python", "--output", "/out", *answers])

    (made,) = there.iterdir()
    assert made.stat().st_uid == USER
    assert contents(made) == contents(baked(here, "microservice-python", ANSWERS))


def test_our_image_serves_a_catalog(store: Images, repository: Path, tmp_path: Path) -> None:
    settings = "SCENEDOCK_LISTEN=ADDRESS SCENEDOCK_REPOSITORIES=/repository SCENEDOCK_PUBLIC_FEED=true".split()
    with (
        store.container("scenedock", f"--volume={repository}:/repository:ro") as command,
        served([*command, "env", *settings, *store.program("scenedock"), "serve"], tmp_path) as url,
    ):
        feed = get(f"{url}/api/scenedock/catalog/catalog-info.yaml")

    assert (feed.status, b"kind: Location" in feed.data) == (200, True)


def test_the_image_of_a_new_service_answers(store: Images, tmp_path: Path) -> None:
    with store.container("billing") as command:
        with served([*command, "env", "GUNICORN_CMD_ARGS=--bind=ADDRESS", *store.program("billing")], tmp_path) as url:
            answer = get(f"{url}/")

        assert (answer.status, said([*command, "id", "-u"])) == (200, f"{USER}\n")
