"""What values say: hosts, ports, schedules, owners, and what is not used as evidence."""

from __future__ import annotations

import pytest

from scenedock.catalog.reading.values import read_values
from scenedock.documents.merging import merge_values
from scenedock.model.json import Json


@pytest.mark.parametrize(
    ("values", "hosts"),
    [
        ({"any": "http://auth"}, {"auth"}),
        ({"any": "https://user:secret@Auth.ns.svc:443/path?query"}, {"auth.ns.svc"}),
        ({"any": "auth-service:8080"}, {"auth-service"}),
        ({"brokers": "a:9092, b:9092,"}, {"a", "b"}),
        ({"any": "auth.ns.svc.cluster.local"}, {"auth.ns.svc.cluster.local"}),
        ({"authHost": "auth"}, {"auth"}),
        ({"env": [{"name": "AUTH_URL", "value": "auth"}]}, {"auth"}),
        ({"deep": [{"list": ["redis://cache:6379/0"]}]}, {"cache"}),
    ],
)
def test_whole_scalars_name_hosts(values: dict[str, Json], hosts: set[str]) -> None:
    assert read_values(values).hosts == hosts


@pytest.mark.parametrize(
    "values",
    [
        {"any": "auth"},
        {"name": "auth"},
        {"any": "see http://auth"},
        {"any": "auth, http://auth"},
        {"any": "first\nhttp://auth\n"},
        {"any": "http://{{ .Release.Name }}-auth"},
        {"any": "http://${HOST}/"},
        {"any": "/auth"},
        {"any": "auth:1"},
        {"image": "auth:1234"},
        {"sidecarImage": "auth:1234"},
        {"image_tag": "auth:1234"},
        {"images": ["auth:1234"]},
        {"mail": "jane@auth"},
        {"host": 5},
        {"host": ""},
        {"http://auth": "a key"},
        {"redirectURIs": ["https://auth.acme.test/login/callback"]},
        {"OAUTH_CALLBACK_URL": "https://auth.acme.test/"},
        {"allowed-origins": "https://auth.acme.test,https://shop.acme.test"},
    ],
)
def test_everything_else_names_none(values: dict[str, Json]) -> None:
    assert read_values(values).hosts == set()


def test_what_a_deployment_answers_to_is_not_what_it_addresses() -> None:
    facts = read_values({"ingress": {"hosts": [{"host": "Shop.acme.test"}]}, "self": "https://shop.acme.test/"})
    assert facts.ingress_hosts == {"shop.acme.test"}
    assert facts.hosts == set()


@pytest.mark.parametrize(
    ("values", "exposed"),
    [
        ({"service": {"port": 80}}, True),
        ({"containerPort": "8080"}, True),
        ({"service": {}}, False),
        ({"ingress": {"enabled": False}}, False),
        ({"port": True}, False),
    ],
)
def test_a_service_an_ingress_or_a_port_exposes(values: dict[str, Json], *, exposed: bool) -> None:
    assert read_values(values).exposed is exposed


@pytest.mark.parametrize(
    ("values", "owner"),
    [
        ({"owner": "shop"}, "shop"),
        ({"owner-info": {"slack": "#a", "team": "shop"}}, "shop"),
        ({"global": {"ownership": {"group": "shop"}}}, "shop"),
        ({"deep": {"owner": "shop"}}, ""),
        ({"owner": {"since": 5}}, ""),
    ],
)
def test_an_owner_stands_at_the_top(values: dict[str, Json], owner: str) -> None:
    assert read_values(values).owner == owner


def test_values_merge_as_in_helm() -> None:
    base: dict[str, Json] = {"a": {"b": 1, "c": 2}, "list": [1], "gone": 1}
    over: dict[str, Json] = {"a": {"b": 3}, "list": [2], "gone": None, "new": None}
    assert merge_values(base, over) == {"a": {"b": 3, "c": 2}, "list": [2]}
    assert base == {"a": {"b": 1, "c": 2}, "list": [1], "gone": 1}
