"""Where the service's effects are built: its key, its Backstage, its catalog, its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scenedock.actions import ACTIONS
from scenedock.catalog.feed import Feed
from scenedock.doors.action_listing import listings
from scenedock.doors.calls import Calls
from scenedock.doors.catalog_feed import CatalogFeed, build_apart
from scenedock.doors.http.routes import BASE
from scenedock.doors.metrics import Metrics
from scenedock.doors.service import Service
from scenedock.doors.settings import Settings, variable
from scenedock.doors.wiring import open_effects
from scenedock.effects.backstage import BackstageBackend, PublicKeys
from scenedock.effects.disk import read_file
from scenedock.effects.repositories import RepositoryFolder
from scenedock.effects.signing_keys import SigningKey, read_signing_key, shared_signing_key
from scenedock.usecases.authenticate import Authenticator, read_static_tokens


def open_service(
    settings: Settings, build_feed: Callable[[Mapping[str, RepositoryFolder]], Feed] = build_apart
) -> Service:
    """The service; nothing runs yet.

    Raises
    ------
    InputError, NotFoundError   what a setting names can't be used
    """
    key = _signing_key(settings)
    backstage = BackstageBackend(settings.backstage_url, key) if settings.backstage_url else None
    effects = open_effects(settings.repositories)
    feed = CatalogFeed(
        repositories=effects.repositories,
        file=settings.data / "catalog-feed.json",
        seconds=settings.refresh_seconds,
        address=f"{settings.url}{BASE}/catalog",
        build=build_feed,
        backstage=backstage,
    )
    actions = {each.name: each for each in ACTIONS}
    metrics = Metrics(feed.at_hand)
    return Service(
        settings=settings,
        key=key,
        authenticator=_authenticator(settings, backstage),
        actions=actions,
        effects=effects,
        feed=feed,
        calls=Calls(max(1, settings.threads // 2), metrics),
        metrics=metrics,
        listings=listings(actions),
    )


def _signing_key(settings: Settings) -> SigningKey:
    if settings.signing_key:
        return read_signing_key(settings.signing_key.encode(), variable("signing_key"))
    return shared_signing_key(settings.data / "signing-key.pem")


def _authenticator(settings: Settings, backstage: BackstageBackend | None) -> Authenticator:
    file = settings.tokens_file
    return Authenticator(
        static=read_static_tokens(read_file(file), str(file)) if file else (),
        keys=PublicKeys(backstage.get) if backstage else None,
        plugins=settings.backstage_plugins,
    )
