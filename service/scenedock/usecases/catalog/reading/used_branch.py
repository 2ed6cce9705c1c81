"""The branch of a repository's addresses where nothing tells its default branch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from scenedock.catalog.reading.handwritten import CATALOG_FILE, is_ours
from scenedock.catalog.vocabulary.source_urls import branch_in
from scenedock.effects.git.commands import GitAddress
from scenedock.errors import InputError
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Listing, RepositoryFacts
from scenedock.structs import replace


def with_used_branch(
    facts: RepositoryFacts, address: GitAddress, read: Callable[[str], bytes], listing: Listing
) -> tuple[RepositoryFacts, Finding | None]:
    """The facts with the branch in the generated files that are committed, where git only guesses one or knows none.

    So a clone that doesn't know the default branch doesn't change it in all addresses. The finding says of a guess that
    it is one, if there are no such files.
    """
    if not facts.url or (address.branch and not address.is_guess):
        return facts, None
    for path in sorted(listing.inside):
        folder, _, name = path.rpartition("/")
        with suppress(InputError):
            if name == CATALOG_FILE and is_ours(data := read(path)):
                used = branch_in(data.decode("utf-8", "replace"), facts, folder)
                if used and used != "HEAD":
                    return replace(facts, branch=used), None
    return facts, _unknown(facts) if address.is_guess else None


def _unknown(facts: RepositoryFacts) -> Finding:
    return Finding(
        "warning",
        "no-branch",
        f"the default branch isn't known here, so addresses say {facts.branch}",
        Place(facts.name),
        "Set `branch` in scenedock.yaml, or run: git remote set-head origin --auto",
    )
