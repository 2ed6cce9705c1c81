"""Since when versions are there, of which only those are followed again whose files a commit has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scenedock.effects.git.git_files import mailmap_state
from scenedock.effects.git.history import GitHistory
from scenedock.effects.git.repositories import Repository
from scenedock.releases.history import VersionHistory
from scenedock.releases.release import PairKey
from scenedock.structs import replace
from scenedock.usecases.releases.follow_versions import Extent, follow, why_not_followed
from scenedock.usecases.releases.known_versions import KnownVersion, KnownVersions, ServedVersions
from scenedock.usecases.releases.survey import Survey

_MAILMAP: Final = ".mailmap"
"""Of a bare repository, git takes the one of the commit."""


def follow_known(served: ServedVersions, extent: Extent) -> dict[PairKey, VersionHistory]:
    """The histories of all releases with a version. What is found becomes known; it is always of the same `extent`."""
    known = served.known
    readable = {name: each for name, each in served.repositories.items() if name not in known.last_good}
    commits, mailmaps, touched = _looked_at(readable, known)
    wanted = [number for number, release in enumerate(served.releases) if release.version is not None]
    left = [
        each
        for each in wanted
        if served.releases[each].repository in readable and not _is_settled(known.versions[each], touched)
    ]
    pairs = tuple(served.pairs[each] for each in left)
    read = [served.readers[pair.repository].deployed_with_files(pair) for pair in pairs]
    followed = Survey(
        pairs,
        tuple(deployed for deployed, _, _ in read),
        tuple(served.releases[each] for each in left),
        served.readers,
        known.prefixes,
    )
    found = follow(followed, served.repositories, followed.releases, extent)
    versions = list(known.versions)
    for number, pair, (_, _, lasts) in zip(left, pairs, read, strict=True):
        history, release = found.get(served.releases[number].key), served.releases[number]
        is_lasting = lasts and history and (why_not_followed(pair, release) or _is_committed(history))
        versions[number] = replace(versions[number], history=history if is_lasting else None)
    served.known = replace(
        known,
        versions=tuple(versions),
        commits={**known.commits, **commits},
        mailmaps={**known.mailmaps, **mailmaps},
    )
    all_of = [(served.releases[each].key, versions[each].history) for each in wanted]
    return {key: history for key, kept in all_of if (history := found.get(key, kept))}


def _looked_at(
    repositories: Mapping[str, Repository], before: KnownVersions
) -> tuple[dict[str, str], dict[str, str], dict[str, frozenset[str]]]:
    """The newest commit of each repository, its mailmap, and the files changed since the commit before.

    The files only where it follows that commit, and names authors as before.
    """
    commits: dict[str, str] = {}
    mailmaps: dict[str, str] = {}
    touched: dict[str, frozenset[str]] = {}
    for name, repository in repositories.items():
        root, ref = repository.history_root()
        mailmaps[name] = mailmap_state(root)
        with GitHistory(root, ref) as history:
            commits[name], old = history.newest(), before.commits.get(name)
            changed = history.changed_since(old, commits[name]) if old else None
        if changed is not None and _MAILMAP not in changed and mailmaps[name] == before.mailmaps[name]:
            touched[name] = changed
    return commits, mailmaps, touched


def _is_settled(version: KnownVersion, touched: Mapping[str, frozenset[str]]) -> bool:
    """Whether its history is known, and no commit since has changed one of its files."""
    changed = touched.get(version.alone.release.repository)
    if version.history is None or changed is None:
        return False
    here = [path for name, path in version.files if name == version.alone.release.repository]
    return version.alone.files.isdisjoint(changed) and changed.isdisjoint(here)


def _is_committed(history: VersionHistory) -> bool:
    """Whether the commit that brought the version was found, with its author: not only as far as there was time."""
    newest = history.newest
    return bool(newest and newest.commit and newest.commit.author)
