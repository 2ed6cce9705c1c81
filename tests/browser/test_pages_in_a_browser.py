"""Every page in a real browser: it fits, everybody can use it, and it does what people come for."""

from __future__ import annotations

import json
import re
import urllib.parse

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WIDTHS, Visitor, visiting
from tests.tools.service import ADMIN, READ

PAGES = {
    "start": "/",
    "whole-board": "/board",
    "who-is-behind": "/board?in=production&behind=qa",
    "delivery": "/delivery",
    "services": "/services",
    "service": "/services/billing",
    "evidence": "/services/billing/evidence",
    "findings": "/findings",
    "repositories": "/repositories",
    "graph": "/graph?of=billing&depth=2",
    "tasks": "/tasks",
    "actions": "/actions",
    "action": "/actions/propose-change",
    "skeleton": "/skeletons/microservice-python",
    "sign-out": "/sign-out",
    "not-found": "/nowhere",
}
OF_MANY = {
    "shops-start": "/",
    "shops-board": "/board",
    "shops-services": "/services",
    "shops-graph": "/graph?of=cart-api&depth=2",
}


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_everybody_can_use_it(browser: Browser, example: str, width: int) -> None:
    with visiting(browser, example, width) as visitor:
        visitor.sign_in()
        for name, path in PAGES.items():
            visitor.open(path)
            if name == "not-found":
                visitor.troubles.clear()  # the browser tells of the status
            visitor.check(name)


@pytest.mark.parametrize("width", [pytest.param(WIDTHS[0], marks=pytest.mark.extended), WIDTHS[1]])
def test_pages_of_300_services_fit_and_everybody_can_use_them(browser: Browser, shops: str, width: int) -> None:
    with visiting(browser, shops, width) as visitor:
        for name, path in OF_MANY.items():
            visitor.open(path)
            visitor.check(name)


def test_pages_can_be_read_in_the_dark(browser: Browser, example: str) -> None:
    with visiting(browser, example, color_scheme="dark") as visitor:
        visitor.sign_in()
        for name in ("start", "whole-board", "service", "graph", "skeleton"):
            visitor.open(PAGES[name])
            visitor.check(f"{name}-dark")


def rows(visitor: Visitor) -> list[str]:
    return [text.split("\n")[0] for text in visitor.page.locator("[data-results] tbody th").all_inner_texts()]


def test_results_follow_what_is_typed_and_stay_in_the_address(browser: Browser, shops: str) -> None:
    with visiting(browser, shops) as visitor:
        visitor.open("/services")
        visitor.page.keyboard.press("/")
        visitor.page.keyboard.type("cart gateway")

        expect(visitor.page.get_by_role("status")).to_have_text("1 of 300 services")
        assert rows(visitor) == ["cart-gateway"]
        visitor.page.wait_for_url("**/services?q=cart+gateway*")
        visitor.page.reload()
        assert rows(visitor) == ["cart-gateway"]
        assert visitor.troubles == []


def test_services_are_filtered_sorted_and_opened(browser: Browser, shops: str) -> None:
    with visiting(browser, shops) as visitor:
        visitor.open("/services")
        visitor.page.get_by_role("link", name="Next").click()
        expect(visitor.page.locator(".pages")).to_contain_text("Page 2 of 6")
        visitor.page.select_option("#by-owner", "payments")
        expect(visitor.page.get_by_role("status")).to_have_text("50 of 300 services")
        first = rows(visitor)[0]
        visitor.page.select_option("#sort", "-name")
        visitor.page.wait_for_url("**sort=-name*")
        expect(visitor.page.locator("tbody th").first).not_to_contain_text(first)
        assert rows(visitor) == sorted(rows(visitor), reverse=True)

        visitor.page.locator("tbody th a").first.click()
        expect(visitor.page.locator("h1")).to_have_text(re.compile("stock-"))
        visitor.page.get_by_role("link", name="payments").click()
        expect(visitor.page.get_by_role("status")).to_have_text("50 of 300 services")


def test_the_board_answers_who_is_behind_in_one_look(browser: Browser, shops: str) -> None:
    with visiting(browser, shops) as visitor:
        visitor.open("/board")
        tile = visitor.page.locator(".tile", has_text="prod-eu")
        number = int(tile.locator(".number").inner_text().split()[0])
        tile.click()

        status = visitor.page.get_by_role("status")
        expect(status).to_have_text(f"{number} services of prod-eu are behind dev, the furthest first")
        gaps = visitor.page.locator("tbody td:first-of-type i").all_inner_texts()
        assert gaps == sorted(gaps, key=lambda text: -int(text.split()[0]))
        link = visitor.page.locator("tbody td.b a").first
        assert urllib.parse.unquote(link.get_attribute("href") or "").startswith("/at/")


def test_one_look_says_which_services_of_production_are_behind_integration(browser: Browser, releases: str) -> None:
    with visiting(browser, releases) as visitor:
        visitor.open("/board?in=production&behind=integration")
        visitor.check("board")

        status = visitor.page.get_by_role("status")
        expect(status).to_have_text("4 services of production are behind integration, the furthest first")
        gaps = visitor.page.locator("tbody td:first-of-type i").all_inner_texts()
        assert dict(zip(rows(visitor), gaps, strict=True)) == {
            "cart-admin": "33 builds",
            "order-api": "12 builds",
            "stock-feed": "5 builds",
            "price-web": "2 builds",
        }
        bottom = visitor.page.locator("tbody tr").last.bounding_box()
        assert bottom is not None
        assert bottom["y"] + bottom["height"] < 800  # without scrolling


def test_the_first_column_and_the_header_stay_in_sight(browser: Browser, shops: str) -> None:
    with visiting(browser, shops, 420) as visitor:
        visitor.open("/board")
        first = visitor.page.locator("tbody th").nth(40)
        visitor.page.evaluate("document.querySelector('.scroll').scrollTo(300, 1500)")

        box, header = first.bounding_box(), visitor.page.locator("thead th").first.bounding_box()
        outer = visitor.page.locator(".scroll").bounding_box()
        assert box is not None
        assert header is not None
        assert outer is not None
        assert abs(box["x"] - outer["x"]) <= 1
        assert abs(header["y"] - outer["y"]) <= 1


def test_the_keyboard_reaches_the_content_first(browser: Browser, example: str) -> None:
    with visiting(browser, example) as visitor:
        visitor.open("/board")
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        visitor.page.keyboard.press("Enter")
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate("document.activeElement.closest('main') !== null")


def test_pages_work_without_a_script(browser: Browser, example: str) -> None:
    with visiting(browser, example, java_script_enabled=False) as visitor:
        visitor.open("/board")
        visitor.page.fill("#q", "billing")
        visitor.page.get_by_role("button", name="Filter").click()
        assert visitor.page.locator("tbody tr").count() == 1
        assert "q=billing" in visitor.page.url


def test_an_action_is_run_from_its_form_and_its_task_followed(browser: Browser, example: str) -> None:
    with visiting(browser, example) as visitor:
        visitor.sign_in()
        visitor.open("/skeletons/microservice-python")
        visitor.page.fill("#field-name", "Not valid")
        visitor.page.get_by_role("button", name="Bake").click()
        expect(visitor.page.locator("#error-name")).to_contain_text("does not match")
        visitor.check("skeleton-wrong")
        visitor.page.fill("#field-name", "orders")
        visitor.page.get_by_role("button", name="Bake").click()

        visitor.page.wait_for_url("**/tasks/*")
        expect(visitor.page.locator(".facts .tag")).to_have_text("completed")
        expect(visitor.page.locator(".log")).to_contain_text("files of orders")
        visitor.check("task")


def test_the_page_of_a_task_says_without_a_reload_what_it_waits_for(browser: Browser, example: str) -> None:
    event = {"id": 1, "type": "log", "createdAt": "2026-01-01T07:30:00Z", "body": {"message": "Waiting: for Max"}}
    page = """<script src="{script}" defer></script><div data-state>{state}</div><div>
        <ol data-follow="/tasks/1/events" data-after="0"></ol></div>"""
    with visiting(browser, example) as visitor:
        visitor.open("/tasks")
        script = visitor.page.locator("script").first.get_attribute("src")
        states = iter(["open", "Waits for Max"])
        visitor.page.route(
            "**/tasks/1",
            lambda route: route.fulfill(content_type="text/html", body=page.format(script=script, state=next(states))),
        )
        visitor.page.route(
            "**/tasks/1/events?*",
            lambda route: route.fulfill(
                content_type="text/event-stream", body=f"event: log\ndata: {json.dumps(event)}\n\n"
            ),
        )
        visitor.open("/tasks/1")

        expect(visitor.page.locator("[data-state]")).to_have_text("Waits for Max")
        expect(visitor.page.locator("li")).to_have_text("07:30:00Waiting: for Max")
        assert visitor.troubles == []


def test_a_task_that_has_failed_is_retried(browser: Browser, example: str) -> None:
    with visiting(browser, example) as visitor:
        visitor.sign_in()
        visitor.open("/actions/publish-repository")
        visitor.page.fill("#field-repoUrl", "https://github.com/acme/orders")
        visitor.page.fill("#field-files", "- {path: README.md, content: hello}")
        visitor.page.get_by_role("button", name="Run").click()
        visitor.page.wait_for_url("**/tasks/*")
        expect(visitor.page.locator(".facts .tag")).to_have_text("failed")

        visitor.page.get_by_role("button", name="Retry").click()
        expect(visitor.page.locator("dl.facts")).to_contain_text("Attempt")
        expect(visitor.page.locator(".facts .tag")).to_have_text("failed")
        visitor.open("/tasks?status=failed")
        assert visitor.page.locator("tbody tr").count() == 1
        visitor.check("tasks-failed")


def test_a_form_of_another_site_runs_nothing(browser: Browser, example: str) -> None:
    with visiting(browser, example) as visitor:
        visitor.sign_in()
        form = f'<form method="post" action="{example}/actions/list-skeletons"><button>Win</button></form>'
        visitor.page.route("http://evil.test/", lambda route: route.fulfill(content_type="text/html", body=form))
        visitor.page.goto("http://evil.test/")
        with visitor.page.expect_response("**/actions/list-skeletons") as answered:
            visitor.page.click("button")

        assert answered.value.status in {401, 403}


def test_what_is_not_allowed_or_has_expired_is_a_page_that_says_so(browser: Browser, example: str) -> None:
    with visiting(browser, example) as visitor:
        visitor.sign_in(READ)
        visitor.open("/actions/bake-skeleton")
        expect(visitor.page.locator("h1")).to_have_text("Not allowed")

        visitor.open("/actions/list-skeletons")
        visitor.page.request.post(
            f"{example}/api/scenedock/sign-outs", headers={"Authorization": f"Bearer {ADMIN}"}, data={}
        )
        visitor.page.get_by_role("button", name="Run").click()
        expect(visitor.page.locator("h1")).to_have_text("Sign in")
