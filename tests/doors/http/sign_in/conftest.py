"""A service where people sign in with an OpenID provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.runtime.service import Service
from tests.doors.http.sign_in.people import openid
from tests.fakes.openid_provider import OpenIdProvider, openid_provider
from tests.tools.service import service_in


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider() as started:
        yield started


@pytest.fixture
def of_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Opens services on one data folder, as replicas have it."""
    opened: list[Service] = []

    def open_one(**settings: Any) -> Service:
        opened.append(service_in(tmp_path, **settings))
        return opened[-1]

    yield open_one
    for each in opened:
        each.stop()


@pytest.fixture
def service(of_service: Callable[..., Service], provider: OpenIdProvider) -> Service:
    return of_service(**openid(provider))


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return make_app(service).test_client()
