"""npm's `emulate` as a GitHub: another fake, by other people, for a second opinion on the main flow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.github.description import NODE
from tests.tools.node import node, node_modules
from tests.tools.server import Server, free_port

TOKEN = "ghp_emulated"  # noqa: S105 (it opens nothing)


@dataclass(frozen=True, slots=True)
class Emulated:
    """A running `emulate`; `token` is the administrator's."""

    url: str
    token: str = TOKEN


@contextmanager
def emulate(folder: Path, organization: str, admin: str, members: Sequence[str] = ()) -> Iterator[Emulated]:
    """A GitHub with one organisation for as long as the block runs; its log is in the folder.

    Raises
    ------
    RuntimeError   it can't be installed or doesn't start
    """
    seed = {
        "tokens": {TOKEN: {"login": admin, "scopes": ["repo", "admin:org", "delete_repo"]}},
        "github": {
            "users": [{"login": login, "email": f"{login}@example.org"} for login in (admin, *members)],
            "orgs": [
                {
                    "login": organization,
                    "members": [{"login": admin, "role": "admin"}, *({"login": login} for login in members)],
                }
            ],
        },
    }
    # JSON is YAML.
    (folder / "seed.yaml").write_text(json.dumps(seed), encoding="utf-8")
    port = free_port()
    program = node_modules(NODE) / "node_modules" / "emulate" / "dist" / "index.js"
    # It listens on the name, and gives addresses with it.
    url = f"http://localhost:{port}"
    server = Server(
        [str(node()), str(program), "start", "-s", "github", "-p", str(port), "--seed", "seed.yaml"],
        {},
        folder,
        f"{url}/rate_limit",
        folder / "emulate.log",
    )
    server.start()
    try:
        yield Emulated(url)
    finally:
        server.stop()
