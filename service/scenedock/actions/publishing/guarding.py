"""Changes of any files may not do what needs an approval."""

from __future__ import annotations

from scenedock.actions.effects import Effects
from scenedock.changes.guarded import refuse_guarded
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.gitops.changes import Check, Intended, allow_all
from scenedock.usecases.changes.guarding.guard import ChangeAt, guarded_by, homes_at
from scenedock.usecases.changes.guarding.newest import newest_files


def guard(effects: Effects, repository: RemoteRepository) -> Check:
    """What refuses, in the branch that is deployed, whatever the rules want an approval of.

    Without such rules, and in repositories that the service doesn't read, nothing is looked at.
    """
    rules = effects.approvals.rules
    homes = homes_at(effects.code_hosts, effects.repositories, repository.address) if rules.rules else ()
    if not homes:
        return allow_all

    def check(intended: Intended) -> None:
        default = "" if intended.branch != repository.default_branch() else intended.branch
        deployed = [one.home for one in homes if intended.branch in {each or default for each in one.branches}]
        if deployed:
            served = effects.repositories
            files = intended.files()
            changes = [
                ChangeAt(home, newest_files(served[home.name], home.prefix, intended), files) for home in deployed
            ]
            refuse_guarded(effects.apart.read(guarded_by, changes, rules), rules)

    return check
