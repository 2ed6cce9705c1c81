"""One portal for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.portal.portal import Portal, portal_in


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A Backstage that reads our feed, and a service whose repositories each test adds."""
    made = portal_in(tmp_path_factory.mktemp("portal"))
    try:
        made.start()
        yield made
    finally:
        made.stop()
    assert "LEFT LOOPBACK" not in made.backstage.said()
