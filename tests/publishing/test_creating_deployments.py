"""The action that creates a deployment: what it asks, what it proposes once, whatever call is lost, and its plan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from scenedock.errors import ConflictError, InputError, TemporaryError
from tests.fakes.github import faults
from tests.publishing.deploying import Deploying, deploying_in
from tests.tools.git_server import git
from tests.tools.helm import helm

WISH = {"service": "orders", "fromService": "component:default/billing", "version": "0.1.0"}
ANSWERS = {**WISH, "answerLines": "version = 1.0.0\napiVersion=v2\nimage.repository=acme/orders", "keep": ["*"]}
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    "spec: {containers: [{name: a, image: a, envFrom: [{secretRef: {name: "
)


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Deploying]:
    with deploying_in(tmp_path / "acme", program=str(helm("4"))) as company:
        company.change({"billing/templates/pod.yaml": f"{POD}billing-db}}}}]}}]}}\n"})
        (company.clone / "billing/run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
        (company.clone / "billing/run.sh").chmod(0o755)
        (company.clone / "billing/start").symlink_to("run.sh")
        git(company.clone, "add", ".")
        git(company.clone, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=a")
        git(company.clone, "push", "--quiet", str(company.repository("gitops").git.folder), "HEAD:main")
        yield company


def test_a_deployment_is_proposed_once_with_each_decision_and_what_it_lacks(acme: Deploying) -> None:
    with pytest.raises(InputError, match="of billing must be answered for orders") as asked:
        acme.run("create-deployment", {"service": "orders", "fromService": "billing"})
    assert "orders/values-qa.yaml:image.tag (gitops:billing/values-qa.yaml:2): it is the version" in str(asked.value)
    plan = acme.run("plan-deployment", WISH)
    assert plan["open"] == plan["counts"]["asked"] - 3
    assert "| image.repository | acme/billing → acme/orders |" in plan["markdown"]
    assert acme.repository("gitops").pulls == {}

    lose = partial(acme.github.faults.add, "POST .*/(git/refs|pulls)$")
    for lost in (partial(lose, before=faults.dropped), partial(lose, at=2, after=faults.dropped)):
        lost()  # a call of an attempt, before and after it has its effect
        with pytest.raises(TemporaryError):
            acme.run("create-deployment", ANSWERS)
        acme.github.faults.clear()
    first = acme.run("create-deployment", ANSWERS, again=True)
    second = acme.run("create-deployment", ANSWERS, task="task-2")

    assert [each["published"][0]["number"] for each in (first, second)] == [1, 1]
    (pull,) = acme.repository("gitops").pulls.values()
    files = acme.repository("gitops").files(first["published"][0]["branch"])
    assert files["orders/values-qa.yaml"][1] == b"image:\n  tag: 0.1.0 # qa\n"
    assert (files["orders/run.sh"], files["orders/start"]) == (("100755", b"#!/bin/sh\n"), ("120000", b"run.sh"))
    assert files["orders/templates/pod.yaml"][1].decode() == f"{POD}orders-db}}}}]}}]}}\n"
    assert pull.title == "Deploy orders, made from billing"
    for each in ("acme/orders:0.1.0", "secrets seal orders KEY --environment qa --name orders-db", "Deployment orders"):
        assert each in (pull.body or "")
    assert [each["environment"] for each in first["releases"]] == ["dev", "qa", "production"]

    acme.merge_in("gitops", 1)
    acme.follow()
    again = acme.run("create-deployment", ANSWERS, again=True)
    assert (again["published"][0]["number"], again["plan"], again["changed"]) == (1, None, True)
    with pytest.raises(ConflictError, match="orders is deployed already"):
        acme.run("create-deployment", ANSWERS, task="task-3")
    assert len(acme.repository("gitops").pulls) == 1


def test_a_deployment_from_a_skeleton_is_proposed_with_the_files_that_it_gives(acme: Deploying) -> None:
    wish = {"service": "orders", "version": "0.1.0", "environments": ["qa"], "keep": ["*"]}
    made = acme.run("create-deployment", {**wish, "answers": {"library_source": "registry"}})
    files = acme.repository("gitops").files(made["published"][0]["branch"])
    assert {path for path in files if path.startswith("orders/values-")} == {"orders/values-qa.yaml"}
    assert made["title"] == "Deploy orders, made from the skeleton deployment"
    assert {each["need"] for each in made["lacks"]} >= {"image"}
