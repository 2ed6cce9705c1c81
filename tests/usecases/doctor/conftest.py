from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.postgres import Postgres, running_postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server
