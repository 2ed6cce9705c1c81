"""Links from pages to where facts are: a line at the code host, an Application in Argo CD, an entity in Backstage."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import quote

from scenedock.model.entity import EntityRef
from scenedock.model.finding import Place
from scenedock.model.helm import RepositoryFacts

if TYPE_CHECKING:
    from scenedock.usecases.releases.overview import Overview

_LINES = {"gitlab": "#L{line}", "github": "#L{line}", "gitea": "#L{line}", "bitbucket": "#lines-{line}"}


def link_to(overview: Overview | None, place: Place) -> str:
    """The page of a file at the code host, at its line, or of a folder; empty where no address is known."""
    from scenedock.catalog.vocabulary.source_urls import folder_url

    facts = overview.repositories.get(place.repository) if overview else None
    if facts is None:
        return ""
    is_file = place.line or "." in posixpath.basename(place.path)
    return line_url(facts, place.path, place.line) if is_file else folder_url(facts, place.path)


def line_url(facts: RepositoryFacts, path: str, line: int | None) -> str:
    """The page of a file, at a line; empty where the repository's address isn't known."""
    from scenedock.catalog.vocabulary.source_urls import file_url

    url = file_url(facts, path)
    if not url or not line:
        return url
    if facts.provider == "azure":
        return f"{url}&line={line}&lineEnd={line}&lineStartColumn=1&lineEndColumn=999"
    return url + _LINES[facts.provider].format(line=line)


def backstage_url(base: str, ref: EntityRef) -> str:
    """The page of an entity in Backstage's frontend; empty without its address."""
    return f"{base}/catalog/{quote(ref.namespace)}/{quote(ref.kind)}/{quote(ref.name)}" if base else ""


def argocd_url(base: str, application: str) -> str:
    """The page of an Application in Argo CD; empty without its address or its name."""
    return f"{base}/applications/{quote(application)}" if base and application else ""


def commit_url(facts: RepositoryFacts, commit: str) -> str:
    """The page of a commit at the code host; empty where the repository's address isn't known."""
    shapes = {"gitlab": "/-/commit/", "bitbucket": "/commits/"}
    return f"{facts.url}{shapes.get(facts.provider, '/commit/')}{commit}" if facts.url else ""
