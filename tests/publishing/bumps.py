"""One version after the other for the same service and environment, each proposed as the actions for that do."""

from __future__ import annotations

from scenedock.gitops.changes import ChangeRequest, Edit
from scenedock.model.code_hosts.code_host import read_repository
from scenedock.model.code_hosts.commit import Attempt, Mark
from scenedock.usecases.publishing.keep_proposal import digest_of, keep_proposal
from scenedock.usecases.publishing.propose_change import Proposal, Proposed
from tests.fakes.github.model import Pull
from tests.publishing.acme import Acme
from tests.publishing.company import Company

BRANCH = "scenedock/deploy/billing/qa"
PATH = "billing/qa.yaml"


def bump(
    acme: Company, version: str, task: str = "", *, again: bool = False, branch: str = BRANCH, path: str = PATH
) -> Proposed:
    """Propose a version of billing for qa."""
    changes = ChangeRequest(edits=(Edit(path, {"image.tag": version}),))
    title = f"billing {version} in qa"
    proposal = Proposal(changes, branch, None, title, f"To {version}.", title, changes_later=True)
    attempt = Attempt(
        Mark(task or f"task-{version}", "step-1"), "user:default/jane", again, acme.logged.append, digest_of(changes)
    )
    with acme.effects.code_hosts.open(read_repository(acme.url())) as repository:
        return keep_proposal(repository, proposal, attempt, supersede=True)


def opened(acme: Acme) -> list[Pull]:
    """The open pull requests of acme/apps."""
    return [pull for pull in acme.repository("apps").pulls.values() if pull.state == "open"]


def proposes(acme: Company, branch: str = BRANCH) -> str:
    """What a branch says of billing's version in qa."""
    return acme.repository("apps").files(branch)[PATH][1].decode()
