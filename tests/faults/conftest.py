"""One PostgreSQL for all tests here; each makes a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.postgres import Postgres, running_postgres


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server
