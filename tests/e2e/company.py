"""What an adopter has: repositories on a code host, Scenedock, and a Backstage that knows of both."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
import yaml

from scenedock.catalog.emitting.service_links import BOARD_REF
from scenedock.catalog.emitting.summary import count_by_type
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.usecases.catalog.export_catalog import export_catalog
from tests.e2e.code_host import CompanyGitHub, CompanyHost, company_github
from tests.e2e.code_host_gitlab import company_gitlab
from tests.fakes.github.server import FakeGitHub
from tests.fakes.gitlab.server import FakeGitLab
from tests.tools.backstage import BACKEND, backend_packages, backend_server
from tests.tools.frontend import Frontend, TaskRun
from tests.tools.helm import helm
from tests.tools.server import SECONDS_TO_WAIT, Server, free_port, wait_until
from tests.tools.venv import mkdocs_folder

ROOT = Path(__file__).parents[2]
SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
OUR_TEMPLATES = ROOT / "catalog-info" / "templates"
TEMPLATES_OF_TESTS = ROOT / "tests" / "e2e" / "templates"


@dataclass(frozen=True, slots=True)
class Company:
    """All of it, each server but the one that hosts its code a process of its own; the catalog of the GitOps repository
    on that is served.
    """

    folder: Path
    hosting: CompanyHost
    code_host: Server
    service: Server
    backstage: Server
    frontend: Frontend
    feed: str
    """The address at which Backstage reads the catalog."""
    operator: str
    """A token of somebody who may see everything in Scenedock."""
    pipeline: str
    """A token of pipelines, which may run actions."""

    @property
    def github(self) -> CompanyGitHub:
        """What hosts its code, if that is GitHub."""
        assert isinstance(self.hosting, CompanyGitHub)
        return self.hosting

    @property
    def repository(self) -> Path:
        """The GitOps repository as somebody works in it; `hosting.push` publishes what was changed there."""
        return self.hosting.repository

    def start(self) -> None:
        """Start everything."""
        self.code_host.start()
        self.service.start()
        self.start_backstage()

    def start_backstage(self) -> None:
        """Start Backstage, sign in, and wait until people can choose our Templates."""
        self.backstage.start()
        self.frontend.sign_in()
        files = [*OUR_TEMPLATES.glob("*.yaml"), *TEMPLATES_OF_TESTS.glob("*.yaml")]
        templates = sorted(f"template:default/{file.stem}" for file in files)
        wait_until(lambda: self.frontend.has(templates), f"{templates} in the catalog")

    def stop(self) -> None:
        """Stop what runs."""
        self.backstage.stop()
        self.service.stop()
        self.code_host.stop()

    def published(self, run: TaskRun, action: str) -> tuple[dict[str, Any], Path]:
        """What a task has given to an action that publishes: its input, and the folder that it would have published."""
        folder = self.folder / "workspaces" / "published" / run.id / action.replace(":", "-")
        given: dict[str, Any] = json.loads((folder / "input.json").read_bytes())
        return given, folder / "files"

    def put_on_code_host(self, path: str, text: str) -> str:
        """Put a file there; its address."""
        file = self.folder / "code" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return f"{self.code_host.ready.rstrip('/')}/{path}"

    @property
    def api(self) -> str:
        """The address of Scenedock's own HTTP API."""
        return self.feed.partition("/catalog/")[0]

    def readiness(self) -> str:
        """What Scenedock answers to probes."""
        answer = urllib3.request("GET", self.service.ready, retries=False, timeout=SECONDS_TO_WAIT)
        return answer.data.decode()

    def audited(self, action: str = "") -> list[dict[str, Any]]:
        """The lines of Scenedock's audit log, of one action if it is given."""
        lines = [json.loads(line) for line in self.service.said().splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] == "scenedock.audit" and action in {"", line["action"]}]

    def tasks(self) -> int:
        """How many tasks Scenedock has had."""
        total: int = self._listed_tasks()["totalTasks"]
        return total

    def statuses(self) -> set[str]:
        """The statuses of Scenedock's latest tasks."""
        return {task["status"] for task in self._listed_tasks()["tasks"]}

    def waiting_for_merges(self) -> int:
        """How many of the tasks that Scenedock runs wait for a pull request."""
        listed = self._listed_tasks("?status=processing&limit=100")["tasks"]
        return sum(str(task.get("reason")).startswith("for pull-request:") for task in listed)

    def _listed_tasks(self, query: str = "") -> Any:
        address = f"{self.api}/tasks{query}"
        headers = {"Authorization": f"Bearer {self.operator}"}
        answer = urllib3.request("GET", address, headers=headers, retries=False, timeout=SECONDS_TO_WAIT)
        return answer.json()

    def exported(self) -> Counter[str]:
        """How many entities of each kind an export of the repository has."""
        self.hosting.pull()
        made = export_catalog({"apps": RepositoryFolder(self.repository)})
        return Counter({kind: sum(types.values()) for kind, types in count_by_type(made.entities).items()})

    def ingested(self) -> Counter[str]:
        """How many entities of each kind the catalog has from our feed, without its Locations and the board."""
        origin = f"metadata.annotations.backstage.io/managed-by-origin-location=url:{self.feed}"
        entities = self.frontend.ask("GET", f"catalog/entities?filter={origin}&fields=kind,metadata.name")
        board = [each for each in entities if each["metadata"]["name"] == BOARD_REF.name]
        return Counter(each["kind"] for each in entities if each["kind"] != "Location" and each not in board)


@dataclass(frozen=True, slots=True)
class House:
    """How a company differs from others: its rules, Backstage's policy (see policy.js), its people, its Backstage.

    `tasks_at_once` is for Backstage, which has a default.
    """

    rules: tuple[Mapping[str, list[str]], ...] = (
        {"allow": ["bake-skeleton", "register-in-catalog"], "plugins": ["mcp-actions"]},
    )
    policy: Mapping[str, list[str]] = field(default_factory=dict)
    people: str = ""
    packages: Path = BACKEND
    tasks_at_once: int | None = None


def company_in(folder: Path, fake: FakeGitHub | FakeGitLab, house: House | None = None) -> Company:
    """A company that keeps everything in a folder, and its repositories on a code host; nothing else runs yet."""
    house = house or House()
    code, service, folders, backstage = (f"127.0.0.1:{free_port()}" for _ in range(4))
    hosting = company_gitlab(fake, folder) if isinstance(fake, FakeGitLab) else company_github(fake, folder)
    portal, operator, pipeline = (secrets.token_hex(32) for _ in range(3))
    tokens = folder / "tokens.yaml"
    listed = [
        {"name": "portal", "token": portal, "scope": "read"},
        {"name": "ops", "token": operator, "scope": "admin"},
        {"name": "pipeline", "token": pipeline, "scope": "run"},
    ]
    tokens.write_text(yaml.safe_dump({"tokens": listed}), encoding="utf-8")
    rules = folder / "rules.yaml"
    rules.write_text(yaml.safe_dump({"rules": list(house.rules)}), encoding="utf-8")
    settings = {
        "SCENEDOCK_DATA": str(folder / "data"),
        "SCENEDOCK_LISTEN": service,
        "SCENEDOCK_BACKSTAGE_URL": f"http://{backstage}",
        "SCENEDOCK_REPOSITORIES": f"{hosting.apps}#main",
        "SCENEDOCK_SKELETONS": str(ROOT / "tests" / "e2e" / "skeletons" / "skeletons.yaml"),
        "SCENEDOCK_HELM": str(helm("4")),
        "SCENEDOCK_CODE_HOSTS": str(_code_hosts(folder, code, hosting)),
        "SCENEDOCK_PUBLIC_FEED": "true",
        "SCENEDOCK_TOKENS_FILE": str(tokens),
        "SCENEDOCK_RULES": str(rules),
        "SCENEDOCK_BACKSTAGE_PERMISSIONS": str(bool(house.policy)).lower(),
        "SCENEDOCK_REFRESH_SECONDS": "3600",  # webhooks tell what happens
        "SCENEDOCK_FOLDERS_LISTEN": folders,
        "SCENEDOCK_BOARD_OWNER": "group:default/payments",
        "SCENEDOCK_LOG_FORMAT": "json",
        "SCENEDOCK_QUIET_SECONDS": "1",
    }
    feed = f"http://{service}/api/scenedock/catalog/catalog-info.yaml"
    fake.webhooks.add(f"http://{service}/api/scenedock/webhooks/{hosting.kind}", hosting.webhook_secret)
    locations = _put_on_code_host(folder / "code", f"http://{code}", house.people)
    app_config = _app_config(code, service, folders, locations, hosting)
    if house.tasks_at_once:
        app_config["scaffolder"] = {"concurrentTasksLimit": house.tasks_at_once}
    app_config["permission"] = {"enabled": bool(house.policy)}
    environment = {"SCENEDOCK_TOKEN": portal, "SCAFFOLDER_POLICY": json.dumps(house.policy)}
    if house.packages == BACKEND:
        environment["ADDED_MODULES"] = str(_documented_module(folder))
        environment["PATH"] = f"{mkdocs_folder()}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        app_config["techdocs"] = _documented_techdocs(folder)
    return Company(
        folder=folder,
        hosting=hosting,
        code_host=_code_host(folder, code),
        service=Server([SCENEDOCK, "serve"], settings, folder, f"http://{service}/readyz", folder / "scenedock.log"),
        backstage=backend_server(folder, backstage, app_config, environment, house.packages),
        frontend=Frontend(f"http://{backstage}"),
        feed=feed,
        operator=operator,
        pipeline=pipeline,
    )


def _code_hosts(folder: Path, code: str, hosting: CompanyHost) -> Path:
    """The list of code hosts: the company's, and one that serves files here, with an owner whose may be registered."""
    (folder / "code-token").write_text(secrets.token_hex(16), encoding="utf-8")
    host = {"host": code, "type": "git", "api": f"http://{code}", "owners": ["acme"], "token_file": "code-token"}
    listed = folder / "code-hosts.yaml"
    listed.write_text(yaml.safe_dump({"hosts": [hosting.listed(folder), host]}), encoding="utf-8")
    return listed


def _app_config(code: str, service: str, folders: str, locations: list[str], hosting: CompanyHost) -> dict[str, Any]:
    """What our documentation says to paste, and where the company's other files are."""
    config = pasted_config(service, folders)
    config["backend"]["reading"]["allow"].append({"host": code})
    config["integrations"][hosting.kind] = [hosting.integration()]
    config["catalog"]["locations"] += [{"type": "url", "target": location} for location in locations]
    return config


def _documented_module(folder: Path) -> Path:
    """The module that our documentation says to add to Backstage, where it has the packages of the backend."""
    page = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
    modules = folder / "modules"
    modules.mkdir()
    (modules / "node_modules").symlink_to(backend_packages(BACKEND) / "node_modules")
    written = modules / "keepWorkspace.ts"
    written.write_text(page.partition("```ts\n")[2].partition("```")[0], encoding="utf-8")
    return written


def pasted_config(service: str, folders: str) -> dict[str, Any]:
    """What our documentation says to paste into app-config, for the addresses of a service and of its folders."""
    page = (ROOT / "docs" / "backstage.md").read_text(encoding="utf-8")
    pasted = page.partition("```yaml\n")[2].partition("```")[0]
    config: dict[str, Any] = yaml.safe_load(
        pasted.replace("scenedock:8000", service).replace("scenedock:8001", folders)
    )
    return config


def _documented_techdocs(folder: Path) -> dict[str, Any]:
    """What our documentation says about TechDocs; what is published stays in a folder of the tests."""
    page = (ROOT / "docs" / "backstage.md").read_text(encoding="utf-8")
    pasted = page.partition("## The board")[2].partition("```yaml\n")[2].partition("```")[0]
    config: dict[str, Any] = yaml.safe_load(pasted)["techdocs"]
    config["publisher"]["local"] = {"publishDirectory": str(folder / "techdocs")}
    return config


def _put_on_code_host(folder: Path, address: str, people: str) -> list[str]:
    """Put there what describes Scenedock, the tests' own Templates, and people; the addresses to register."""
    shutil.copytree(OUR_TEMPLATES.parent, folder / "scenedock" / "catalog-info")
    shutil.copytree(ROOT / "docs" / "reference", folder / "scenedock" / "docs" / "reference")
    shutil.copytree(TEMPLATES_OF_TESTS, folder / "templates")
    templates = [f"{address}/templates/{file.name}" for file in sorted(TEMPLATES_OF_TESTS.glob("*.yaml"))]
    (folder / "people.yaml").write_text(people, encoding="utf-8")
    described = [f"{address}/scenedock/catalog-info/catalog-info.yaml", *([f"{address}/people.yaml"] if people else [])]
    return [*described, *templates]


def _code_host(folder: Path, address: str) -> Server:
    """Files over HTTP, as a code host gives them."""
    host, _, port = address.partition(":")
    command = [sys.executable, "-m", "http.server", port, "--bind", host, "--directory", str(folder / "code")]
    return Server(command, {}, folder, f"http://{address}/", folder / "code-host.log")
