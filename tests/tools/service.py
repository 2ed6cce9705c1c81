"""A whole service in this process, with the example repository and a Backstage that only issues tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from scenedock.catalog.comparing.memory import CatalogMemory
from scenedock.catalog.emitting.feed import Feed
from scenedock.effects.backstage.public_keys import PublicKeys
from scenedock.effects.git.repositories import ServedRepository
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.runtime.callers.authenticator import Authenticator
from scenedock.runtime.callers.static_tokens import read_static_tokens
from scenedock.runtime.service import Service
from scenedock.runtime.service_wiring import open_service
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.settings import Role
from scenedock.runtime.wiring import served_repositories
from scenedock.structs import replace
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.catalog_record import write_record
from scenedock.usecases.catalog.watching import BuiltFeed, Watch
from tests.tools.tokens import Backstage

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme-apps"
READ, RUN, ADMIN = ("reader-0123456789abcdef", "runner-0123456789abcdef", "admin-0123456789abcdef")
PIPELINE = "pipeline-0123456789abcdef"
TOKENS = f"""
tokens:
  - {{name: reader, token: {READ}, scope: read}}
  - {{name: runner, token: {RUN}, scope: run}}
  - {{name: admin, token: {ADMIN}, scope: admin}}
  - {{name: pipeline, token: {PIPELINE}, scope: run, actions: [propose-change]}}
"""


def service_in(data: Path, backstage: Backstage | None = None, role: Role = "embedded", **settings: Any) -> Service:
    """The service on the example repository; its feed is made by `feed.refresh`, in this process."""
    chosen = replace(Settings(data=data, repositories=(str(EXAMPLE),)), **settings)
    keys = PublicKeys((backstage or Backstage()).fetch)
    static = read_static_tokens(TOKENS.encode(), "tokens.yaml")
    opened = open_service(chosen, _feed_of_the_example, role)
    sign_in = replace(opened.sign_in, sessions=replace(opened.sign_in.sessions, tokens=static))
    return replace(opened, authenticator=Authenticator(static, keys, chosen.backstage_plugins), sign_in=sign_in)


def bearer(token: str) -> dict[str, str]:
    """The header that brings a token."""
    return {"Authorization": f"Bearer {token}"}


def built(feed: Feed) -> BuiltFeed:
    """A feed as a build gives it, with nothing to remember."""
    return BuiltFeed(write_record(feed, CatalogMemory(), ()))


def _feed_of_the_example(
    _repositories: Mapping[str, ServedRepository], _last: KeptCatalog | None, _watch: Watch
) -> BuiltFeed:
    return _example_feed()


@cache
def _example_feed() -> BuiltFeed:
    return build_feed(served_repositories([str(EXAMPLE)], Path()), None, Watch())
