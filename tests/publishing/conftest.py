from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publishing.acme import Acme, acme_with


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Acme]:
    with acme_with(tmp_path) as company:
        yield company
