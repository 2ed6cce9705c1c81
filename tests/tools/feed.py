"""A service of Scenedock as a process, and its feed as Backstage reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from scenedock.catalog.reading.entity_files import read_entities
from scenedock.model.action import BASE_PATH
from scenedock.model.entity import Entity
from tests.tools.command import run_scenedock
from tests.tools.server import Server, free_port, wait_until
from tests.tools.service import ADMIN, TOKENS, bearer

SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
_MOST_READINGS = 5


@dataclass(frozen=True, slots=True)
class FeedService:
    """One that serves some repositories and looks at them every second."""

    server: Server
    url: str
    environment: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path, repositories: Sequence[Path | str], **settings: str) -> FeedService:
        """One that keeps its data and its log in a folder; it doesn't run yet."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokens.yaml").write_text(TOKENS)
        url = f"http://127.0.0.1:{free_port()}"
        environment = {
            "SCENEDOCK_DATA": str(folder / "data"),
            "SCENEDOCK_LISTEN": url.removeprefix("http://"),
            "SCENEDOCK_REPOSITORIES": ",".join(map(str, repositories)),
            "SCENEDOCK_REFRESH_SECONDS": "1",
            "SCENEDOCK_TOKENS_FILE": str(folder / "tokens.yaml"),
            "SCENEDOCK_PUBLIC_FEED": "true",
            "HOME": str(folder),
            **settings,
        }
        server = Server([SCENEDOCK, "serve"], environment, folder, f"{url}/readyz", folder / "scenedock.log")
        return cls(server, url, environment)

    def get(self, path: str) -> bytes:
        """What it answers to an administrator."""
        answer = self._answer(path)
        assert answer.status == 200, answer.data
        return answer.data

    def files(self) -> dict[str, bytes]:
        """The files of the feed by name, all that the index names.

        A part may go between the index and its own request; then the index must be another one, and is read again.
        """
        for _ in range(_MOST_READINGS):
            index = self.get(f"{BASE_PATH}/catalog/catalog-info.yaml")
            names = [str(each.spec["target"]).removeprefix("./") for each in read_entities(index, label="index")]
            answers = {name: self._answer(f"{BASE_PATH}/catalog/{name}") for name in names}
            if all(each.status == 200 for each in answers.values()):
                return {"index": index, **{name: each.data for name, each in answers.items()}}
            missing = {name: each.data for name, each in answers.items() if each.status != 200}
            assert {each.status for each in answers.values()} <= {200, 404}, missing
            assert self.get(f"{BASE_PATH}/catalog/catalog-info.yaml") != index, missing
        raise AssertionError(f"the index has changed {_MOST_READINGS} times while the files were read")

    def _answer(self, path: str) -> urllib3.BaseHTTPResponse:
        return urllib3.request("GET", f"{self.url}{path}", headers=bearer(ADMIN), retries=False, timeout=30)

    def entities(self) -> dict[str, Entity]:
        """The entities of the feed by name."""
        files = {name: data for name, data in self.files().items() if name != "index"}
        return {each.name: each for name, data in files.items() for each in read_entities(data, label=name)}

    def reasons(self, repository: str = "") -> list[str]:
        """Why it is degraded, as far as a repository is the reason; `status` must say the same."""
        ready = json.loads(self.get("/readyz"))
        assert ready["status"] == ("degraded" if ready["reasons"] else "ok")
        return [each.removeprefix(f"{repository}: ") for each in ready["reasons"] if each.startswith(repository)]

    def findings(self, repository: str, severity: str = "error") -> dict[str, str]:
        """The messages of the findings about a repository, by their codes."""
        report: Any = json.loads(self.get(f"{BASE_PATH}/findings"))
        mine = [each for each in report["findings"] if each["repository"] == repository]
        return {each["code"]: each["message"] for each in mine if each["severity"] == severity}

    def metric(self, repository: str) -> set[str]:
        """The reasons why it is degraded because of a repository, by its metrics."""
        lines = self.get("/metrics").decode().splitlines()
        about = [
            line for line in lines if line.startswith("scenedock_degraded{") and f'repository="{repository}"' in line
        ]
        assert all(line.endswith(" 1.0") for line in about)
        return {line.partition('reason="')[2].partition('"')[0] for line in about}

    def wait_for(self, repository: str, reason: str) -> None:
        """Wait until it is degraded for a reason."""
        wait_until(lambda: any(reason in each for each in self.reasons(repository)), f"{repository}: {reason}")

    def wait_until_well(self, repository: str) -> None:
        """Wait until a repository is no reason to be degraded."""
        wait_until(lambda: not self.reasons(repository), f"nothing about {repository}")


def accept(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `scenedock catalog accept`; whatever happens, it prints no traceback."""
    done = run_scenedock(("catalog", "accept", *arguments), environment)
    assert "Traceback" not in done.stderr
    return done
