"""A real Backstage backend, from a lock and configured as an adopter would; as a program, this only installs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.tools.node import node, node_modules
from tests.tools.server import Server

BACKEND = Path(__file__).parent.parent / "e2e" / "backend"
"""The backend, with the packages of the newest Backstage that is supported."""
USER = "user:default/ada"


def backend_server(
    folder: Path, address: str, settings: Mapping[str, Any], environment: Mapping[str, str], packages: Path = BACKEND
) -> Server:
    """A backend at an address, `127.0.0.1:PORT`, that keeps what it knows in memory, so that each start has new keys.

    `settings` are what an adopter writes into app-config, `environment` what they refer to; `folder` is for its
    configuration, workspaces and log; `packages` has the lock of its packages.
    """
    workspaces = folder / "workspaces"
    workspaces.mkdir()
    of_tests, of_adopter = folder / "app-config.yaml", folder / "app-config.adopter.yaml"
    of_tests.write_text(json.dumps(_settings(address, workspaces)), encoding="utf-8")
    of_adopter.write_text(json.dumps(settings), encoding="utf-8")
    compiled = _compiled(packages)
    node_options = {"NODE_OPTIONS": "--no-node-snapshot"} if "isolated-vm" in compiled else {}  # as it asks for
    return Server(
        command=[str(node()), str(BACKEND / "index.js"), "--config", str(of_tests), "--config", str(of_adopter)],
        environment={
            "NODE_ENV": "production",
            "HOME": str(folder),
            **node_options,
            **environment,
        },  # production: the log is JSON
        folder=backend_packages(packages),
        ready=f"http://{address}/.backstage/health/v1/readiness",
        log=folder / "backstage.log",
    )


def backend_packages(packages: Path) -> Path:
    """The folder that has the `node_modules` of the backend's packages."""
    return node_modules(packages, compiled=_compiled(packages))


def _compiled(packages: Path) -> list[str]:
    """The packages that must be compiled; an older scaffolder renders its templates in a native one."""
    installed = json.loads((packages / "package-lock.json").read_bytes())["packages"]
    return [name for name in ("better-sqlite3", "isolated-vm") if f"node_modules/{name}" in installed]


def _settings(address: str, workspaces: Path) -> dict[str, Any]:
    host, _, port = address.partition(":")
    url = f"http://{address}"
    return {
        "app": {"title": "Tests", "baseUrl": url},
        "organization": {"name": "Acme"},
        "backend": {
            "baseUrl": url,
            "listen": {"host": host, "port": int(port)},
            "database": {"client": "better-sqlite3", "connection": ":memory:"},
            "workingDirectory": str(workspaces),
        },
        "auth": {"providers": {"guest": {"userEntityRef": USER, "dangerouslyAllowOutsideDevelopment": True}}},
        "catalog": {
            # Nothing is looked at again within a test's time, unless somebody asks for it.
            "processingInterval": {"hours": 1},
            "orphanStrategy": "delete",
        },
    }


if __name__ == "__main__":
    backend_packages(BACKEND)
