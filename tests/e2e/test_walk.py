"""A team's first hour by Backstage's forms alone, from no repository to an environment that is retired again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.e2e.company import OUR_TEMPLATES, Company
from tests.e2e.team import FLEET, Team, served_with
from tests.tools.backstage import USER
from tests.tools.feed import accept
from tests.tools.frontend import RefusedError
from tests.tools.sealed_secrets import Cluster
from tests.tools.server import SECONDS_TO_WAIT, wait_until

PIPELINE = "pipeline-of-tickets-0123456789abcdef"
"""A token that may run `set-version`, and nothing else."""
ORDERS = "component:default/orders"
RULES = [
    {"allow": ["bake-skeleton", "register-in-catalog"], "plugins": ["mcp-actions"]},
    {"allow": ["unregister-existing"], "users": [USER]},
]

ANSWERS = {
    "service": "component:default/hello",
    "from": "dev",
    "to": "qa",
    "environment": "qa",
    "version": "0.1.0",
    "key": "PASSWORD",
    "value": "******",  # what the form sends instead of a secret
    "content": "kind: Component",
    "remote_key": "hello/dev",
    "approval": "00000000-0000-4000-8000-000000000000",
    "decision": "approve",
    "name": "books",
    "owner": "group:default/payments",
    "image": "registry.example.com/acme/books",
}
"""What a person may write into any of our forms; a form takes what it asks."""
MORE_ANSWERS: dict[str, dict[str, object]] = {
    "create-deployment": {"service": "books", "from": "hello"},
    "create-environment": {"environment": "demo"},
    "new-deployment": {"service": "books"},
    "new-gitops-repository": {"service": "books"},
}

NOT_HERE = {"assess-application", "new-eks-cluster"}
"""Forms that need a code host with https, and without a port in its address."""


@pytest.fixture(scope="module")
def team(company: Company) -> Iterator[Team]:
    """A team that has just started its GitOps repository by a form, and whose platform has listed it for Scenedock."""
    team, github = Team(company), company.github
    started = team.send(
        "new-gitops-repository", repoUrl=github.picked(FLEET), owner="group:default/platform", platform="argocd"
    )
    assert "SCENEDOCK_REPOSITORIES" in str(started.output["text"])
    (company.folder / "fleet.pem").write_bytes(Cluster("fleet").certificate())
    certificates, rules = company.folder / "certificates.yaml", company.folder / "rules-of-fleet.yaml"
    certificates.write_text("certificates:\n- {file: fleet.pem, repositories: [fleet]}\n", encoding="utf-8")
    rules.write_text(yaml.safe_dump({"rules": RULES}), encoding="utf-8")
    tokens = yaml.safe_load(Path(company.service.environment["SCENEDOCK_TOKENS_FILE"]).read_bytes())["tokens"]
    tokens.append({"name": "tickets-ci", "token": PIPELINE, "scope": "run", "actions": ["set-version"]})
    listed = company.folder / "tokens-of-fleet.yaml"
    listed.write_text(yaml.safe_dump({"tokens": tokens}), encoding="utf-8")
    settings = {
        "SCENEDOCK_TOKENS_FILE": str(listed),
        "SCENEDOCK_HISTORY_COMMITS": "100",  # a roll back asks what was there before
        "SCENEDOCK_REPOSITORIES": f"{github.apps}#main,{github.fake.url}/acme/{FLEET}#main",
        "SCENEDOCK_RULES": str(rules),
        "SCENEDOCK_CERTIFICATES": str(certificates),
    }
    with served_with(company, settings):
        yield team
    url = company.feed.partition("/api/")[0]
    assert accept(FLEET, "--url", url, SCENEDOCK_TOKEN=company.operator).returncode == 0


def test_a_first_service_a_second_environment_a_promotion_and_a_retirement_by_forms(team: Team) -> None:
    _deploys(team)
    _creates_qa(team)
    _promotes(team)
    _retires_qa(team)


def _deploys(team: Team) -> None:
    """A service, in dev alone."""
    picked = team.company.github.picked(FLEET)
    answers = {"service": "orders", "owner": "group:default/payments", "image": "registry.example.com/acme/orders"}
    team.send(
        "new-deployment",
        **answers,
        repoUrl=picked,
        ingress_domain="acme.example",
        environment_qa=False,
        environment_production=False,
    )
    team.merge("Deploy orders")
    team.runs("orders", dev="0.1.0")


def _creates_qa(team: Team) -> None:
    """The plan first, then with an answer to what it asks."""
    asked = {"service": ORDERS, "from": "dev", "environment": "qa"}
    plan = team.send("create-environment", **asked)
    refused = team.fill_in("create-environment", {**asked, "plan_only": False})
    team.send("create-environment", **asked, plan_only=False, answers="workload.replicas=2")

    (shown,) = plan.output["text"]
    assert "Keys that must be answered, kept or accepted on the second page of the form: 1." in shown["content"]
    assert "| workload.replicas | 1 → ? |" in shown["content"]
    assert "+ Namespace orders-qa" in shown["content"]
    assert refused.status == "failed"
    assert "answer `workload.replicas=VALUE` (probably 1)" in refused.text
    body = team.pull("Create qa of orders from dev").body or ""
    assert "orders.dev.acme.example → orders.qa.acme.example" in body
    team.merge("Create qa of orders from dev")
    team.runs("orders", dev="0.1.0", qa="0.1.0")


def _promotes(team: Team) -> None:
    """A new version in dev, then in qa; its environment gets an end."""
    team.send("set-version", service=ORDERS, environment="dev", version="0.2.0")
    team.merge("Set orders in dev to 0.2.0")
    team.runs("orders", dev="0.2.0", qa="0.1.0")
    team.send("promote-deployment", service=ORDERS, **{"from": "dev"}, to="qa")
    team.merge("Promote orders 0.2.0 to qa")
    team.runs("orders", dev="0.2.0", qa="0.2.0")
    team.send("extend-environment", service=ORDERS, environment="qa", until="2099-01-15", reason="the tests of May")
    team.merge("Let orders in qa end on 2099-01-15")


def _retires_qa(team: Team) -> None:
    """What it does first; then an approval by somebody else, which comes after a restart of Scenedock."""
    frontend, asked = team.company.frontend, {"service": ORDERS, "environment": "qa"}
    plan = team.send("retire-environment", **asked)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(team.fill_in, "retire-environment", {**asked, "plan_only": False})
        approval = team.approval(running)
        team.company.service.stop()
        team.company.service.start()
        stopped = running.result(SECONDS_TO_WAIT)
        own = team.fill_in("decide-approval", {"approval": approval["id"], "decision": "approve"})
        team.ask("POST", f"approvals/{approval['id']}/approve", {"comment": "the tests are over"})
        running = pool.submit(frontend.retry, stopped)
        pull = team.proposed(running, "Retire orders in qa")
        team.merge(pull.title)
        retired = running.result(SECONDS_TO_WAIT)

    (shown,) = plan.output["text"]
    assert "- fleet:orders/values-qa.yaml" in shown["content"]
    assert "- Namespace orders-qa" in shown["content"]
    assert "delete it by hand" not in shown["content"]  # the namespace is in the chart, so it goes
    assert (approval["askedBy"], approval["what"]) == (USER, "Retire orders in qa")
    assert (stopped.status, "call again with the same `requestId`" in stopped.text) == ("failed", True), stopped.text
    assert (own.status, "somebody else must decide" in own.text) == ("failed", True), own.text
    assert "Approved by token:ops: the tests are over" in (pull.body or "")
    assert retired.status == "completed", retired.text
    assert [link["url"] for link in retired.output["links"]] == [
        f"{team.company.github.fake.url}/acme/fleet/pull/{pull.number}"
    ]
    team.runs("orders", dev="0.2.0")
    files = team.company.github.hosted(FLEET).files("main")
    assert "orders/values-qa.yaml" not in files
    assert "hello/values-qa.yaml" in files
    assert b"expires" not in files["scenedock.yaml"][1]


@pytest.mark.extended
def test_a_release_of_a_new_service_goes_to_qa_and_back(team: Team) -> None:
    tickets = {"service": "component:default/tickets"}
    made = team.send(
        "new-python-service",
        name="tickets",
        owner="group:default/payments",
        gitopsRepoUrl=team.company.github.picked(FLEET),
        environment_production=False,
    )
    first = team.propose("tickets", "0.1.0", PIPELINE)
    team.merge("Deploy tickets")
    team.runs("tickets", dev="0.1.0", qa="0.1.0")

    proposed = team.propose("tickets", "0.2.0", PIPELINE)
    again = team.propose("tickets", "0.2.0", PIPELINE)
    bodies = [team.merge("Set tickets in dev to 0.2.0")]
    team.runs("tickets", dev="0.2.0", qa="0.1.0")
    team.send("promote-deployment", **tickets, **{"from": "dev"}, to="qa")
    bodies.append(team.merge("Promote tickets 0.2.0 to qa"))
    team.runs("tickets", dev="0.2.0", qa="0.2.0")
    team.send("roll-back-deployment", **tickets, environment="qa")
    bodies.append(team.merge("Roll tickets in qa back to 0.1.0"))
    team.runs("tickets", dev="0.2.0", qa="0.1.0")

    assert [link["title"] for link in made.output["links"]] == ["Repository", "Pull request", "API in the catalog"]
    assert "there is no deployment of a service 'tickets'" in first
    title, address = proposed.splitlines()
    assert title == "Set tickets in dev to 0.2.0"
    assert address in again
    for body in bodies:  # everything renders
        assert "ghcr.io/acme/tickets:0.2.0" in body, body
        assert "isn't known" not in body, body


@pytest.mark.extended
def test_a_service_with_its_api_is_retired_and_what_a_template_registered_is_unregistered(team: Team) -> None:
    frontend, ledger = team.company.frontend, {"service": "component:default/vault-of-books"}
    entities = [ledger["service"], "api:default/vault-of-books"]
    picked = team.company.github.picked(FLEET)
    team.send(
        "new-python-service",
        name="vault-of-books",
        owner="group:default/payments",
        description="Books",
        gitopsRepoUrl=picked,
    )
    team.merge("Deploy vault-of-books")
    wait_until(lambda: frontend.has(entities), "the service and its API in the catalog")
    of_secret = {**ledger, "environment": "dev", "key": "PASSWORD", "value": "*******"}
    sealed = team.fill_in("seal-secret", of_secret, {"value": "hunter2"})
    assert sealed.status == "completed", sealed.text
    team.merge("Seal PASSWORD of vault-of-books/dev")
    stored = {"key": "TOKEN", "remote_key": "books/qa", "remote_property": "token", "store": "vault"}
    referred = team.send("refer-to-secret", **ledger, environment="qa", **stored)
    team.merge("Refer to TOKEN of vault-of-books/qa")
    team.runs("vault-of-books", dev="0.1.0", production="0.1.0", qa="0.1.0")

    with ThreadPoolExecutor(1) as pool:
        answers = {**ledger, "plan_only": False, "unregister_source": "nobody keeps books"}
        running = pool.submit(team.fill_in, "retire-deployment", answers)
        approval = team.approval(running)
        team.ask("POST", f"approvals/{approval['id']}/approve", {"comment": "it is empty"})
        team.merge(team.proposed(running, "Retire vault-of-books").title)
        retired = running.result(SECONDS_TO_WAIT)

    assert retired.status == "completed", retired.text
    assert "`vault-of-books/values-qa.yaml`" in str(referred.output["text"])
    assert "PASSWORD" not in approval["summary"]
    assert "ExternalSecret vault-of-books-qa/vault-of-books" in approval["summary"]
    assert "SealedSecret vault-of-books-dev/vault-of-books" in approval["summary"]
    targets = [each["data"]["target"] for each in frontend.ask("GET", "catalog/locations")]
    assert not [each for each in targets if "vault-of-books" in each]
    wait_until(lambda: not any(frontend.has([each]) for each in entities), "an end of the service and of its API")


@pytest.mark.extended
@pytest.mark.parametrize("name", sorted({file.stem for file in OUR_TEMPLATES.glob("*.yaml")} - NOT_HERE))
def test_the_template_editor_tries_each_template_that_ships_with_a_filled_in_form(team: Team, name: str) -> None:
    template = yaml.safe_load((OUR_TEMPLATES / f"{name}.yaml").read_bytes())
    picked = team.company.github.picked(FLEET)
    answers = {**ANSWERS, "repoUrl": picked, "gitopsRepoUrl": picked} | MORE_ANSWERS.get(name, {})
    form = team.company.frontend.fill_in(name, answers)

    shown = team.company.frontend.dry_run(template, form)

    said = [str(entry["body"]["message"]) for entry in shown["log"]]
    ended = [entry["body"].get("status") for entry in shown["log"] if entry["body"].get("stepId")]
    assert "failed" not in ended, said
    for step in template["spec"]["steps"]:
        assert any(f"Running {step['action']} in dry-run mode" in each or step["id"] in each for each in said), said
    assert shown["output"]


@pytest.mark.extended
@pytest.mark.parametrize(
    ("name", "answers", "reason"),
    [
        # AWS trusts no code host with a port, as ours here has.
        ("new-eks-cluster", {}, r"Invalid answers: host: '127\.0\.0\.1:\d+' does not match"),
        (
            "assess-application",
            {"repositories": ["https://github.com/acme/shop"]},
            "is not one of the allowed code hosts",
        ),
    ],
)
def test_what_cannot_be_tried_with_the_code_host_here_is_refused_with_its_reason(
    team: Team, name: str, answers: dict[str, object], reason: str
) -> None:
    template = yaml.safe_load((OUR_TEMPLATES / f"{name}.yaml").read_bytes())
    picked = team.company.github.picked(FLEET)
    form = team.company.frontend.fill_in(name, {**ANSWERS, "repoUrl": picked, "gitopsRepoUrl": picked, **answers})

    with pytest.raises(RefusedError, match=reason):
        team.company.frontend.dry_run(template, form)
