"""The app on a service of its own, asked in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.runtime.service import Service
from tests.tools.service import service_in
from tests.tools.tokens import Backstage


@pytest.fixture
def backstage() -> Backstage:
    return Backstage()


@pytest.fixture
def service(tmp_path: Path, backstage: Backstage) -> Iterator[Service]:
    opened = service_in(tmp_path, backstage)
    opened.feed.refresh()
    yield opened
    opened.stop()


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return make_app(service).test_client()
