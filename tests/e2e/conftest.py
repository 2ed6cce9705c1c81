"""One Backstage and one Scenedock for all tests here, each a process of its own, as an adopter has them."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scenedock.catalog.summary import count_by_type
from scenedock.doors.wiring import open_repository
from scenedock.usecases.export_catalog import export_catalog
from tests.tools.backstage import backend_server
from tests.tools.frontend import SECONDS_TO_WAIT, Frontend, TaskRun
from tests.tools.server import Server, free_port

ROOT = Path(__file__).parents[2]
SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
CATALOG_INFO = ROOT / "catalog-info" / "catalog-info.yaml"
TEMPLATES_OF_TESTS = sorted(Path(__file__).parent.glob("templates/*.yaml"))
TEMPLATES = [*sorted(CATALOG_INFO.parent.glob("templates/*.yaml")), *TEMPLATES_OF_TESTS]

TOKEN = secrets.token_hex(32)


@dataclass(frozen=True, slots=True)
class Company:
    """What an adopter has: a GitOps repository, our service, and a Backstage that both know of."""

    folder: Path
    repository: Path
    service: Server
    service_url: str
    backstage: Server
    frontend: Frontend

    @property
    def feed(self) -> str:
        """The address at which Backstage reads the catalog."""
        return f"{self.service_url}/api/scenedock/catalog/catalog-info.yaml"

    def published(self, run: TaskRun, action: str) -> tuple[dict[str, Any], Path]:
        """What a task has given to an action that publishes: its input, and the folder that it would have published."""
        folder = self.folder / "workspaces" / "published" / run.id / action.replace(":", "-")
        given: dict[str, Any] = json.loads((folder / "input.json").read_bytes())
        return given, folder / "files"

    def exported(self) -> Counter[str]:
        """How many entities of each kind an export of the repository has."""
        made = export_catalog({"acme-apps": open_repository(str(self.repository))})
        return Counter({kind: sum(types.values()) for kind, types in count_by_type(made.entities).items()})

    def start_backstage(self) -> None:
        """Start Backstage, sign in, and wait until people can choose our Templates."""
        self.backstage.start()
        self.frontend.sign_in()
        templates = [f"template:default/{file.stem}" for file in TEMPLATES]
        until = time.monotonic() + SECONDS_TO_WAIT
        while not self.frontend.has(templates):
            if time.monotonic() > until:
                raise TimeoutError(f"the catalog has not all of {templates}")
            time.sleep(0.2)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company, with everything running and the catalog read."""
    folder = tmp_path_factory.mktemp("company")
    repository = shutil.copytree(ROOT / "examples" / "acme-apps", folder / "acme-apps")
    tokens = folder / "tokens.yaml"
    tokens.write_text(f"tokens: [{{name: portal, token: {TOKEN}, scope: read}}]\n", encoding="utf-8")
    backstage_port, service_port = free_port(), free_port()
    folders = f"127.0.0.1:{free_port()}"
    backstage_url = f"http://127.0.0.1:{backstage_port}"
    service_url = f"http://127.0.0.1:{service_port}"
    service = Server(
        command=[SCENEDOCK, "serve"],
        environment={
            "SCENEDOCK_DATA": str(folder / "data"),
            "SCENEDOCK_LISTEN": f"127.0.0.1:{service_port}",
            "SCENEDOCK_BACKSTAGE_URL": backstage_url,
            "SCENEDOCK_REPOSITORIES": str(repository),
            "SCENEDOCK_PUBLIC_FEED": "true",
            "SCENEDOCK_TOKENS_FILE": str(tokens),
            "SCENEDOCK_REFRESH_SECONDS": "1",
            "SCENEDOCK_FOLDERS_LISTEN": folders,
            "SCENEDOCK_LOG_FORMAT": "json",
        },
        folder=folder,
        ready=f"{service_url}/readyz",
        log=folder / "scenedock.log",
    )
    made = Company(
        folder,
        repository,
        service,
        service_url,
        _backstage(folder, backstage_port, service_url, folders),
        Frontend(backstage_url),
    )
    try:
        service.start()
        made.start_backstage()
        yield made
    finally:
        made.backstage.stop()
        service.stop()
    assert "LEFT LOOPBACK" not in made.backstage.said()


def _backstage(folder: Path, port: int, service_url: str, folders: str) -> Server:
    """A backend with what an adopter pastes into app-config."""
    ours = {
        "discovery": {"endpoints": [{"target": f"{service_url}/api/{{{{pluginId}}}}", "plugins": ["scenedock"]}]},
        "backend": {
            "actions": {"pluginSources": ["catalog", "scenedock"]},
            "reading": {"allow": [{"host": service_url.removeprefix("http://")}]},
        },
        "integrations": {"gitea": [{"host": folders, "baseUrl": f"http://{folders}"}]},
        "proxy": {
            "endpoints": {
                "/scenedock": {
                    "target": f"{service_url}/api/scenedock",
                    "headers": {"Authorization": f"Bearer {TOKEN}"},
                }
            }
        },
        "catalog": {
            "locations": [
                {"type": "url", "target": f"{service_url}/api/scenedock/catalog/catalog-info.yaml"},
                *({"type": "file", "target": str(file)} for file in [CATALOG_INFO, *TEMPLATES_OF_TESTS]),
            ]
        },
    }
    return backend_server(folder, port, ours)
