"""What compose.yaml starts, without Docker: its schema, its settings, and a Backstage with its app-config."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.runtime.settings import Settings, variable
from scenedock.structs import field_names
from tests.tools.backstage import backend_server
from tests.tools.frontend import Frontend
from tests.tools.server import Server, free_port, wait_until
from tests.tools.venv import venv
from tests.tutorial.test_tutorial import pasted

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose.yaml"
APP_CONFIG = ROOT / "deploy" / "compose" / "app-config.yaml"


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_bytes())
    return loaded


def judged(file: Path) -> subprocess.CompletedProcess[str]:
    """What the schema of the Compose specification says of a file."""
    tools = venv(ROOT / "tests" / "ci" / "requirements-tools.txt") / "bin"
    command = [str(tools / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_schema_of_compose_accepts_it(tmp_path: Path) -> None:
    misspelt = tmp_path / "compose.yaml"
    misspelt.write_text(COMPOSE.read_text(encoding="utf-8").replace("depends_on:", "depend_on:"), encoding="utf-8")

    assert judged(COMPOSE).returncode == 0, judged(COMPOSE).stdout
    assert "depend_on" in judged(misspelt).stdout


def test_what_it_names_is_there() -> None:
    services = compose()["services"]
    settings = set(map(variable, field_names(Settings)))
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    mounted = re.findall(r"(\./[\w./-]+)", COMPOSE.read_text(encoding="utf-8"))

    assert set(services["scenedock"]["environment"]) | set(services["migrate"]["environment"]) <= settings
    assert all((ROOT / path).exists() for path in mounted)
    assert set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)*)=", page)) - {"COMPOSE_PROFILES"} <= set(
        re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8"))
    )
    database = services["postgres"]["environment"]
    address = f"{database['POSTGRES_USER']}:{database['POSTGRES_PASSWORD']}@postgres/{database['POSTGRES_DB']}"
    assert f"SCENEDOCK_DATABASE_URL=postgresql://{address} " in page


def test_it_has_what_the_tutorial_tells_to_paste() -> None:
    config = yaml.safe_load(APP_CONFIG.read_bytes())

    for part, told in pasted("scenedock:8000").items():
        assert told.items() <= config[part].items()


@pytest.mark.extended
def test_backstage_and_scenedock_find_each_other_by_what_it_says(tmp_path: Path) -> None:
    service, folders, backstage = (f"127.0.0.1:{free_port()}" for _ in range(3))
    addresses = {"scenedock:8000": service, "scenedock:8001": folders, "backstage:7007": backstage}

    def here(text: str) -> str:
        for named, address in addresses.items():
            text = text.replace(named, address)
        return text.replace("0.0.0.0:8001", folders)

    described = compose()["services"]["scenedock"]
    environment = {
        name: here(re.sub(r"\$\{\w+:-(.*)}", r"\1", value)) for name, value in described["environment"].items()
    }
    environment |= {"SCENEDOCK_LISTEN": service, "SCENEDOCK_DATA": str(tmp_path / "data"), "HOME": str(tmp_path)}
    environment["SCENEDOCK_REPOSITORIES"] = str(ROOT / "examples" / "acme-apps")
    command = [str(Path(sys.executable).with_name("scenedock")), described["command"]]
    config = yaml.safe_load(here(APP_CONFIG.read_text(encoding="utf-8")))
    config["app"]["baseUrl"] = config["backend"]["baseUrl"] = f"http://{backstage}"
    config["backend"]["listen"] = {"host": "127.0.0.1", "port": int(backstage.partition(":")[2])}
    with ExitStack() as stack:
        scenedock = Server(command, environment, tmp_path, f"http://{service}/readyz", tmp_path / "log")
        stack.callback(scenedock.stop)
        scenedock.start()
        server = backend_server(tmp_path, backstage, config, {})
        stack.callback(server.stop)
        server.start()
        frontend = Frontend(f"http://{backstage}")
        frontend.sign_in()
        names = ("billing", "checkout", "redis", "search", "statement-mailer")
        wait_until(lambda: frontend.has(f"component:default/{name}" for name in names), "the services in the catalog")

        assert "scenedock:bake-skeleton" in frontend.actions()
