"""What the doctor says of Backstage: away, not reaching us, without the feed, or with it twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Request, Response

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.client import BackstageClient
from scenedock.usecases.doctor import backstage, sign_in
from scenedock.usecases.doctor.diagnosis import Diagnosis
from tests.tools.authority import Authority
from tests.tools.backstage_catalog import FakeBackstage, serve
from tests.tools.server import free_port
from tests.tools.wsgi import served

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FEED = "/api/scenedock/catalog/catalog-info.yaml"
KEYS = "https://scenedock.example/jwks.json"


@dataclass
class Company:
    """A service's feed, and the keys of a Backstage."""

    public: bool = True
    answers: dict[str, str] = field(default_factory=dict)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = Request(environ).path
        if path == FEED and not self.public:
            return Response("{}", 401)(environ, start_response)
        text = self.answers.get(path)
        return Response(text or "nothing", 404 if text is None else 200)(environ, start_response)


@pytest.fixture
def company() -> Iterator[tuple[Company, str]]:
    made = Company(answers={FEED: "kind: Location\n", "/api/auth/.well-known/jwks.json": '{"keys": []}'})
    with served(made) as url:
        yield made, url


def location(target: str, error: str = "") -> dict[str, Any]:
    items = [{"type": "backstage.io/catalog-processing", "level": "error", "message": error}] if error else []
    return {
        "kind": "Location",
        "metadata": {"name": "generated-0a"},
        "spec": {"type": "url", "target": target},
        "status": {"items": items},
    }


def registered(feed: str, *entities: dict[str, Any]) -> Diagnosis:
    with serve(FakeBackstage(entities=entities)) as running:
        catalog = BackstageCatalog(BackstageClient(running.url, lambda _plugin: "t"))
        accepted, locations = backstage.check_accepts_us(catalog, KEYS)
        assert "kind%3Dlocation" in running.asked[0]
    assert accepted.verdict == "ok"
    assert locations is not None
    return backstage.check_registered(feed, locations)


def test_a_backstage_that_answers_is_fine_and_one_that_is_away_or_something_else_is_not(
    company: tuple[Company, str],
) -> None:
    made, url = company
    here, _ = backstage.check_reached(url)
    away, _ = backstage.check_reached(f"http://127.0.0.1:{free_port()}")
    del made.answers["/api/auth/.well-known/jwks.json"]
    another, _ = backstage.check_reached(url)

    assert [each.verdict for each in (here, away, another)] == ["ok", "problem", "problem"]
    assert "SCENEDOCK_BACKSTAGE_URL" in away.remedy
    assert "without /api" in another.remedy


def test_a_backstage_with_a_certificate_of_an_unknown_authority_names_the_setting(tmp_path: Path) -> None:
    with Authority.make().served(Request.application(lambda _: Response("{}")), tmp_path) as url:
        found, _ = backstage.check_reached(url)

    assert (found.verdict, "SCENEDOCK_CA_FILE" in found.remedy) == ("problem", True)


@pytest.mark.parametrize(
    ("status", "verdict", "said"),
    [(401, "problem", KEYS), (403, "problem", "permission policy"), (503, "unknown", "")],
)
def test_a_backstage_that_cannot_fetch_our_keys_accepts_no_token(status: int, verdict: str, said: str) -> None:
    body = json.dumps({"error": {"name": "AuthenticationError", "message": "Invalid token"}}).encode()
    with serve(FakeBackstage(answer=lambda: (status, {}, body))) as running:
        catalog = BackstageCatalog(BackstageClient(running.url, lambda _plugin: "t"))
        found, locations = backstage.check_accepts_us(catalog, KEYS)

    assert (found.verdict, locations) == (verdict, None)
    assert said in found.remedy


def test_a_feed_that_needs_a_token_is_a_problem(company: tuple[Company, str]) -> None:
    made, url = company
    public = backstage.check_feed(f"{url}{FEED}")
    made.public = False
    closed = backstage.check_feed(f"{url}{FEED}")
    del made.answers[FEED]
    made.public = True
    missing = backstage.check_feed(f"{url}{FEED}")
    away = backstage.check_feed(f"http://127.0.0.1:{free_port()}{FEED}")

    assert [each.verdict for each in (public, closed, missing, away)] == ["ok", "problem", "problem", "unknown"]
    assert "SCENEDOCK_PUBLIC_FEED=true" in closed.remedy


def test_a_feed_that_is_registered_once_is_fine_and_one_that_is_not_is_told(company: tuple[Company, str]) -> None:
    feed = f"{company[1]}{FEED}"

    assert registered(feed, location(feed), location("https://else.example/catalog-info.yaml")).verdict == "ok"
    missing = registered(feed, location("https://else.example/catalog-info.yaml"))
    assert (missing.verdict, missing.evidence) == ("problem", f"none of 1 Locations is {feed}")
    assert "catalog.locations" in missing.remedy


def test_a_feed_that_is_registered_by_two_addresses_is_told(company: tuple[Company, str]) -> None:
    feed = f"{company[1]}{FEED}"
    other = feed.replace("127.0.0.1", "localhost")

    twice = registered(feed, location(feed), location(other))
    elsewhere = registered(feed, location(other))

    assert (twice.verdict, feed in twice.evidence, other in twice.evidence) == ("problem", True, True)
    assert (elsewhere.verdict, "SCENEDOCK_PUBLIC_URL" in elsewhere.remedy) == ("problem", True)


def test_the_feed_of_another_scenedock_is_not_taken_for_ours(company: tuple[Company, str]) -> None:
    feed = f"{company[1]}{FEED}"
    with served(Company(answers={FEED: "kind: Location\nmetadata: {name: another}\n"})) as other:
        both = registered(feed, location(feed), location(f"{other}{FEED}"))
        only_theirs = registered(feed, location(f"{other}{FEED}"))

    assert (both.verdict, only_theirs.verdict) == ("ok", "unknown")


def test_a_backstage_that_cannot_read_the_feed_says_so_itself(company: tuple[Company, str]) -> None:
    feed = f"{company[1]}{FEED}"

    found = registered(feed, location(feed, f"Unable to read url, connect ECONNREFUSED {feed}"))

    assert (found.verdict, "ECONNREFUSED" in found.evidence) == ("problem", True)
    assert "network policies" in found.remedy


def test_an_openid_provider_that_is_away_or_names_itself_otherwise_is_told(company: tuple[Company, str]) -> None:
    made, url = company
    made.answers["/.well-known/openid-configuration"] = json.dumps({"issuer": url})
    good, _ = sign_in.check_provider(url)
    other, _ = sign_in.check_provider(f"{url}/")
    away, _ = sign_in.check_provider(f"http://127.0.0.1:{free_port()}")

    assert [each.verdict for each in (good, other, away)] == ["ok", "problem", "problem"]
    assert "SCENEDOCK_OIDC_ISSUER" in other.remedy
