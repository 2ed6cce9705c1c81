from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publishing.acme import Acme, acme_with
from tests.publishing.acme_gitlab import AcmeOnGitLab, acme_on_gitlab
from tests.publishing.company import Company


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Acme]:
    with acme_with(tmp_path) as company:
        yield company


@pytest.fixture
def on_gitlab(tmp_path: Path) -> Iterator[AcmeOnGitLab]:
    with acme_on_gitlab(tmp_path) as company:
        yield company


@pytest.fixture(params=["acme", "on_gitlab"])
def company(request: pytest.FixtureRequest) -> Company:
    """The company on GitHub, and then on GitLab."""
    found: Company = request.getfixturevalue(request.param)
    return found
