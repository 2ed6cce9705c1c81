"""What is proposed already for the deployments of a change, and whether the change would set an older version."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scenedock.changes.planned import Refusal
from scenedock.changes.steps import is_downgrade
from scenedock.changes.text import versions_in
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.model.code_hosts.commit import deploys_in
from scenedock.model.code_hosts.pull_request import PullRequest
from scenedock.usecases.publishing.own_branches import DEPLOY


def open_beside(
    repository: RemoteRepository, branch: str, deploys: Collection[str]
) -> Iterator[tuple[PullRequest, tuple[str, ...]]]:
    """The open pull requests of other branches that change some of these deployments, and which."""
    own = branch.partition("+")[0]
    for pull in repository.pulls.open_ones(f"{DEPLOY}/") if repository.pulls else ():
        same = sorted({*deploys}.intersection(deploys_in(pull.body)))
        if same and pull.branch.partition("+")[0] != own:
            yield pull, tuple(same)


def not_newer(message: str, proposed: str, place: str) -> Iterator[Refusal]:
    """What speaks against a change that must set nothing older than what is proposed; both are messages of changes.

    Versions without an order are refused, too: nobody can tell which of them is older.
    """
    wanted = versions_in(message)
    for pair, version in versions_in(proposed).items():
        new = wanted.get(pair, version)
        if new == version or is_downgrade(new, version):
            continue
        why = f"is newer than {new}" if is_downgrade(version, new) else f"has no order with {new}"
        said = f"{place} proposes {version} for {pair}, which {why}"
        yield Refusal("downgrade", pair, said, remedy="Close it if it isn't wanted.")
