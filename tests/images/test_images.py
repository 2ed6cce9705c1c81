"""What our Dockerfiles describe can be built, and does in a container what it is for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

import pytest
import urllib3
from packaging.utils import canonicalize_name

from tests.e2e.projects import baked, contents
from tests.install.packages import SOURCE
from tests.scenarios.repositories import clone
from tests.tools.images import Images, images
from tests.tools.server import SECONDS_TO_WAIT, Server, free_port
from tests.tools.venv import venv

pytestmark = pytest.mark.extended

ROOT = Path(__file__).parents[2]
SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
USER = 10001
QUIET = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
INSTALLED = "from importlib.metadata import distributions as d; print(*(f'{x.name}=={x.version}' for x in d()))"
VERSION = version("scenedock")
REVISION = "0f" * 20
TOOLS = Path(__file__).with_name("requirements-tools.txt")
ANSWERS = {"name": "billing", "owner": "group:default/payments"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """The images `scenedock`, and `billing` of a new service."""
    with images() as store:
        locks = [ROOT / "requirements" / f"{name}.txt" for name in ("build", "runtime")]
        store.build("scenedock", ROOT, locks, VERSION=VERSION, REVISION=REVISION, SOURCE=SOURCE)
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


def test_it_needs_no_root_file_system_to_write_to(store: Images) -> None:
    with store.read_only("scenedock") as command:
        assert said([*command, "id", "-u"]) == f"{USER}\n"
        refused = subprocess.run([*command, "touch", "/opt/x"], check=False, capture_output=True, text=True)
        assert "Read-only file system" in refused.stderr
        bake = "scenedock skeletons bake library-chart --output /tmp name=workload owner=group:default/platform"
        assert "workload/Chart.yaml" in said([*command, *bake.split()])
        script = (
            f"{bake} >/dev/null && cd /tmp && git init -q && scenedock catalog export --quiet --output /tmp/out.yaml ."
        )
        said([*command, "sh", "-ec", script])
        assert said([*command, "helm", "version", "--short"]).startswith("v")


def test_its_labels_say_what_it_was_built_from(store: Images) -> None:
    labels = store.labels("scenedock")
    prefix = "org.opencontainers.image"

    assert (labels[f"{prefix}.version"], labels[f"{prefix}.revision"]) == (VERSION, REVISION)
    assert (labels[f"{prefix}.source"], labels[f"{prefix}.licenses"]) == (SOURCE, "Apache-2.0")
    assert labels[f"{prefix}.base.name"].startswith("python:")


@pytest.fixture(scope="module")
def bill(store: Images, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What syft finds in the image, as CycloneDX."""
    folder = tmp_path_factory.mktemp("bill")
    store.archive("scenedock", folder / "image.tar")
    scan = [str(venv(TOOLS) / "bin" / "syft"), "scan", f"docker-archive:{folder}/image.tar", "--quiet"]
    subprocess.run([*scan, "--output", f"cyclonedx-json={folder}/bill.json"], check=True, env=QUIET)
    return folder / "bill.json"


def test_the_bill_of_materials_is_one_that_cyclonedx_accepts(bill: Path) -> None:
    script = (
        "import json, sys\n"
        "from cyclonedx.schema import SchemaVersion\n"
        "from cyclonedx.validation.json import JsonStrictValidator\n"
        "text = open(sys.argv[1]).read()\n"
        "version = SchemaVersion.from_version(json.loads(text)['specVersion'])\n"
        "sys.exit(JsonStrictValidator(version).validate_str(text))\n"
    )
    done = subprocess.run([venv(TOOLS) / "bin" / "python", "-c", script, bill], capture_output=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bill_of_materials_names_what_is_locked_what_debian_brings_and_helm(bill: Path, store: Images) -> None:
    components = json.loads(bill.read_bytes())["components"]
    names = {unquote(each["purl"].partition("@")[0]): each["version"] for each in components if "purl" in each}
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements" / "runtime.txt").read_text("utf-8"), re.MULTILINE)
    with store.container("scenedock") as command:
        freeze = said([*command, "/opt/scenedock/bin/python", "-c", INSTALLED]).split()
        packages = said([*command, "dpkg-query", "--show", "--showformat=${Package} "]).split()
    found = {purl.removeprefix("pkg:pypi/"): number for purl, number in names.items() if "pkg:pypi/" in purl}

    installed = dict(each.split("==") for each in freeze)
    assert {canonicalize_name(name): found.get(canonicalize_name(name)) for name in installed} == {
        canonicalize_name(name): number for name, number in installed.items()
    }
    assert {name for name, _ in pins} >= {canonicalize_name(name) for name in installed} - {"scenedock"}
    assert {purl.rpartition("/")[2] for purl in names if purl.startswith("pkg:deb/")} >= set(packages)
    assert "pkg:golang/helm.sh/helm/v4" in names


def test_it_says_whether_it_serves(store: Images, tmp_path: Path) -> None:
    health = store.health("scenedock")
    with store.read_only("scenedock") as command:
        address = f"127.0.0.1:{free_port()}"
        listening = [*command, f"SCENEDOCK_LISTEN={address}"]
        assert subprocess.run([*listening, *health], check=False, capture_output=True).returncode == 1
        server = Server([*listening, "scenedock", "serve"], {}, tmp_path, f"http://{address}/healthz", tmp_path / "log")
        server.start()
        try:
            said([*listening, *health])
        finally:
            server.stop()


def test_the_image_of_a_new_service_answers(store: Images, tmp_path: Path) -> None:
    with store.container("billing") as command:
        with served([*command, "env", "GUNICORN_CMD_ARGS=--bind=ADDRESS", *store.program("billing")], tmp_path) as url:
            answer = get(f"{url}/")

        assert (answer.status, said([*command, "id", "-u"])) == (200, f"{USER}\n")
