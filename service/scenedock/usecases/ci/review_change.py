"""Review what a change does: are the catalog files right, and what changes in the catalog and in the manifests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from scenedock.catalog.comparing.changes import Changes
from scenedock.effects.git.overlaid import OverlaidRepository
from scenedock.effects.git.repositories import Repository
from scenedock.errors import ScenedockError
from scenedock.manifests.difference import ManifestDiff
from scenedock.structs import dataclass, replace
from scenedock.usecases.catalog.check_catalog import Check, check_catalog
from scenedock.usecases.catalog.diff_catalog import State as CatalogState
from scenedock.usecases.catalog.diff_catalog import diff_catalog
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.manifests.differences import diff_repositories
from scenedock.usecases.manifests.tools import RenderingTools

Repositories: TypeAlias = Mapping[str, Repository]
_NO_BASE = "Nothing was compared: this isn't the pipeline of a pull request, and no commit is named (--since)"
_UNCOMMITTED = "No generated catalog-info.yaml is committed, so none is checked"


@dataclass(frozen=True, slots=True)
class Review:
    """What was found; None for what wasn't looked at. `notes` say why something was not, as sentences without a dot.

    `uncompared` are the same about what was asked for, but couldn't be compared.
    """

    export: Export
    check: Check | None = None
    changes: Changes | None = None
    manifests: ManifestDiff | None = None
    notes: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the check found something to fix."""
        return self.check is not None and self.check.failed

    @property
    def changed(self) -> bool:
        """Whether an entity or a manifest changes, or can't be rendered any more to tell."""
        return bool(self.changes) or (
            self.manifests is not None and bool(self.manifests.blocks or self.manifests.unrendered)
        )

    @property
    def is_news(self) -> bool:
        """Whether there is something to say on a pull request: also that it isn't known whether anything changes."""
        return self.failed or self.changed or bool(self.uncompared)


def review_change(
    before: Repositories | None,
    after: Repositories,
    export: Callable[[Repositories], Export],
    *,
    check: bool,
    catalog: bool,
    tools: RenderingTools | None,
) -> Review:
    """Check and compare the catalog, and the manifests with `tools`; without `before`, nothing is compared.

    If no Helm is named, and the one on PATH can't be used, that is noted. Where no generated file is committed, as
    where Backstage reads the feed, only what can't be read is an error.

    Raises
    ------
    InputError, NotFoundError   a repository can't be read, or the Helm that is named isn't there, or is something else
    NotAllowedError             the Helm that is named can't be sandboxed here
    """
    exported = export(after)
    review = Review(exported)
    if check:
        checked = check_catalog(exported, after)
        if checked.none_is_committed:
            checked, review = replace(checked, wrong=()), replace(review, notes=(_UNCOMMITTED,))
        review = replace(review, check=checked)
    if before is None:
        return _without(review, _NO_BASE) if catalog or tools else review
    if catalog:
        changes = diff_catalog(CatalogState(export(before), before), CatalogState(exported, after))
        review = replace(review, changes=changes)
    if tools:
        try:
            tools.helm.check()
        except ScenedockError as error:
            if tools.helm.is_named:
                raise
            return _without(review, f"Manifests weren't compared: {error}")
        review = replace(review, manifests=diff_repositories(before, after, tools))
    return review


def before_all(repositories: Repositories) -> Repositories:
    """The same repositories without a file: as they were before the commit that made them."""
    return {name: OverlaidRepository(each, dict.fromkeys(each.listing().inside)) for name, each in repositories.items()}


def _without(review: Review, why: str) -> Review:
    return replace(review, uncompared=(*review.uncompared, why))
