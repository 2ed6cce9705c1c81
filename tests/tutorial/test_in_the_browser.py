"""The last picture of the tutorial: the services of the example in a real Backstage, in a real browser."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from scenedock.doors.cli import main
from tests.tools.backstage import backend_server
from tests.tools.backstage_app import backstage_pages
from tests.tools.browser import open_browser
from tests.tools.feed import FeedService
from tests.tools.frontend import Frontend
from tests.tools.server import free_port, wait_until
from tests.tutorial.test_tutorial import ROOT, pasted

SERVICES = ["acme-service", "Billing", "checkout", "redis", "search", "statement-mailer"]
MOST_MILLISECONDS = 60_000


@pytest.mark.extended
def test_backstage_shows_every_service_and_what_it_depends_on(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["example", str(tmp_path / "acme-apps")]).exit_code == 0
    with (tmp_path / "acme-apps" / ".github" / "CODEOWNERS").open("a") as owners:
        owners.write("/statement-mailer/ @acme/payments\n")
    service = FeedService.of(tmp_path / "service", [tmp_path / "acme-apps"])
    with ExitStack() as stack:
        browser = stack.enter_context(open_browser())
        pages = stack.enter_context(backstage_pages())
        stack.callback(service.server.stop)
        service.server.start()
        address = f"127.0.0.1:{free_port()}"
        pages.backend = f"http://{address}"
        config = pasted(service.url.removeprefix("http://"))
        config["backend"]["cors"] = {"origin": pages.url, "credentials": True}
        backstage = backend_server(tmp_path, address, config, {})
        stack.callback(backstage.stop)
        backstage.start()
        frontend = Frontend(pages.backend)
        frontend.sign_in()
        wait_until(lambda: frontend.has(f"component:default/{name.lower()}" for name in SERVICES), "the services")
        frontend.hang_up()

        context = browser.new_context(viewport={"width": 1600, "height": 760})
        stack.callback(context.close)
        page = context.new_page()
        page.set_default_timeout(MOST_MILLISECONDS)
        page.goto(f"{pages.url}/catalog?filters[kind]=component&filters[user]=all")
        page.get_by_role("button", name="Enter").click()
        expect(page.locator("tbody tr")).to_have_count(len(SERVICES), timeout=MOST_MILLISECONDS)
        assert [each.split("\n")[0] for each in page.locator("tbody tr td:first-of-type").all_inner_texts()] == SERVICES
        if os.environ.get("SCENEDOCK_GOLDEN") == "rewrite":
            page.screenshot(path=ROOT / "docs" / "pictures" / "backstage.png")
        page.get_by_role("link", name="checkout", exact=True).click()
        expect(page.get_by_text("Depends on components")).to_be_visible(timeout=MOST_MILLISECONDS)
        expect(page.get_by_role("link", name="redis", exact=True)).to_be_visible(timeout=MOST_MILLISECONDS)
