"""Which changes of deployments are proposed now, on the code hosts of the repositories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import ScenedockError
from scenedock.model.code_hosts.commit import deploys_in
from scenedock.model.code_hosts.pull_request import PullRequest
from scenedock.structs import dataclass, field
from scenedock.usecases.publishing.branch_names import branch_of, deployment_in
from scenedock.usecases.publishing.own_branches import DEPLOY

if TYPE_CHECKING:
    from scenedock.releases.release import PairKey


@dataclass(frozen=True, slots=True, eq=False)
class OpenChanges:
    """The open pull requests of each repository by name, and by branch and deployment.

    `unknown` says of other repositories why theirs aren't known.

    `folders` are those of the code host's repositories that are read as repositories, by name.

    A branch has several if a person works on the first. Two are never equal, so that what is made of one can be kept.
    """

    by_repository: Mapping[str, Mapping[str, Sequence[PullRequest]]] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)

    def of(self, key: PairKey, edited: str = "") -> Sequence[PullRequest]:
        """Those of a deployment, in the repository whose line is `edited` if that is another."""
        name = edited or key[0]
        known, folder = self.by_repository.get(name, {}), self.folders.get(name, "")
        found = [
            each for sign in (branch_of([key], folder), deployment_in(key, folder)) for each in known.get(sign, ())
        ]
        return tuple({each.number: each for each in sorted(found, key=lambda each: -each.number)}.values())


def list_open_changes(hosts: CodeHosts, repositories: Mapping[str, ServedRepository]) -> OpenChanges:
    """Ask each code host once for each repository; what can't be asked is unknown.

    Repositories that Scenedock may not write to have none of its pull requests, and plain git servers none at all.
    """
    from scenedock.usecases.changes.homes import Home

    found: dict[str, Mapping[str, Sequence[PullRequest]]] = {}
    unknown: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name, served in repositories.items():
        try:
            with served.opened() as here:
                home = Home.read(name, here)
            folders[name] = home.prefix
            address = home.address(hosts)
            if not hosts.may_write(address):
                continue
            with hosts.open(address) as repository:
                if repository.pulls is not None:
                    found[name] = _by_sign(repository.pulls.open_ones(f"{DEPLOY}/"))
        except ScenedockError as error:
            unknown[name] = str(error)
    return OpenChanges(found, unknown, folders)


def _by_sign(pulls: Iterable[PullRequest]) -> Mapping[str, Sequence[PullRequest]]:
    found: dict[str, list[PullRequest]] = defaultdict(list)
    for pull in pulls:
        for sign in (pull.branch.partition("+")[0], *deploys_in(pull.body)):
            found[sign].append(pull)
    return dict(found)
