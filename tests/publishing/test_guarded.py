"""What rules want an approval of can't be done by changing files: it is refused, and the action to use is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from scenedock.errors import InputError, NotAllowedError
from scenedock.model.approvals import ApprovalRule, ApprovalRules, Approvers
from scenedock.structs import replace
from tests.publishing.deploying import Deploying, deploying_in

MAX = Approvers(users=frozenset({"user:default/max"}))
RULES = ApprovalRules(
    (
        ApprovalRule(frozenset({"set-version"}), frozenset({"production"}), MAX),
        ApprovalRule(frozenset({"retire-deployment", "retire-environment"}), frozenset({"production", "qa"}), MAX),
    )
)
TAG: dict[str, Any] = {"path": "billing/values-production.yaml", "set": {"image.tag": "1.5.0"}}


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deploying]:
    with deploying_in(tmp_path_factory.mktemp("guarded"), direct="acme/gitops") as company:
        known = "environments: {known: [dev, qa, production]}\n"
        company.change({"scenedock.yaml": f"{known}expires:\n  billing:\n    qa: 2099-05-01\n"})
        company.effects = replace(company.effects, approvals=replace(company.effects.approvals, rules=RULES))
        yield company


def change(acme: Deploying, name: str, task: str = "task-1", **what: Any) -> dict[str, Any]:
    given = {"repoUrl": "https://github.com/acme/gitops", **what}
    return acme.run(
        name, {**given, **({"title": "x"} if name == "propose-change" else {"commitMessage": "x"})}, task=task
    )


@pytest.mark.parametrize("name", ["commit-change", "propose-change"])
def test_what_needs_an_approval_is_refused_with_the_action_to_use(acme: Deploying, name: str) -> None:
    before = acme.repository("gitops").branch("main")
    who = "which needs an approval by user:default/max: use"
    with pytest.raises(NotAllowedError) as refused:
        change(acme, name, edits=[TAG])
    assert str(refused.value) == f"the version of billing/production would change (1.3.0 → 1.5.0), {who} `set-version`"
    with pytest.raises(NotAllowedError):  # the same repository for the host
        change(acme, name, edits=[TAG], repoUrl="https://github.com/Acme/GitOps")
    with pytest.raises(NotAllowedError, match=rf"billing/qa would go, {who} `retire-environment`"):
        change(acme, name, delete=["billing/values-qa.yaml"])
    with pytest.raises(NotAllowedError, match=r"billing/qa would go.*billing/production would go"):
        change(acme, name, rename=[{"from": "billing", "to": "archive"}])
    with pytest.raises(NotAllowedError, match=rf"billing/qa would end on 2031-01-01, {who} `retire-environment`"):
        change(acme, name, edits=[{"path": "scenedock.yaml", "set": {"expires.billing.qa": "2031-01-01"}}])
    assert acme.repository("gitops").branch("main") == before
    assert acme.repository("gitops").pulls == {}


def test_what_needs_none_and_other_repositories_are_not_held_up(acme: Deploying) -> None:
    dev = {"path": "billing/values-dev.yaml", "set": {"image.tag": "1.6.0"}}
    later = {"path": "scenedock.yaml", "set": {"expires.billing.qa": "2099-06-01"}}
    text = {"path": "billing/values-production.yaml", "add": {"replicas": 2}}
    assert change(acme, "commit-change", "other-1", edits=[dev, later, text])["changed"] is True
    elsewhere = {"repoUrl": "https://github.com/acme/apps", "title": "x", "files": [{"path": "a", "content": "b"}]}
    assert acme.run("propose-change", elsewhere, task="other-3")["changed"] is True


def test_an_earlier_end_needs_the_approval_that_retiring_needs(acme: Deploying) -> None:
    end = {"service": "billing", "environment": "qa"}
    with pytest.raises(
        InputError, match="Let billing in qa end on 2031-01-01: this needs an approval by user:default/max"
    ):
        acme.run("extend-environment", {**end, "until": "2031-01-01"}, task="")  # else it would wait
    extended = acme.run("extend-environment", {**end, "until": "2099-12-31"}, task="end-1")
    assert extended["committed"] is True


def test_what_nobody_can_show_to_deploy_the_same_is_refused(acme: Deploying) -> None:
    with pytest.raises(
        NotAllowedError, match=r"`branch` in scenedock.yaml would change.*open the pull request by hand"
    ):
        change(acme, "commit-change", edits=[{"path": "scenedock.yaml", "add": {"branch": "other"}}])
    acme.github.world.commit("acme/gitops", "main", {"billing/values-production.yaml": "image: {tag: 1.3.1}\n"})
    with pytest.raises(NotAllowedError, match=r"\(1.3.1 → 1.3.0\)"):  # though the service still has 1.3.0
        change(acme, "commit-change", edits=[{**TAG, "set": {"image.tag": "1.3.0"}}])
    acme.follow()
