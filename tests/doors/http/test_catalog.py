"""The feed over HTTP, as Backstage's reader asks for it; the report of findings; the page for people."""

from __future__ import annotations

import gzip
import re
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml
from flask.testing import FlaskClient

from scenedock.catalog.comparing.memory import CatalogMemory
from scenedock.catalog.emitting.feed import Feed, make_feed
from scenedock.catalog.explaining.coverage import Coverage, Missing
from scenedock.documents.reading import BACKSTAGE, read_documents
from scenedock.doors.http.app import make_app
from scenedock.model.action import BASE_PATH
from scenedock.model.finding import Place, Reason
from scenedock.runtime.service import Service
from scenedock.usecases.catalog.catalog_record import read_head, write_record
from scenedock.usecases.catalog.watching import BuiltFeed
from tests.tools.service import ADMIN, READ, RUN, bearer, built
from tests.tools.tokens import Backstage

FEED = f"{BASE_PATH}/catalog/catalog-info.yaml"


def entity_files(client: FlaskClient) -> list[str]:
    """The addresses of the files that the index names, as Backstage resolves them."""
    return [urljoin(FEED, location["spec"]["target"]) for location in yaml.safe_load_all(get(client).data)]


def largest_file(client: FlaskClient) -> str:
    """The address of the file with most in it."""
    return max(entity_files(client), key=lambda address: len(get(client, address).data))


def get(client: FlaskClient, path: str = FEED, **headers: str) -> Any:
    return client.get(
        path, headers={**bearer(READ), **{name.replace("_", "-"): text for name, text in headers.items()}}
    )


def test_the_feed_is_yaml_that_backstage_reads(client: FlaskClient) -> None:
    answers = [get(client, address) for address in (FEED, *entity_files(client))]
    entities = [len(list(read_documents(answer.data, meaning=BACKSTAGE))) for answer in answers[1:]]

    assert {(answer.status_code, answer.mimetype) for answer in answers} == {(200, "application/yaml")}
    assert (sum(entities), 0 in entities) == (10, False)


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    for address in (FEED, *entity_files(client)):
        etag = get(client, address).headers["ETag"]
        for condition in (etag, f'"other", {etag}', etag.removeprefix("W/")):
            answer = get(client, address, If_None_Match=condition)
            assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
        assert get(client, address, If_None_Match='W/"other"').status_code == 200


def test_it_is_sent_compressed_to_who_can_read_that(client: FlaskClient) -> None:
    address = largest_file(client)
    plain = get(client, address)
    packed = get(client, address, Accept_Encoding="gzip, deflate, br")

    assert (packed.headers["Content-Encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in get(client, address, Accept_Encoding="gzip;q=0").headers


@pytest.mark.parametrize("name", ["nope.yaml", "..%2f..%2fsigning-key.pem", "%2e%2e"])
def test_only_files_of_the_feed_are_there(client: FlaskClient, name: str) -> None:
    assert get(client, f"{BASE_PATH}/catalog/{name}").status_code == 404


def test_a_refresh_is_asked_for_and_not_waited_for(client: FlaskClient, service: Service) -> None:
    answer = client.post(f"{BASE_PATH}/catalog/refresh", headers=bearer(RUN))

    assert (answer.status_code, answer.json) == (202, {"refreshing": True})
    assert service.feed._wanted.is_set()


def test_what_an_action_has_committed_to_is_checked_at_once(service: Service) -> None:
    service.effects.renew(["gitops"])

    assert (service.feed._wanted.is_set(), service.feed._asked) == (True, {"gitops"})


def test_findings_say_what_to_mend_and_where(client: FlaskClient) -> None:
    report = get(client, f"{BASE_PATH}/findings").json

    assert report["entities"] == {"total": 10, "byKind": {"API": 1, "Component": 6, "Resource": 3}}
    assert [(each["code"], each["path"]) for each in report["findings"]] == [
        ("owner-unknown", "statement-mailer/Chart.yaml")
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", report["checkedAt"])


def test_what_is_deployed_and_not_represented_is_in_the_findings_and_on_the_page(
    client: FlaskClient, service: Service
) -> None:
    missing = Missing("their charts come from elsewhere", 1, Place("apps", "argo/redis.yaml", 1))
    coverage = Coverage("Argo CD Application", 34, 33, (missing,))
    service.feed.build = lambda _repositories, _last, _watch: built(make_feed([], [], coverage=[coverage]))
    service.feed._served = None
    service.feed.refresh()

    (said,) = get(client, f"{BASE_PATH}/findings").json["coverage"]
    assert (said["seen"], said["represented"]) == (34, 33)
    assert said["missing"] == [
        {"reason": missing.reason, "count": 1, "repository": "apps", "path": "argo/redis.yaml", "line": 1}
    ]
    assert "Argo CD Applications: 34 seen, 33 represented; 1 not: their charts come" in get(client, "/").text


def test_a_service_is_explained(client: FlaskClient) -> None:
    explained = get(client, f"{BASE_PATH}/services/statement-mailer/explanation").json

    assert (explained["ref"], explained["path"]) == ("component:statement-mailer", "statement-mailer")
    proven = {fact["name"]: (fact["value"], fact["evidence"]) for fact in explained["facts"]}
    value, (proof,) = proven["type"]
    assert (value, proof["path"], proof["line"]) == ("job", "statement-mailer/templates/cronjob.yaml", 2)
    unknown = get(client, f"{BASE_PATH}/services/statement-miler/explanation")
    assert (unknown.status_code, "did you mean statement-mailer" in unknown.text) == (404, True)


def test_a_service_is_ready_when_it_has_a_catalog(service: Service, client: FlaskClient) -> None:
    assert client.get("/readyz").json == {"status": "ok", "reasons": [], "staleRepositories": 0}

    service.feed._served = None

    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_service_says_how_many_repositories_it_could_not_fetch(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(service.feed.repositories.stale, "shops", "no route to the host")
    service.feed._served = None
    service.feed.refresh()

    ready = client.get("/readyz").json

    assert ready == {"status": "degraded", "reasons": ["shops: can't be fetched"], "staleRepositories": 1}


def test_what_is_not_as_a_repository_has_it_now_is_said_and_can_be_accepted(
    client: FlaskClient, service: Service
) -> None:
    reason = Reason("apps", "entities-would-vanish", "9 of its 9 entities would vanish")
    feed = Feed({"catalog-info.yaml": b"x"}, {}, (), (), (reason,))
    memory = CatalogMemory(refused={"apps": "digest"})
    service.feed.build = lambda _repositories, _last, _watch: BuiltFeed(write_record(feed, memory, ("apps", "shops")))
    service.feed._served = None
    service.feed.refresh()
    accept = f"{BASE_PATH}/catalog/accept"

    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json == {"status": "degraded", "reasons": [str(reason)], "staleRepositories": 0}
    metric = 'scenedock_degraded{reason="entities-would-vanish",repository="apps"} 1.0'
    assert metric in get(client, "/metrics").text
    assert client.post(accept, headers=bearer(RUN)).status_code == 403
    assert client.post(accept, json={"repository": "nope"}, headers=bearer(ADMIN)).status_code == 404
    assert client.post(accept, json={"repository": 1}, headers=bearer(ADMIN)).status_code == 400
    assert client.post(accept, json={"repository": "shops"}, headers=bearer(ADMIN)).json == {"accepted": []}
    assert client.post(accept, headers=bearer(ADMIN)).json == {"accepted": ["apps"]}
    kept = service.feed.kept.store.load()
    assert kept
    assert read_head(kept).accepted == {"apps": "digest"}


def test_the_key_that_signs_our_calls_is_published(service: Service, client: FlaskClient) -> None:
    published = client.get(f"{BASE_PATH}/.backstage/auth/v1/jwks.json").json

    assert published == {"keys": [service.key.public_jwk]}
    assert "d" not in service.key.public_jwk


def test_every_answer_has_strict_headers_and_the_request_id(service: Service, backstage: Backstage) -> None:
    client = make_app(service).test_client()

    for answer in (
        client.get("/healthz", headers={"X-Request-Id": "my-id"}),
        client.get("/nowhere", headers={"X-Request-Id": "my-id"}),
        client.get(f"{BASE_PATH}/actions", headers={**bearer(backstage.plugin_token()), "X-Request-Id": "my-id"}),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-Id"] == "my-id"
    odd = client.get("/healthz", headers={"X-Request-Id": "a b<script>"})
    assert re.fullmatch("[0-9a-f]{32}", odd.headers["X-Request-Id"])
