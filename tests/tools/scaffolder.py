"""Backstage's own client of the scaffolder, driven by node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools.node import node, node_modules

_CONTRACTS = Path(__file__).parents[1] / "contracts" / "node"


class ScaffolderClient:
    """One client; each call waits for its answer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, name: str, *arguments: object, polling: bool = False) -> dict[str, Any]:
        """`{answer}`, `{events}` or `{error}` of a method of the client."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"call": name, "arguments": arguments, "polling": polling}) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


@contextmanager
def scaffolder_client(url: str, token: str, user: str) -> Iterator[ScaffolderClient]:
    """A client of the service at an address, which speaks with this token for this user."""
    command = [str(node()), str(_CONTRACTS / "scaffolder.mjs"), url, token, user]
    with subprocess.Popen(
        command, cwd=node_modules(_CONTRACTS), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield ScaffolderClient(process)
        assert process.stdin
        process.stdin.close()
