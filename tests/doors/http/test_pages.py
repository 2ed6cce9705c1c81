"""The pages over HTTP, as a browser without JavaScript gets them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.catalog.emitting.feed import Feed
from scenedock.doors.http.app import make_app
from scenedock.doors.http.rendering import board_rows
from scenedock.doors.http.rendering.page import assets
from scenedock.doors.http.rendering.prepared import Prepared
from scenedock.model.action import BASE_PATH
from scenedock.model.finding import Finding, Place
from scenedock.runtime.service import Service
from scenedock.runtime.service_wiring import open_service
from scenedock.runtime.settings import Settings
from scenedock.usecases.catalog.build_feed import build_feed
from tests.scenarios.repositories import plant
from tests.tools.commits import commit
from tests.tools.server import wait_until
from tests.tools.service import ADMIN, EXAMPLE, READ, bearer, built, service_in

PEOPLE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    opened = service_in(tmp_path_factory.mktemp("data"), argocd_url="https://argocd.acme.test")
    opened.feed.refresh()
    opened.overview.current()
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def pages(served: Service) -> FlaskClient:
    return make_app(served).test_client()


@pytest.fixture
def service_of(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes a service of repositories, with their own feed."""
    with ExitStack() as stack:

        def make(*repositories: Path) -> Service:
            opened = service_in(tmp_path / "data", repositories=tuple(map(str, repositories)))
            stack.callback(opened.stop)
            opened.feed.build = build_feed
            opened.feed.refresh()
            return opened

        yield make


def shop(name: str) -> dict[str, str]:
    """A repository with one service."""
    chart = f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
    return {f"{name}/Chart.yaml": chart, f"{name}/values-qa.yaml": f"image: {{repository: acme/{name}, tag: 1.0.0}}\n"}


def get(client: FlaskClient, path: str, **headers: str) -> Any:
    return client.get(path, headers={**bearer(ADMIN), **PEOPLE, **headers})


def rows(text: str) -> list[str]:
    """The services in the table of a page, in their order."""
    return re.findall(r"<th scope=\"?row\"?><a href=\"[^\"]+\">([^<]+)</a>", text)


def table(text: str) -> list[list[str]]:
    """The words in each cell of a page's first table, row by row, with its header."""
    found = re.findall(r"<tr>(.*?)</tr>", text.partition("</table>")[0], re.DOTALL)
    cells = [[cell.partition(">")[2] for cell in re.split(r"<t[hd]\b", row)[1:]] for row in found]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def test_the_start_page_shows_first_what_to_fix_with_links_to_the_lines(pages: FlaskClient) -> None:
    shown = get(pages, "/").text

    assert "has no owner" in shown
    assert "set <code>owner</code> in" in shown
    assert 'href="https://github.com/acme/acme-apps/blob/main/statement-mailer/Chart.yaml' in shown
    assert f"{BASE_PATH}/catalog/catalog-info.yaml" in shown
    assert shown.index("To fix") < shown.index("Catalog")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/board",
        "/delivery",
        "/findings",
        "/graph",
        "/graph?of=billing",
        "/services",
        "/services/billing",
        "/repositories",
        "/tasks",
        "/actions",
        "/nowhere",
    ],
)
def test_every_page_has_a_strict_policy_and_no_inline_script_or_style(pages: FlaskClient, path: str) -> None:
    answer = get(pages, path)

    assert answer.mimetype == "text/html"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert not re.search(r"<style|<script[^>]*>[^<]|\sstyle=|\son[a-z]+=|https?://[^\"' ]*\.(?:js|css)", answer.text)


@pytest.mark.parametrize("path", ["/services", "/services/shop", "/board", "/findings"])
def test_signs_that_hide_or_turn_around_text_are_spelled_out(
    service_of: Callable[..., Service], tmp_path: Path, path: str
) -> None:
    files = shop("shop")
    files["shop/Chart.yaml"] += 'description: "a\\u202eb\\x1b[31m ⚠️"\n'
    files["odd/Chart.yaml"] = 'apiVersion: v2\nname: "o\\u202edd"\nversion: 1.0.0\n'
    served = service_of(plant(tmp_path / "apps", files))
    shown = get(make_app(served).test_client(), path).text

    assert not re.search("[\u202e\x1b]", shown)
    if path == "/services/shop":
        assert r"a\u202eb\x1b[31m ⚠️" in shown


def test_style_and_script_have_addresses_that_change_with_them(pages: FlaskClient) -> None:
    shown = get(pages, "/").text

    for asset in assets().values():
        assert asset.address in shown
        answer = pages.get(asset.address, headers={"Accept-Encoding": "gzip"})  # a browser sends no token for them
        assert (answer.status_code, answer.mimetype) == (200, asset.media_type)
        data = gzip.decompress(answer.data) if "Content-Encoding" in answer.headers else answer.data
        assert data == asset.data
        assert "immutable" in answer.headers["Cache-Control"]
    assert pages.get("/static/style.0123456789ab.css").status_code == 404


def test_large_pages_are_compressed_for_browsers_that_say_so(pages: FlaskClient) -> None:
    plain, packed = get(pages, "/board"), get(pages, "/board", **{"Accept-Encoding": "gzip"})

    assert gzip.decompress(packed.data).startswith(b"<!doctype html>")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == "Accept-Encoding"


def test_a_browser_gets_the_same_board_compressed(pages: FlaskClient) -> None:
    plain = get(pages, "/board?q=a").text
    packed = gzip.decompress(get(pages, "/board?q=a", **{"Accept-Encoding": "gzip"}).data).decode()

    assert plain.partition("<table")[2] == packed.partition("<table")[2] != ""


def test_rows_are_kept_as_long_as_they_fit(pages: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    of = Prepared.of

    def counting(html: str) -> Prepared:
        made.append(html)
        return of(html)

    monkeypatch.setattr(Prepared, "of", counting)

    def rendered(path: str) -> int:
        before = len(made)
        get(pages, path)
        return len(made) - before

    board_rows._rows_of.cache_clear()
    paths = "/board", "/board", "/board?q=bill", "/board?q=bil&drift=behind", "/board?behind=qa"
    assert [rendered(path) for path in paths] == [1, 0, 1, 0, 1]
    monkeypatch.setattr(board_rows, "_MOST_BYTES", 1)
    board_rows._rows_of.cache_clear()
    assert [rendered("/board"), rendered("/board")] == [1, 1]


def test_the_board_shows_versions_and_who_is_behind(pages: FlaskClient) -> None:
    shown = get(pages, "/board").text

    assert rows(shown) == ["billing", "checkout", "redis", "search", "statement-mailer"]
    # with its age, where the checkout of the example has history
    cell = r"<td class=b><a href=/at/billing/production>2\.7\.1</a>(<small>[^<]+</small>)?<i>1 minor</i>"
    assert re.search(cell, shown)


def test_the_board_offers_only_filters_of_what_it_shows(pages: FlaskClient) -> None:
    shown = get(pages, "/board").text
    assert ">service (" in shown
    assert ">library (" not in shown
    assert ">library (" in get(pages, "/services").text


def test_the_command_of_the_start_page_can_be_pasted_anywhere(pages: FlaskClient, served: Service) -> None:
    assert f"SCENEDOCK_DATA={served.settings.data.resolve()} " in get(pages, "/").text


def test_the_board_is_filtered_by_what_stands_in_the_address(pages: FlaskClient) -> None:
    def found(**query: str) -> list[str]:
        answer = pages.get("/board", query_string=query, headers=bearer(READ))
        return rows(answer.text)

    assert found(q="bill") == ["billing"]
    assert found(q="BILLING nothing") == []
    assert found(type="cronjob") == []
    assert found(behind="qa") == found(behind="qa", **{"in": "production"}) == ["billing", "checkout"]
    assert found(behind="production", **{"in": "qa"}) == []
    assert found(drift="behind") == ["billing", "checkout"]
    assert found(drift="same thing") == []


def test_a_long_board_has_pages(pages: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenedock.doors.http.pages.board._ON_A_PAGE", 2)

    first, last = get(pages, "/board").text, get(pages, "/board?page=9").text

    assert (rows(first), rows(last)) == (["billing", "checkout"], ["statement-mailer"])
    assert "5 of 5 services" in first
    assert "Page 1 of 3" in first
    assert 'rel="next"' in first
    assert 'rel="next"' not in last
    assert "Pages of services" not in get(pages, "/board?q=bill").text


def test_delivery_has_metrics_by_team_from_history(tmp_path: Path, service_of: Callable[..., Service]) -> None:
    root, production = tmp_path / "apps", "billing/values-production.yaml"
    commit(root, 1, {**shop("billing"), production: "image: {tag: 0.9.0}\n", "CODEOWNERS": "* @acme/payments\n"})
    commit(root, 2, {production: "image: {tag: 1.0.0}\n"})
    service = service_of(root)
    client = make_app(service).test_client()

    shown = get(client, "/delivery?days=3650").text
    assert rows(shown) == ["payments"]
    assert '<td data-name="Deployments">1</td>' in shown
    answer = client.post(f"{BASE_PATH}/actions/show-delivery-metrics/invoke", json={"days": 3650}, headers=bearer(READ))
    assert answer.json is not None
    (metrics,) = answer.json["output"]["metrics"]
    assert (metrics["owner"], metrics["deployments"]) == ("group:default/payments", 1)
    by_service = get(client, "/delivery?days=3650&by=service").text
    assert rows(by_service) == ["billing"]
    for wrong in ("days=0", "days=x", "by=commit"):
        assert get(client, f"/delivery?{wrong}").status_code == 400


def test_a_cell_leads_to_the_line_at_the_code_host(pages: FlaskClient) -> None:
    answer = get(pages, "/at/billing/qa")

    assert answer.status_code == 302
    assert re.fullmatch(
        r"https://github\.com/acme/acme-apps/blob/main/billing/[\w.-]+#L\d+", answer.headers["Location"]
    )
    assert get(pages, "/at/billing/nowhere").status_code == 404


def test_a_cell_leads_to_argo_cd_where_an_application_is_known(pages: FlaskClient, client: FlaskClient) -> None:
    assert "<a class=g href=/at/billing/qa/argocd>Argo CD</a>" in get(pages, "/board").text
    there = get(pages, "/at/billing/qa/argocd").headers["Location"]
    assert there == "https://argocd.acme.test/applications/billing-qa"
    assert get(pages, "/at/billing/nowhere/argocd").headers["Location"] == "/services/billing#versions"
    assert get(pages, "/at/nothing/qa/argocd").status_code == 404
    assert "argocd" not in get(client, "/board").text  # without its address


def test_services_are_searched_filtered_and_sorted(pages: FlaskClient) -> None:
    def found(**query: str) -> list[str]:
        return rows(pages.get("/services", query_string=query, headers=bearer(READ)).text)

    everything = ["acme-service", "billing", "checkout", "redis", "search", "statement-mailer"]
    assert found() == found(sort="nothing") == found(page="9") == found(page="x") == everything
    assert found(sort="-name") == everything[::-1]
    assert found(q="invoices") == ["billing"]
    assert found(owner="storefront", environment="qa") == ["checkout", "search"]
    assert found(owner="nobody") == []


def test_a_service_has_all_that_is_known_of_it(pages: FlaskClient) -> None:
    shown = get(pages, "/services/component:billing").text

    for part in ("1 minor behind qa", "billing/values-qa.yaml:3", "kind: Component", "component:checkout", "payments"):
        assert part in shown
    assert "Versions so far" in get(pages, "/services/billing/history").text
    assert "the last pattern that matches" in get(pages, "/services/billing/evidence").text
    assert get(pages, "/services/nothing").status_code == 404


def test_what_proves_a_service_is_read_once_for_each_state(service: Service, client: FlaskClient) -> None:
    shown = get(client, "/services/billing/evidence")
    assert service.effects.apart._turn.acquire(timeout=1)  # whoever reads waits for it

    assert get(client, "/services/billing/evidence").text == shown.text
    service.effects.apart._turn.release()


def test_a_filter_that_is_repeated_stays_whole_in_its_form(pages: FlaskClient) -> None:
    shown = get(pages, "/board?owner=storefront&owner=payments").text
    owners = re.search(r'<select id="by-owner".*?</div>', shown, re.DOTALL)

    assert owners
    assert re.findall(r'value="([^"]*)" selected', owners[0]) == ["storefront"]
    assert '<input type="hidden" name="owner" value="payments">' in owners[0]


def test_repositories_say_how_old_they_are_and_what_went_wrong(service: Service, client: FlaskClient) -> None:
    shown = get(client, "/repositories").text
    assert "Up to date" in shown
    assert "Argo CD Application" in shown

    service.feed.repositories.stale["acme-apps"] = "can't be fetched: no route to `host`"
    assert "no route to <code>host</code>" in get(client, "/repositories").text


def test_a_service_of_two_repositories_says_of_which_each_version_is(
    tmp_path: Path, service_of: Callable[..., Service]
) -> None:
    other = plant(
        tmp_path / "other",
        {
            "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
            "billing/values.yaml": "image: {repository: acme/billing}\n",
            "billing/values-qa.yaml": "replicas: 1\n",
            "billing/values-production.yaml": "image: {tag: 9.9.9}\n",
        },
    )
    client = make_app(service_of(EXAMPLE, other)).test_client()

    told = [
        (where, version, compared) for where, version, _, compared, *_ in table(get(client, "/services/billing").text)
    ]
    assert told[1:] == [
        ("qa acme-apps", "2.8.0-rc.2", "\N{EN DASH}"),
        ("qa other", "unknown", "nothing sets a tag of its image (billing/values.yaml:1)"),
        ("production acme-apps", "2.7.1", "↓ 1 minor behind qa"),
        ("production other", "9.9.9", "\N{EN DASH}"),
    ]
    board = get(client, "/board?repository=other&drift=unknown").text
    assert rows(board) == ["billing"]
    assert "+1, 1 unknown" in board
    (numbers,) = [row[-3:-1] for row in table(get(client, "/repositories").text) if row[0] == "other"]
    assert numbers == ["1", "1 and 1 unknown"]


def test_what_cannot_be_read_stays_and_the_pages_say_why(tmp_path: Path, service_of: Callable[..., Service]) -> None:
    folders = {name: plant(tmp_path / name, shop(name)) for name in ("cart", "pay", "ship")}
    service = service_of(*folders.values())
    client = make_app(service).test_client()
    assert "kept as it was" not in get(client, "/services").text

    plant(folders["pay"], {"pay/Chart.yaml": "version: ["})
    folders["ship"].rename(tmp_path / "moved")
    service.feed.refresh()
    wait_until(lambda: not service.overview.current().problem, "the newest overview")
    services, board = get(client, "/services").text, get(client, "/board").text

    assert rows(services) == ["cart", "pay", "ship"]
    assert services.count("kept as it was") == 1
    assert rows(board) == ["cart", "ship"]
    for shown in (services, board, get(client, "/services/ship").text):
        assert "Read in part just now" in shown
        assert re.search(rf"ship isn't as it is now, but in its last good state \(read .*\): {folders['ship']}", shown)
        assert "Kept as it was, without versions: pay." in shown
    pay = get(client, "/services/pay").text
    assert "The catalog keeps it as it was" in pay
    assert "Its versions are unknown" in pay
    assert "pay/Chart.yaml:2" in pay
    start = get(client, "/").text
    assert '<dt>services</dt><dd><a href="/services">3</a>' in start
    assert "<dt>Component</dt><dd>3</dd>" in start


def test_the_start_page_counts_only_versions_that_are_known(tmp_path: Path, service_of: Callable[..., Service]) -> None:
    root = plant(tmp_path / "cart", {**shop("cart"), "cart/values-production.yaml": "image: {tag: null}\n"})
    service = service_of(root)
    assert len(service.overview.current().overview.deployments.releases) == 2

    shown = get(make_app(service).test_client(), "/").text
    assert '<dt>versions in environments</dt><dd><a href="/board">1</a>' in shown


@pytest.mark.parametrize("is_public", [True, False])
def test_the_pages_of_tasks_open_none_where_there_are_none_to_see(tmp_path: Path, *, is_public: bool) -> None:
    """Tasks take memory and threads that a service without them doesn't need."""
    service = service_in(tmp_path, public_feed=is_public)
    client = make_app(service).test_client()

    listed = get(client, "/tasks")
    codes = [get(client, path).status_code for path in ("/tasks/x", "/tasks/x/events")]

    assert "No tasks" in listed.text
    assert codes == [404, 404]
    assert service.tasks._opened is None
    service.stop()


def test_the_graph_shows_an_entity_with_its_neighbours(pages: FlaskClient) -> None:
    def boxes(**query: str) -> set[str]:
        answer = pages.get("/graph", query_string=query, headers=bearer(READ))
        return set(re.findall(r"<title>([a-z]+:[^<]+)</title>", answer.text))

    direct = {"component:billing", "api:billing", "component:statement-mailer", "component:checkout"}
    assert boxes(of="billing") == direct | {"component:acme-service", "resource:billing-postgresql"}
    assert boxes(of="component:billing", depth="2") == boxes(of="billing") | {"component:redis", "component:search"}
    assert boxes(of="resource:billing-postgresql") == {"resource:billing-postgresql", "component:billing"}
    assert len(boxes()) == 10
    assert get(pages, "/graph?of=nothing").status_code == 404
    assert get(pages, "/graph?of=a:").status_code == 400


def test_what_is_wrong_is_told_to_people_as_a_page_and_to_programs_as_json(pages: FlaskClient) -> None:
    missing = get(pages, "/nowhere")
    assert (missing.status_code, missing.mimetype) == (404, "text/html")
    assert "Not found" in missing.text
    assert missing.headers["X-Request-Id"] in missing.text

    assert "Sign in" not in missing.text  # nobody was asked who they are
    wrong = get(pages, "/graph?of=a:")
    assert "Not valid" in wrong.text

    closed = pages.get("/board", headers=PEOPLE)
    assert (closed.status_code, closed.mimetype) == (401, "text/html")
    assert "Sign in" in closed.text

    for path, headers in (("/nowhere", {}), ("/nowhere", {"Accept": "*/*"})):
        assert pages.get(path, headers=headers).mimetype == "application/json"


def test_what_a_repository_says_is_text_on_every_page(service: Service) -> None:
    payload = "<img src=x onerror=alert(1)>{{ 7*7 }}"
    finding = Finding("error", "x", payload, Place(payload, payload), payload)
    feed = Feed({"catalog-info.yaml": b""}, {payload: 1}, (finding,), ())
    service.feed.build = lambda _repositories, _last, _watch: built(feed)
    service.feed._served = None
    service.feed.refresh()
    client = make_app(service).test_client()

    for path in ("/", "/findings", "/findings?q=%3Cimg%20src", "/board?q=%3Cimg%20src=x"):
        shown = get(client, path).text
        assert "<img" not in shown
        assert "&lt;img src" in shown


def test_a_repository_that_never_could_be_fetched_is_told_on_the_pages(tmp_path: Path) -> None:
    service = service_in(tmp_path, repositories=("https://127.0.0.1:1/a/repo.git", str(EXAMPLE)))
    service.feed.build = build_feed
    client = make_app(service).test_client()
    service.feed.refresh()

    start = get(client, "/").text
    assert "being generated" not in start
    assert "There is no catalog" in start
    assert "repo: can&#39;t be fetched" in start
    shown = get(client, "/repositories")
    assert shown.status_code == 200
    assert re.search(r"repo</th>\s*<td[^>]*><strong class=\"error\">Can't be read", shown.text)
    assert "127.0.0.1" in shown.text
    findings = get(client, "/findings")
    assert (findings.status_code, "can&#39;t be generated" in findings.text) == (503, True)
    board = get(client, "/board").text
    assert "billing" in rows(board)
    assert "Missing here, because it can't be read: repo" in board
    service.stop()


def test_the_age_of_findings_is_that_of_the_repository_that_was_checked_first(
    service: Service, client: FlaskClient
) -> None:
    for path in ("/", "/findings"):
        assert "Repositories checked just now" in get(client, path).text
    service.feed.repositories.seen.clear()
    for path in ("/", "/findings"):
        assert "hecked" not in get(client, path).text


def test_a_filter_that_nothing_has_is_named(pages: FlaskClient) -> None:
    asked = {"/board?owner=payment": "owner=payment", "/board?drift=gone": "drift=gone", "/board?behind=x": "behind=x",
             "/board?environment=quality": "environment=quality", "/services?type=none": "type=none"}  # fmt: skip
    for path, wrong in asked.items():
        assert f"nothing has <code>{wrong}</code>" in get(pages, path).text
    assert "(did you mean payments?)" in get(pages, "/board?owner=payment").text
    assert "nothing has <code>" not in get(pages, "/board?owner=payments&drift=behind&environment=qa").text


def test_a_sign_in_is_offered_only_where_somebody_can_sign_in(tmp_path: Path) -> None:
    public = service_in(tmp_path / "tokens", public_feed=True)
    assert 'href="/sign-in?next=' in make_app(public).test_client().get("/tasks", headers=PEOPLE).text
    public.stop()
    nobody = open_service(Settings(data=tmp_path, repositories=(str(EXAMPLE),), public_feed=True))
    shown = make_app(nobody).test_client().get("/tasks", headers=PEOPLE)
    assert (shown.status_code, "/sign-in" in shown.text) == (200, False)
    nobody.feed.refresh()
    start, how = (make_app(nobody).test_client().get(path, headers=PEOPLE).text for path in ("/", "/sign-in"))
    assert '<a href="/sign-in">how to change that</a>' in start
    assert "SCENEDOCK_TOKENS_FILE=tokens.yaml" in how
    nobody.stop()


def test_an_address_that_is_none_is_told_in_our_words(pages: FlaskClient) -> None:
    for path in (f"{BASE_PATH}/nope", "/nope"):
        answer = pages.get(path, headers=bearer(READ))
        assert answer.json is not None
        said = answer.json["error"]["message"]
        assert said == f"there is nothing at this address; {BASE_PATH}/openapi.json has all routes"
    wrong = pages.post(f"{BASE_PATH}/deployments", headers=bearer(READ))
    assert wrong.json is not None
    assert (wrong.status_code, "the header `Allow` names" in wrong.json["error"]["message"]) == (405, True)


def test_what_is_found_in_versions_is_among_the_findings(tmp_path: Path, service_of: Callable[..., Service]) -> None:
    tags = {"qa": "latest", "prod-eu": "1.0.0", "prod-us": "1.1.0"}
    values = {f"billing/values-{name}.yaml": f"image: {{tag: {tag}}}\n" for name, tag in tags.items()}
    service = service_of(plant(tmp_path / "apps", {**shop("billing"), **values}))
    client = make_app(service).test_client()
    service.overview.current()

    for path in ("/", "/findings", "/services/billing"):
        shown = get(client, path).text
        assert "<strong>Mutable version</strong>" in shown
        assert shown.count("billing differs where it should be the same") == 1  # and not for each environment
    assert "1 of " in get(client, "/findings?q=mutable-version&severity=warning&repository=apps").text
    (number,) = re.findall(r'status">\d+ of (\d+) findings', get(client, "/findings").text)
    assert f'">{number}</a>' in get(client, "/repositories").text


def test_a_page_says_that_versions_are_still_being_read(service: Service, client: FlaskClient) -> None:
    with service.effects.apart._turn:
        for path in ("/", "/findings"):
            assert "versions are still being read" in get(client, path).text
    service.overview.current()
    assert "versions are still being read" not in get(client, "/").text


def test_the_start_page_is_there_before_the_catalog_is(service: Service, client: FlaskClient) -> None:
    service.feed._served = None
    service.feed._first.clear()

    assert "being generated" in get(client, "/").text
