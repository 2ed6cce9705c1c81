"""Changes of any files may not do what needs an approval."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scenedock.actions.effects import Effects
from scenedock.changes.guarded import refuse_guarded
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.gitops.changes import ChangedFile, Check, allow_all
from scenedock.usecases.changes.guard import guarded_by, homes_at


def guard(effects: Effects, repository: RemoteRepository) -> Check:
    """What refuses, in the branch that is deployed, whatever the rules want an approval of.

    Without such rules, and in repositories that the service doesn't read, nothing is looked at.
    """
    rules = effects.approvals.rules
    homes = homes_at(effects.code_hosts, effects.repositories, repository.address) if rules.rules else ()
    if not homes:
        return allow_all

    def check(branch: str, files: Callable[[], Sequence[ChangedFile]]) -> None:
        deployed = [each for each in homes if branch == (each.branch or repository.default_branch())]
        if deployed:
            refuse_guarded(effects.apart.read(guarded_by, deployed, files()), rules)

    return check
