"""One company for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.company import Company, company_in
from tests.fakes.github.server import fake_github


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company, with everything running; afterwards it is certain that nothing has left this machine."""
    folder = tmp_path_factory.mktemp("company")
    with fake_github(folder / "github") as github:
        made = company_in(folder, github)
        try:
            made.start()
            yield made
        finally:
            made.stop()
    assert "LEFT LOOPBACK" not in made.backstage.said()
