"""The one place where effects are built."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenedock.effects.repositories import RepositoryFolder

if TYPE_CHECKING:
    from scenedock.actions.effects import Effects
    from scenedock.doors.service import Service
    from scenedock.doors.settings import Settings


def open_repository(path: str) -> RepositoryFolder:
    """A repository on disk; nothing is read yet."""
    return RepositoryFolder(Path(path))


def open_effects(repositories: Sequence[str]) -> Effects:
    """What actions need, for repositories by their paths.

    Raises
    ------
    InputError   a repository is named twice
    """
    from scenedock.actions.effects import Effects
    from scenedock.usecases.export_catalog import name_repositories

    paths = [(path, os.path.abspath(path)) for path in repositories]  # noqa: PTH100 - it resolves no links
    return Effects(repositories={name: open_repository(path) for name, path in name_repositories(paths).items()})


def open_service(settings: Settings) -> Service:
    """The service; nothing runs yet.

    Raises
    ------
    InputError, NotFoundError   what a setting names can't be used
    """
    from scenedock.actions import ACTIONS
    from scenedock.doors.action_listing import listings
    from scenedock.doors.calls import Calls
    from scenedock.doors.catalog_feed import CatalogFeed, build_apart
    from scenedock.doors.http.routes import BASE
    from scenedock.doors.metrics import Metrics
    from scenedock.doors.service import Service
    from scenedock.effects.backstage import BackstageBackend, PublicKeys
    from scenedock.effects.disk import read_file
    from scenedock.effects.signing_keys import read_signing_key, shared_signing_key
    from scenedock.usecases.authenticate import Authenticator, read_static_tokens

    if settings.signing_key:
        key = read_signing_key(settings.signing_key.encode(), "SCENEDOCK_SIGNING_KEY")
    else:
        key = shared_signing_key(settings.data / "signing-key.pem")
    backstage = BackstageBackend(settings.backstage_url, key) if settings.backstage_url else None
    tokens_file = settings.tokens_file
    effects = open_effects(settings.repositories)
    feed = CatalogFeed(
        repositories=effects.repositories,
        file=settings.data / "catalog-feed.json",
        seconds=settings.refresh_seconds,
        address=f"{settings.url}{BASE}/catalog",
        build=build_apart,
        backstage=backstage,
    )
    actions = {each.name: each for each in ACTIONS}
    metrics = Metrics(feed.at_hand)
    return Service(
        settings=settings,
        key=key,
        authenticator=Authenticator(
            static=read_static_tokens(read_file(tokens_file), str(tokens_file)) if tokens_file else (),
            keys=PublicKeys(backstage.get) if backstage else None,
            plugins=settings.backstage_plugins,
        ),
        actions=actions,
        effects=effects,
        feed=feed,
        calls=Calls(max(1, settings.threads // 2), metrics),
        metrics=metrics,
        listings=listings(actions),
    )
