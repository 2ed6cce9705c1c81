"""What a newcomer sees first: `make run`, and the example repository that it shows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner

from scenedock.documents.reading import BACKSTAGE, read_documents
from scenedock.doors.cli import main
from scenedock.model.json import as_object
from tests.tools.helm import Version, helm
from tests.tools.judge import judge
from tests.tools.server import SECONDS_TO_WAIT, Server, free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder of a service, in a copy with the library chart that it sources."""
    repository = tmp_path_factory.mktemp("example") / "acme-apps"
    shutil.copytree(ROOT / "examples" / "acme-apps", repository)
    return repository / "checkout"


def test_make_run_bakes_a_service_and_its_deployment_and_serves_them_with_the_rest(tmp_path: Path) -> None:
    for name in ("examples", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "scripts" / "bootstrap").write_text("#!/bin/sh\n")  # what it would make is there
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    address = f"127.0.0.1:{free_port()}"
    settings = {"SCENEDOCK_LISTEN": address, "HOME": str(tmp_path)}
    server = Server(["make", "run"], settings, tmp_path, f"http://{address}/readyz", tmp_path / "log")
    server.start()
    try:
        page = urllib3.request("GET", f"http://{address}/").data.decode()
        history = urllib3.request(
            "GET", f"http://{address}/services/billing/history", timeout=SECONDS_TO_WAIT
        ).data.decode()
        (token,) = re.findall(r"sign in with the token (\S+)", server.said())
        headers = {"Authorization": f"Bearer {token}"}
        actions = urllib3.request("GET", f"http://{address}/api/scenedock/actions", headers=headers)
    finally:
        server.stop()
    shown, written = server.said(), (tmp_path / "out" / "catalog-info.yaml").read_bytes()
    entities = [as_object(document.value) for document in read_documents(written, meaning=BACKSTAGE)]

    assert "out/orders/Dockerfile" in shown
    assert "out/acme-apps/orders/values-production.yaml" in shown
    assert "\norders            service      storefront  qa,production  orders\n" in shown
    assert judge(entities) == [None] * len(entities)
    assert "statement-mailer" in page
    assert actions.status == 200
    assert re.findall(r"<code>(2\.7\.[01])</code>", history) == ["2.7.1", "2.7.1", "2.7.0"]  # of QA, then of production
    assert ">Jane</td>" in history


def test_the_examples_catalog_files_are_complete_after_an_export_into_its_folders(checkout: Path) -> None:
    exported = CliRunner().invoke(main, ["catalog", "export", str(checkout.parent), "--in-place"])
    checked = CliRunner().invoke(main, ["catalog", "check", str(checkout.parent)])
    assert (exported.exit_code, checked.exit_code) == (0, 0), exported.output + checked.output


@pytest.mark.parametrize("version", ["3", "4"])
@pytest.mark.parametrize("environment", ["qa", "production"])
def test_the_examples_charts_render(checkout: Path, version: Version, environment: str) -> None:
    built = subprocess.run(
        [helm(version), "dependency", "build", checkout], capture_output=True, text=True, check=False
    )
    command = [str(helm(version)), "template", str(checkout), "--values", str(checkout / f"values-{environment}.yaml")]
    rendered = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (built.returncode, rendered.returncode) == (0, 0), built.stderr + rendered.stderr
    kinds = {as_object(document.value).get("kind") for document in read_documents(rendered.stdout.encode())}
    assert {"Deployment", "Service", "Ingress"} <= kinds
