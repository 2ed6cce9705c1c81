"""Compare a change of any files of a repository with what approvals guard, before it is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from scenedock.changes.guarded import Ends, GuardedChange, guarded_in
from scenedock.changes.planned import PlannedFile
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import ScenedockError
from scenedock.gitops.changes import ChangedFile
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import export_again


def homes_at(
    hosts: CodeHosts, repositories: Mapping[str, ServedRepository], address: RepositoryAddress
) -> Sequence[Home]:
    """The repositories of the service that live at an address of a code host: one, or folders of one."""
    found = []
    for name, served in repositories.items():
        try:
            with served.opened() as here:
                home = Home.read(name, here)
            at = home.address(hosts)
        except ScenedockError:  # where it lives isn't known, so nothing of it can be published either
            continue
        if str(at).lower() == str(address).lower():  # hosts don't tell names apart by case
            found.append(home)
    return found


def guarded_by(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    homes: Sequence[Home],
    files: Sequence[ChangedFile],
) -> tuple[GuardedChange, ...]:
    """What changed files of some repositories do to deployments that are there.

    Raises
    ------
    InputError   the repositories can't be read
    """
    with export_served(repositories, kept) as (result, opened):
        ground = Ground.of(result, opened, partial(export_again, result.names), datetime.now(UTC))
        here = [(home, each) for home in homes for each in files if each.path.startswith(_folder(home))]
        paths = [(home.name, each.path.removeprefix(_folder(home)), each) for home, each in here]
        before = ground.later([PlannedFile(name, path, None, each.before) for name, path, each in paths])
        after = ground.later([PlannedFile(name, path, None, each.after) for name, path, each in paths])
        names = {home.name for home in homes}
        return tuple(guarded_in(before.releases, after.releases, (_ends(before, names), _ends(after, names))))


def _folder(home: Home) -> str:
    return f"{home.prefix}/" if home.prefix else ""


def _ends(ground: Ground, names: set[str]) -> Ends:
    found: dict[str, Mapping[str, str]] = {}
    for each in ground.result.repositories:
        if each.facts.name in names:
            found |= each.settings.expires
    return found
