"""Build the catalog feed of the service's repositories, and tell cheaply whether one has changed."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.catalog.emitting.feed import Feed, make_feed
from scenedock.effects.git.repositories import ServedRepository, opened
from scenedock.usecases.catalog.export_catalog import export_catalog


def build_feed(repositories: Mapping[str, ServedRepository]) -> Feed:
    """The feed as of now.

    Raises
    ------
    NotFoundError   a repository isn't there
    InputError      a repository can't be read, or its settings are wrong
    """
    with opened(repositories) as readable:
        made = export_catalog(readable)
    return make_feed(made.entities, made.findings)
