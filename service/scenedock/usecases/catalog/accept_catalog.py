"""Accept once what a running service refuses to drop from its catalog."""

from __future__ import annotations

from scenedock.effects.local.catalog_file import CatalogStore
from scenedock.errors import NotFoundError, TemporaryError
from scenedock.structs import replace
from scenedock.usecases.catalog.catalog_record import read_head, write_head

_MOST_ATTEMPTS = 5


def accept_catalog(store: CatalogStore, repository: str = "") -> tuple[str, ...]:
    """Let the next feed lose what was refused, of one repository or of all; the names of those that refused something.

    Only what was refused by now is accepted: if more has vanished when the feed is made, that is refused again. A
    repository that can't be read has to be repaired.

    Raises
    ------
    NotFoundError    there is no catalog, or it has no such repository
    TemporaryError   the catalog is being changed all the time
    """
    for _ in range(_MOST_ATTEMPTS):
        kept = store.load()
        if kept is None:
            raise NotFoundError(
                "there is no catalog yet: run this with the settings of the service, once it has made one"
            )
        head = read_head(kept)
        if repository and repository not in head.repositories:
            raise NotFoundError(f"there is no repository {repository!r}; there are: {', '.join(head.repositories)}")
        accepted = {name: what for name, what in head.refused.items() if repository in {"", name}}
        wanted = {**head.accepted, **accepted}
        changed = replace(kept, head=write_head(replace(head, accepted=wanted)))
        if wanted == head.accepted or store.save(changed, kept.version) is not None:
            return tuple(sorted(accepted))
    raise TemporaryError("the catalog is being changed; try again", retry_after=5)
