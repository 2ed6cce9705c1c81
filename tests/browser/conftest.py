"""The service as a process of its own, on the example and on 300 services, and a browser to open its pages with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.shops import write_releases, write_shops
from tests.tools.browser import browser_files, open_browser
from tests.tools.server import Server, free_port
from tests.tools.service import ADMIN, EXAMPLE, TOKENS

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = ROOT / "out" / "pictures"
"""The picture of every page that a run has seen."""
IN_DOCS: Final = frozenset({"service", "board"})
"""Those that the documentation shows, too."""
WIDTHS: Final = (1280, 420)
MOST_MILLISECONDS: Final = 20_000


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser: the page that they look at, and what went wrong with it."""

    page: Page
    base: str
    width: int
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the service."""
        self.page.goto(f"{self.base}{path}")

    def sign_in(self, token: str = ADMIN) -> None:
        """Sign in with a token."""
        self.open("/sign-in")
        self.page.fill("#token", token)
        self.page.click("main button")
        self.page.wait_for_url(f"{self.base}/")

    def picture(self, name: str) -> None:
        """Keep a picture of what is seen; with SCENEDOCK_GOLDEN=rewrite, also for the documentation if it shows one."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}-{self.width}.png")
        if self.width == WIDTHS[0] and name in IN_DOCS and os.environ.get("SCENEDOCK_GOLDEN") == "rewrite":
            self.page.screenshot(path=ROOT / "docs" / "pictures" / f"{name}.png")

    def check(self, name: str) -> None:
        """What must hold for every page: it fits, everybody can use it, and it makes no error."""
        self.picture(name)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, f"{name} is too wide"
        assert self.serious() == []
        assert self.troubles == []

    def serious(self) -> list[str]:
        """The serious violations of accessibility, with the first element of each."""
        self.page.evaluate(browser_files().axe)
        found: Any = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{each['id']}: {each['nodes'][0]['html']} {each['nodes'][0]['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
        ]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="package")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with _service(tmp_path_factory.mktemp("example"), EXAMPLE) as address:
        yield address


@pytest.fixture(scope="package")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shops")
    with _service(folder, write_shops(folder / "shops")) as address:
        yield address


@pytest.fixture(scope="package")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("releases")
    with _service(folder, write_releases(folder / "releases")) as address:
        yield address


@contextmanager
def _service(folder: Path, repository: Path) -> Iterator[str]:
    """A service on a repository, whose pages anybody may read; only those who sign in may run something."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    (folder / "tokens.yaml").write_text(TOKENS)
    settings = {
        "DATA": str(folder / "data"),
        "LISTEN": f"127.0.0.1:{port}",
        "REPOSITORIES": str(repository),
        "PUBLIC_FEED": "true",
        "TOKENS_FILE": str(folder / "tokens.yaml"),
        "BACKSTAGE_APP_URL": "https://backstage.acme.example",
        "ARGOCD_URL": "https://argocd.acme.example",
        "LOG_FORMAT": "text",
    }
    command = [str(Path(sys.executable).with_name("scenedock")), "serve"]
    environment = {f"SCENEDOCK_{name}": value for name, value in settings.items()}
    server = Server(command, environment, ROOT, f"{address}/readyz", folder / "service.log")
    with ExitStack() as stack:
        stack.callback(server.kill)  # a browser keeps connections, for which a stop waits
        server.start()
        yield address


@contextmanager
def visiting(browser: Browser, base: str, width: int = WIDTHS[0], **options: Any) -> Iterator[Visitor]:
    """Somebody who visits the service for the first time."""
    context = browser.new_context(viewport={"width": width, "height": 800}, **options)
    context.set_default_timeout(MOST_MILLISECONDS)
    page = context.new_page()
    visitor = Visitor(page, base, width)

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            visitor.troubles.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: visitor.troubles.append(str(error)))
    try:
        yield visitor
    finally:
        context.close()
