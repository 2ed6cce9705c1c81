"""GitHub Enterprise Server and hosts with data residency have their API below a path, or on a host of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.publishing.acme import Acme

PROPOSAL = {"title": "x", "files": [{"path": "a", "content": "b"}]}


@pytest.mark.parametrize("host", ["github.acme.example", "acme.ghe.com"])
@pytest.mark.parametrize("credential", ["token", "app"])
def test_everything_is_published_through_the_api_of_the_enterprise(
    acme: Acme, tmp_path: Path, host: str, credential: str
) -> None:
    base = f"{acme.github.url}/api/v3" if host == "github.acme.example" else acme.github.url
    entry = {"host": host, "type": "github", "api": base, "owners": ["acme"], "direct_commits": ["acme/*"]}
    if credential == "app":
        permissions = {"administration": "write", "contents": "write", "pull_requests": "write", "metadata": "read"}
        app = acme.github.world.app("scenedock", "acme", permissions)
        acme.github.world.install(app, "acme")
        (tmp_path / "app.pem").write_text(app.private_key, encoding="utf-8")
        given: dict[str, object] = {**entry, "app": {"id": app.id, "private_key_file": "app.pem"}}
    else:
        given = {**entry, "token_file": "token"}
    acme.hosts.write_text(json.dumps({"hosts": [given]}), encoding="utf-8")
    acme.restart()
    acme.github.calls.clear()

    made = acme.run("publish-repository", {"repoUrl": f"{host}/acme/new", "files": PROPOSAL["files"]})
    proposed = acme.run("propose-change", {"repoUrl": f"https://{host}/acme/apps", **PROPOSAL})
    commit = {"repoUrl": f"{host}?owner=acme&repo=apps", "commitMessage": "x", "delete": ["NOTES.md"]}
    committed = acme.run("commit-change", commit)

    assert made["repoUrl"].endswith("/acme/new")
    assert (proposed["number"], proposed["state"], committed["changed"]) == (1, "open", True)
    below = "/api/v3/" if host == "github.acme.example" else "/"
    assert all(each.path.startswith(below) for each in acme.github.calls)
