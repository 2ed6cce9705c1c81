"""The action that creates an environment: what it asks, what it proposes once, and the plan that it shows before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.errors import ConflictError, InputError, TemporaryError
from tests.publishing.deploying import Deploying, deploying_in
from tests.tools.helm import helm

WISH = {"service": "component:default/billing", "environment": "staging", "fromEnvironment": "qa"}
VALUES = {
    "billing/values-qa.yaml": "image:\n  tag: 1.4.0\nhost: billing.qa.acme.example # public\nreplicas: 1\n",
    "billing/values-dev.yaml": "image:\n  tag: 1.5.0\nhost: billing.dev.acme.example\nreplicas: 1\n",
    "billing/values-production.yaml": "image:\n  tag: 1.3.0\nhost: billing.acme.example\nreplicas: 4\n",
    "billing/templates/secret.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, "
    "image: a, envFrom: [{secretRef: {name: billing-db}}]}]}\n",
}


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Deploying]:
    with deploying_in(tmp_path / "acme", program=str(helm("4"))) as company:
        company.change(dict(VALUES))
        yield company


def test_an_environment_is_proposed_once_with_each_decision_and_what_it_lacks(acme: Deploying) -> None:
    with pytest.raises(InputError) as asked:
        acme.run("create-environment", WISH)
    question = "replicas (gitops:billing/values-qa.yaml:4): it is different in production; it has 1;"
    assert str(asked.value).splitlines() == [
        "1 key of billing/qa must be answered for staging, kept as they are there, or accepted as suggested:",
        f"  {question} answer `replicas=VALUE` (probably 1)",
    ]
    assert acme.repository("gitops").pulls == {}

    answered = {**WISH, "answerLines": "replicas = 2\n"}
    first = acme.run("create-environment", answered)
    again = acme.run("create-environment", answered, task="task-2")

    assert [each["published"][0]["number"] for each in (first, again)] == [1, 1]
    (pull,) = acme.repository("gitops").pulls.values()
    branch = first["published"][0]["branch"]
    assert acme.says("staging", branch) == (
        "image:\n  tag: 1.4.0\nhost: billing.staging.acme.example # public\nreplicas: 2\n"
    )
    assert acme.repository("gitops").files(branch)["scenedock.yaml"][1] == (
        b"environments: {known: [dev, qa, production, staging]}\n"
    )
    assert pull.title == "Create staging of billing from qa"
    for each in (
        "| replicas | 1 → 2 |",
        "billing.staging.acme.example",
        "secrets seal billing KEY --environment staging --name billing-db",
        "Deployment billing",
    ):
        assert each in (pull.body or "")
    assert [each["what"] for each in first["lacks"]] == ["billing-db"]


def test_a_file_that_somebody_made_meanwhile_is_not_overwritten(acme: Deploying) -> None:
    acme.program = "no-helm"
    acme.restart()
    acme.github.world.commit("acme/gitops", "main", {"billing/values-staging.yaml": "image:\n  tag: 9.9.9\n"})

    with pytest.raises(TemporaryError, match=r"billing/values-staging\.yaml has changed since it was read"):
        acme.run("create-environment", {**WISH, "answers": {"replicas": 2}})
    assert acme.repository("gitops").pulls == {}


def test_a_plan_of_a_locked_environment_says_what_is_refused_and_asked(acme: Deploying) -> None:
    acme.program = "no-helm"
    acme.restart()
    acme.change({"scenedock.yaml": "locks: [{environment: staging, reason: freeze, until: 2099-01-01}]\n"})
    plan = acme.run("plan-environment", WISH)
    assert (plan["open"], plan["counts"]["asked"], plan["namespace"]) == (1, 1, "")
    assert "| replicas | 1 → ? |" in plan["markdown"]
    assert acme.repository("gitops").pulls == {}
    with pytest.raises(ConflictError, match="staging is locked until 2099-01-01: freeze"):
        acme.run("create-environment", {**WISH, "answers": {"replicas": 2}})
