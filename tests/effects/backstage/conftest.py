"""A peer that our client talks to, and our key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.effects.backstage.signing_keys import SigningKey, shared_signing_key
from tests.tools.peer import Peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return shared_signing_key(tmp_path / "key.pem")
