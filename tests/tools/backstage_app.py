"""Backstage's own pages, bundled from released packages, and served to a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.tools.cache import keep
from tests.tools.node import node, node_modules

FRONTEND = Path(__file__).parent.parent / "e2e" / "frontend"
_SOURCES = ("index.jsx", "build.mjs", "buffer.js")
_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>Backstage</title><link rel="stylesheet" href="/index.css">
<script type="backstage.io/config">CONFIG</script></head>
<body><div id="root"></div><script type="module" src="/index.js"></script></body></html>
"""


class BackstagePages(ThreadingHTTPServer):
    """A server of the pages, which ask a backend whose address they are told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.bundle = _bundle()
        self.backend = ""

    def page(self) -> bytes:
        """The page that all addresses have; what is shown is up to the scripts."""
        data = {
            "app": {"title": "Acme", "baseUrl": self.url},
            "backend": {"baseUrl": self.backend},
            "organization": {"name": "Acme"},
            "auth": {"providers": {"guest": {}}},
        }
        return _PAGE.replace("CONFIG", json.dumps([{"context": "tests", "data": data}])).encode()


@contextmanager
def backstage_pages() -> Iterator[BackstagePages]:
    """Serve the pages until the end; set `backend` before a browser asks for one."""
    with BackstagePages() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    server: BackstagePages

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        if (self.server.bundle / path).is_file():
            self.directory = str(self.server.bundle)
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.server.page())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server has
        """Say nothing."""


def _bundle() -> Path:
    """The folder of the bundle, made once for each state of the packages."""
    packages = node_modules(FRONTEND)
    return keep(f"{packages.name}-bundle", lambda made: _build(packages, made))


def _build(packages: Path, made: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        for name in _SOURCES:
            shutil.copy(FRONTEND / name, work)
        (Path(work) / "node_modules").symlink_to(packages / "node_modules")
        command = [str(node()), "build.mjs", str(made)]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the pages of Backstage could not be bundled:\n{done.stderr}")
