"""One Backstage and one Scenedock for all tests here, each a process of its own, as an adopter has them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.backstage import backend_server
from tests.tools.frontend import Frontend
from tests.tools.server import Server, free_port

ROOT = Path(__file__).parents[2]
TEMPLATES = [
    *sorted((ROOT / "catalog-info" / "templates").glob("*.yaml")),
    *sorted(Path(__file__).parent.glob("templates/*.yaml")),
]


@dataclass(frozen=True, slots=True)
class Company:
    """What an adopter has: a GitOps repository, our service, and a Backstage that both know of."""

    repository: Path
    service: Server
    service_url: str
    backstage: Server
    frontend: Frontend

    @property
    def feed(self) -> str:
        """The address at which Backstage reads the catalog."""
        return f"{self.service_url}/api/scenedock/catalog/catalog-info.yaml"


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company, with everything running and the catalog read."""
    folder = tmp_path_factory.mktemp("company")
    repository = shutil.copytree(ROOT / "examples" / "acme-apps", folder / "acme-apps")
    backstage_port, service_port = free_port(), free_port()
    backstage_url = f"http://127.0.0.1:{backstage_port}"
    service_url = f"http://127.0.0.1:{service_port}"
    service = Server(
        command=[str(Path(sys.executable).with_name("scenedock")), "serve"],
        environment={
            "SCENEDOCK_DATA": str(folder / "data"),
            "SCENEDOCK_LISTEN": f"127.0.0.1:{service_port}",
            "SCENEDOCK_BACKSTAGE_URL": backstage_url,
            "SCENEDOCK_REPOSITORIES": str(repository),
            "SCENEDOCK_PUBLIC_FEED": "true",
            "SCENEDOCK_LOG_FORMAT": "json",
        },
        folder=folder,
        ready=f"{service_url}/readyz",
        log=folder / "scenedock.log",
    )
    made = Company(
        repository, service, service_url, _backstage(folder, backstage_port, service_url), Frontend(backstage_url)
    )
    try:
        service.start()
        made.backstage.start()
        made.frontend.sign_in()
        yield made
    finally:
        made.backstage.stop()
        service.stop()


def _backstage(folder: Path, port: int, service_url: str) -> Server:
    """A backend with the two blocks of app-config that an adopter pastes."""
    ours = {
        "discovery": {"endpoints": [{"target": f"{service_url}/api/{{{{pluginId}}}}", "plugins": ["scenedock"]}]},
        "backend": {
            "actions": {"pluginSources": ["catalog", "scenedock"]},
            "reading": {"allow": [{"host": service_url.removeprefix("http://")}]},
        },
        "catalog": {
            "locations": [
                {"type": "url", "target": f"{service_url}/api/scenedock/catalog/catalog-info.yaml"},
                *({"type": "file", "target": str(template)} for template in TEMPLATES),
            ]
        },
    }
    return backend_server(folder, port, ours)
