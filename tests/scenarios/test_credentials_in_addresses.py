"""A password that somebody wrote into an address is shown nowhere: not in the catalog, and not where it is told of."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import urllib3

from scenedock.effects.local.catalog_file import CatalogFile
from scenedock.usecases.catalog.catalog_record import read_feed
from tests.scenarios import repositories
from tests.scenarios.repositories import BILLING, COMMAND, clone, plant
from tests.tools.server import Server, free_port, wait_until
from tests.tools.service import RUN, TOKENS, bearer

SECRET = "c4n4ry"  # noqa: S105 - a canary: where it is seen, something leaks
BASE = "/api/scenedock"
PASSWORDS = {
    "plain": f"jane:{SECRET}@",
    "token": f"{SECRET}@",
    "with an @": f"jane:a@{SECRET}@",
    "with a /": f"jane:a/{SECRET}@",
    "like a port": f"jane:1/{SECRET}@",
    "with a #": f"jane:1#{SECRET}@",
}
LEFT_OUT = " has a password or token in an address, which is left out"
# In every file that is read, where people write addresses.
EVERYWHERE: Mapping[str, str] = {
    **BILLING,
    "billing/Chart.yaml": f"""apiVersion: v2
name: billing
version: 1.0.0
description: Invoices, see https://jane:{SECRET}@wiki.acme.test/billing
home: https://jane:{SECRET}@github.com/acme/billing
sources: ["https://{SECRET}@github.com/acme/billing"]
keywords: ["https://jane:{SECRET}@acme.test/Billing"]
dependencies: [{{name: redis, version: 1.0.0, repository: "https://jane:{SECRET}@charts.acme.test"}}]
""",
    "billing/values.yaml": f"""databaseUrl: postgres://billing:{SECRET}@ledger/billing
? https://jane:{SECRET}@acme.test
: 1
? https://jane:{SECRET}@acme.test
: 2
owner: https://jane:{SECRET}@acme.test/payments
""",
    "ledger/Chart.yaml": "apiVersion: v2\nname: ledger\nversion: 1.0.0\n",
    "ledger/catalog-info.yaml": f"""apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ledger
  annotations:
    acme.test/wiki: https://jane:{SECRET}@wiki.acme.test/ledger
  links:
    - title: Dashboard
      url: https://{SECRET}@grafana.acme.test/d/ledger
spec: {{type: service, lifecycle: production, owner: payments}}
""",
    "argocd/apps.yaml": f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: billing-qa}}
spec:
  source: {{repoURL: "https://jane:{SECRET}@github.com/acme/apps", path: billing}}
  destination: {{namespace: billing, server: "https://jane:{SECRET}@cluster.acme.test"}}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: "https://jane:{SECRET}@acme.test"}}
spec:
  generators: [{{scmProvider: {{gitlab: {{api: "https://jane:{SECRET}@gitlab.acme.test"}}}}}}]
  template: {{}}
""",
}

CALLS = {
    "propose-change": {"repoUrl": f"https://jane:{SECRET}@github.com/acme/apps", "title": "x"},
    "commit-change": {"repoUrl": f"https://{SECRET}@github.com/acme/apps", "branch": "main"},
    "publish-repository": {"repoUrl": f"https://jane:{SECRET}@github.com/acme/apps"},
    "register-in-catalog": {"url": f"https://jane:{SECRET}@github.com/acme/apps/blob/main/catalog-info.yaml"},
    "await-pull-request": {"pullRequestUrl": f"https://jane:{SECRET}@github.com/acme/apps/pull/1"},
}


def scenedock(folder: Path, *arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return repositories.scenedock(*arguments, cwd=folder, environment=settings)


def everything_said(folder: Path, repository: Path) -> Iterator[str]:
    """What each command prints or writes about a repository."""
    report, sarif = folder / "report.json", folder / "check.sarif"
    for arguments in (
        ("export", repository, "--verbose", "--report", report),
        ("export", repository, "--output", folder / "catalog-info.yaml"),
        *(("export", repository, "--format", "json", "--until", phase) for phase in ("folders", "mapped", "policed")),
        ("check", repository, "--verbose"),
        ("check", repository, "--format", "sarif", "--output", sarif),
        ("diff", repository, "--since", "HEAD", "--format", "json"),
        ("compare", repository, "--entities", repository / "ledger" / "catalog-info.yaml", "--format", "json"),
        ("validate", repository / "ledger" / "catalog-info.yaml"),
    ):
        done = scenedock(folder, "catalog", *arguments)
        yield done.stdout
        yield done.stderr
    yield from (path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("credentials", PASSWORDS.values(), ids=list(PASSWORDS))
def test_one_in_the_settings_is_refused_with_its_place(credentials: str, tmp_path: Path) -> None:
    plant(tmp_path / "apps")
    (tmp_path / "apps" / "scenedock.yaml").write_text(
        f"branch: main\nrepository: https://{credentials}github.com/a/b\n"
    )

    done = scenedock(tmp_path, "catalog", "export", "apps", "--verbose", "--output", "out.yaml")

    assert done.returncode == 2
    assert done.stderr == (
        "Error: apps/scenedock.yaml:2:1: repository: must be an address with https:// and a path, "
        "without credentials, query or fragment\n"
    )
    assert not (tmp_path / "out.yaml").exists()


def test_one_in_any_other_file_is_in_nothing_that_is_made_of_it(tmp_path: Path) -> None:
    repository = clone(tmp_path / "apps", f"https://jane:{SECRET}@github.com/acme/apps.git", EVERYWHERE)
    (tmp_path / "out").mkdir()

    said = list(everything_said(tmp_path / "out", repository))

    assert [text for text in said if SECRET in text] == []
    made = (tmp_path / "out" / "catalog-info.yaml").read_text(encoding="utf-8")
    for address in ("wiki.acme.test/billing", "wiki.acme.test/ledger", "grafana.acme.test/d/ledger"):
        assert f"https://{address}" in made
    findings = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["findings"]
    assert sorted(
        (each["path"], each["line"], each["message"].removesuffix(LEFT_OUT))
        for each in findings
        if each["code"] == "credentials-in-address"
    ) == [
        ("billing/Chart.yaml", 4, "description"),
        ("billing/Chart.yaml", 5, "home"),
        ("billing/Chart.yaml", 6, "sources[0]"),
        ("billing/Chart.yaml", 7, "keywords[0]"),
        ("billing/Chart.yaml", 8, "dependencies[0].repository"),
        ("ledger/catalog-info.yaml", 6, "metadata.annotations.acme.test/wiki"),
        ("ledger/catalog-info.yaml", 9, "metadata.links[0].url"),
    ]


def test_one_that_an_earlier_version_has_written_is_not_in_the_diff(tmp_path: Path) -> None:
    repository = clone(tmp_path / "apps", "https://github.com/acme/apps")
    scenedock(tmp_path, "catalog", "export", "apps", "--in-place")
    written = repository / "billing" / "catalog-info.yaml"
    written.write_text(written.read_text().replace("https://github.com/", f"https://jane:{SECRET}@github.com/"))

    done = scenedock(tmp_path, "catalog", "check", "apps")

    assert done.returncode == 1
    assert "-    backstage.io/source-location: url:https://github.com/acme/apps" in done.stdout
    assert SECRET not in done.stdout


def test_one_in_the_path_of_a_repository_is_not_repeated(tmp_path: Path) -> None:
    for command in (["export"], ["check"], ["diff", "--since", "main"]):
        done = scenedock(tmp_path, "catalog", *command, f"https://jane:{SECRET}@github.com/acme/apps")

        assert done.returncode == 2
        assert "https://github.com/acme/apps: this is an address; clone the repository" in done.stderr
        assert SECRET not in done.stderr


@pytest.mark.parametrize("credentials", [*PASSWORDS.values(), f"jane:1,{SECRET}@"], ids=[*PASSWORDS, "with a comma"])
def test_one_in_the_settings_of_the_service_is_refused(credentials: str, tmp_path: Path) -> None:
    done = scenedock(tmp_path, "settings", SCENEDOCK_REPOSITORIES=f"https://{credentials}github.com/acme/apps#main")

    assert (done.returncode, done.stdout) == (2, "")
    assert "SCENEDOCK_REPOSITORIES: must not contain a password, token or `@` in an address" in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize("command", ["settings", "serve", "worker"])
def test_one_in_the_file_of_settings_is_refused_by_each_command(command: str, tmp_path: Path) -> None:
    named = [f"https://{PASSWORDS['plain']}github.com/acme/apps"]
    (tmp_path / "settings.yaml").write_text(json.dumps({"repositories": named}))

    done = scenedock(tmp_path, command, SCENEDOCK_SETTINGS="settings.yaml")

    assert (done.returncode, done.stdout) == (2, "")
    assert "settings.yaml:1:2: repositories: must not contain a password, token or `@` in an address" in done.stderr
    assert SECRET not in done.stderr


def test_one_that_was_kept_by_an_earlier_version_is_not_served(tmp_path: Path) -> None:
    files = {"catalog-info.yaml": f"a: https://jane:{SECRET}@github.com/a/b\n"}
    kept = {"version": 1, "files": files, "by_kind": {}, "findings": [], "components": []}
    (tmp_path / "feed.json").write_text(json.dumps(kept))

    loaded = CatalogFile(tmp_path / "feed.json").load()

    assert loaded
    feed = read_feed(loaded)
    assert feed
    assert feed.files == {"catalog-info.yaml": b"a: https://github.com/a/b\n"}


def test_the_service_shows_none_whatever_it_is_asked_for_and_whatever_breaks(tmp_path: Path) -> None:
    repository = clone(tmp_path / "apps", f"https://jane:{SECRET}@github.com/acme/apps.git", EVERYWHERE)
    (tmp_path / "tokens.yaml").write_text(TOKENS)
    address = f"http://127.0.0.1:{free_port()}"
    settings = {
        "SCENEDOCK_DATA": str(tmp_path / "data"),
        "SCENEDOCK_LISTEN": address.removeprefix("http://"),
        "SCENEDOCK_REPOSITORIES": str(repository),
        "SCENEDOCK_TOKENS_FILE": str(tmp_path / "tokens.yaml"),
    }
    server = Server([str(COMMAND), "serve"], settings, tmp_path, f"{address}/readyz", tmp_path / "log")

    def ask(path: str, body: object = None) -> str:
        """The status line, the headers and the body of an answer."""
        method = "GET" if body is None else "POST"
        answer = urllib3.request(method, f"{address}{path}", json=body, headers=bearer(RUN), timeout=60)
        return f"{answer.status} {answer.reason}\n{dict(answer.headers)}\n{answer.data.decode()}"

    def everything() -> Iterator[str]:
        yield from map(ask, ("/", f"{BASE}/findings", "/metrics", f"{BASE}/tasks", f"{BASE}/openapi.json"))
        index = ask(f"{BASE}/catalog/catalog-info.yaml")
        names = re.findall(r"entities-[0-9a-f]\.yaml", index)
        assert names
        yield from (index, *(ask(f"{BASE}/catalog/{name}") for name in names))
        yield ask(f"{BASE}/actions/export-catalog/invoke", {"repository": "apps"})

    server.start()
    try:
        said = list(everything())
        assert "https://grafana.acme.test/d/ledger" in "".join(said)
        for action, given in CALLS.items():
            refused = ask(f"{BASE}/actions/{action}/invoke", given)
            assert refused.startswith("400 InputError: ")
            assert "must not contain a password or token" in refused
            said.append(refused)
        (repository / "scenedock.yaml").write_text(f"repository: https://jane:{SECRET}@github.com/acme/apps\n")
        ask(f"{BASE}/catalog/refresh", {})
        wait_until(lambda: "apps/scenedock.yaml:1:1: repository: must" in ask(f"{BASE}/findings"), "a finding")
        said += everything()
    finally:
        server.stop()

    assert [text for text in said if SECRET in text] == []
    assert SECRET not in server.said()
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
