"""The board of 400 services in 24 environments, from a warm service: CPU, size, and size as it is sent.

python -m bench.board [SERVICES ENVIRONMENTS]

CPU is of the service alone, all its processes, by /proc; so a busy machine or a slow client doesn't count.
"""

from __future__ import annotations

import gzip
import http.client
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.http import ROOT, cpu_seconds
from tests.tools.server import Server, free_port

_REQUESTS: Final = 40
_SECONDS_TO_READ: Final = 300
_STAGES: Final = ("dev", "qa", "staging", "prod")


@dataclass(frozen=True, slots=True)
class Sent:
    """A page as it is sent: its bytes before and after compression, and milliseconds of CPU for each request."""

    page: str
    plain: int
    compressed: int
    milliseconds: float

    def __str__(self) -> str:
        sizes = f"{self.plain / 1e3:,.0f} kB, {self.compressed / 1e3:,.0f} kB as sent"
        return f"{self.page}: {self.milliseconds:.1f} ms of CPU, {sizes}"


def write_repository(root: Path, services: int, environments: int) -> Path:
    """A repository in which every service has a version in every environment; a quarter of them lag behind."""
    chance = random.Random(7)  # noqa: S311 - nothing secret
    names = [f"{_STAGES[number % len(_STAGES)]}-{number // len(_STAGES)}" for number in range(environments)]
    root.mkdir()
    (root / "scenedock.yaml").write_text("repository: https://github.com/acme/apps\nbranch: main\n")
    owners = (f"/service-{number:03}/ @acme/team-{number % 20}" for number in range(services))
    (root / "CODEOWNERS").write_text("\n".join(owners) + "\n")
    for number in range(services):
        folder = root / f"service-{number:03}"
        folder.mkdir()
        (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {folder.name}\nversion: 1.0.0\n")
        (folder / "values.yaml").write_text(f"image: {{repository: registry.acme.example/{folder.name}}}\n")
        minor = chance.randrange(3, 40)
        for name in names:
            tag = f"1.{minor - chance.choice((0, 0, 0, 1))}.0"
            (folder / f"values-{name}.yaml").write_text(f'image: {{tag: "{tag}"}}\n')
    return root


def measure(services: int, environments: int) -> list[Sent]:
    """The board, and what people do with it."""
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        root = write_repository(folder / "apps", services, environments)
        with serving(root, folder) as (server, asked):
            pages = ("/board", "/board?behind=dev-0&in=prod-0", "/board?q=service-1", "/services")
            return [sent(server, asked, page) for page in pages]


@contextmanager
def serving(root: Path, folder: Path) -> Iterator[tuple[Server, http.client.HTTPConnection]]:
    """A ready service of a repository, with its data in a folder, and a connection to it."""
    port = free_port()
    environment = {
        "SCENEDOCK_DATA": str(folder / "data"),
        "SCENEDOCK_LISTEN": f"127.0.0.1:{port}",
        "SCENEDOCK_REPOSITORIES": str(root),
        "SCENEDOCK_PUBLIC_FEED": "true",
        "SCENEDOCK_REFRESH_SECONDS": "86400",
        "SCENEDOCK_LOG_FORMAT": "json",
    }
    command = [str(Path(sys.executable).with_name("scenedock")), "serve"]
    server = Server(command, environment, ROOT, f"http://127.0.0.1:{port}/readyz", folder / "log")
    server.start()
    try:
        yield server, http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    finally:
        server.stop()


def sent(server: Server, asked: http.client.HTTPConnection, page: str, times: int = _REQUESTS) -> Sent:
    """A page of a warm service; a service that is still reading its repositories is asked again."""

    def get() -> bytes:
        asked.request("GET", page, headers={"Accept-Encoding": "gzip"})
        answer = asked.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{page}: {answer.status} {answer.reason}")
        return data

    data, until = b"", time.monotonic() + _SECONDS_TO_READ
    while not data:  # warms it up
        try:
            data = get()
        except RuntimeError:
            if time.monotonic() > until:
                raise
    return Sent(page, len(gzip.decompress(data)), len(data), _milliseconds(server, get, times))


def _milliseconds(server: Server, get: Callable[[], object], times: int) -> float:
    before = cpu_seconds(server)
    for _ in range(times):
        get()
    return (cpu_seconds(server) - before) * 1000 / times


if __name__ == "__main__":
    sizes = [int(each) for each in sys.argv[1:]] or [400, 24]
    for each in measure(*sizes):
        print(each)
