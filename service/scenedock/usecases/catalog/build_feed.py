"""Build the catalog feed of the service's repositories."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.catalog.emitting.feed import Feed, make_feed
from scenedock.effects.git.repositories import ServedRepository, opened
from scenedock.usecases.catalog.export_catalog import export_catalog


def build_feed(repositories: Mapping[str, ServedRepository]) -> Feed:
    """The current feed.

    Raises
    ------
    NotFoundError   a repository doesn't exist
    InputError      a repository can't be read, or its settings are invalid
    """
    with opened(repositories) as readable:
        catalog = export_catalog(readable)
    return make_feed(catalog.entities, catalog.findings)
