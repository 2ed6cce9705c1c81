"""Links to what is new between two versions, as far as it is proven where the code is and what its tags are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote

from scenedock.catalog.vocabulary.source_urls import project_slug
from scenedock.model.helm import Provider, RepositoryFacts
from scenedock.releases.tags import SemVer

_COMMIT: Final = re.compile(r"[0-9a-f]{7,40}")
_ADDRESS: Final = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/[\w.~-]+)+", re.ASCII | re.IGNORECASE)
"""An address without a sign that ends a link, or that Markdown knows."""
_SHAPES: Final[Mapping[str, str]] = {"github": "/compare/", "gitea": "/compare/", "gitlab": "/-/compare/"}


def of_source(addresses: Collection[str], hosts: Mapping[str, Provider], tags: str, old: str, new: str) -> str:
    """The comparison of a service's source code; empty unless one repository alone is named and its tags are known.

    `tags` says what the tag of a version is called: `v{version}`. Versions that are commits need no tags.

    >>> of_source(["https://github.com/acme/billing"], {}, "v{version}", "1.0.0", "1.1.0")
    'https://github.com/acme/billing/compare/v1.0.0...v1.1.0'
    >>> of_source(["https://github.com/acme/billing"], {}, "", "1.0.0", "1.1.0")
    ''
    """
    slugs = {found for each in addresses if (found := project_slug(each, hosts))}
    refs = [_ref(version, tags) for version in (old, new)]
    if len(slugs) != 1 or not all(refs):
        return ""
    slug = slugs.pop()
    shape = _SHAPES.get(slug.provider)
    address = f"https://{slug.host or f'{slug.provider}.com'}/{slug.slug}"
    return f"{address}{shape}{refs[0]}...{refs[1]}" if shape and _ADDRESS.fullmatch(address) else ""


def of_commits(repository: RepositoryFacts, old: str, new: str) -> str:
    """The comparison of two commits of a repository; empty where its address isn't known."""
    shape = _SHAPES.get(repository.provider)
    is_plain = _ADDRESS.fullmatch(repository.url)
    return f"{repository.url}{shape}{old}...{new}" if is_plain and shape and old != new else ""


def _ref(version: str, tags: str) -> str:
    """The tag or commit of a version; empty where its name isn't known."""
    plain = version.partition("@")[0]
    if SemVer.parse(plain) and tags:
        return quote(tags.replace("{version}", plain.removeprefix("v")), safe="")
    return plain if _COMMIT.fullmatch(plain) and not plain.isdecimal() else ""
