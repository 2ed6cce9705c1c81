"""The actions that change secrets: one open pull request for each, which gathers keys, and no value anywhere else."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.actions import ACTIONS
from scenedock.effects.git import served_apart
from scenedock.errors import ConflictError, InputError, NotFoundError, ScenedockError
from scenedock.model.action import Caller, Context
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.run_as_task import TaskCalls
from tests.fakes.github import faults
from tests.publishing.deploying import FILES, Deploying, deploying_in
from tests.publishing.test_canary import SECRET, found
from tests.tools.sealed_secrets import Cluster
from tests.usecases.secrets.repositories import application

CLUSTER = Cluster()
LOCK = "locks:\n- {environment: production, reason: freeze, until: 2099-01-01}\n"
BRANCH = "scenedock/secret/billing/production/billing"


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Deploying]:
    with deploying_in(tmp_path / "acme") as company:
        (company.folder / "cert.pem").write_bytes(CLUSTER.certificate(days=20))
        company.certificates = company.folder / "certificates.yaml"
        company.certificates.write_text("certificates: [{environments: [production], file: cert.pem}]", "utf-8")
        company.change(
            {
                "billing/values.yaml": "image: {repository: acme/billing}\nsealedSecrets: {}\nexternalSecrets: {}\n",
                **{f"argocd/{each}.yaml": application(each) for each in ("dev", "qa", "production")},
            }
        )
        company.restart()
        yield company


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repositories are read in this process: a process of its own takes a second to start."""
    monkeypatch.setattr(served_apart, "run_apart", lambda _limits, function, *arguments: function(*arguments))


def seal(acme: Deploying, task: str = "task-1", environment: str = "production", **given: Any) -> dict[str, Any]:
    """Seal keys of billing's secret."""
    return acme.run("seal-secret", {"service": "billing", "environment": environment, **given}, task=task)


def opened(text: str) -> dict[str, bytes]:
    """What the cluster opens of a values file, as the library chart makes it."""
    entry = yaml.safe_load(text)["sealedSecrets"]["billing"]
    metadata = {"name": "billing", "namespace": "billing-production"}
    return CLUSTER.opens({"metadata": metadata, "spec": {"encryptedData": entry["encryptedData"]}})


def test_a_secret_has_one_open_pull_request_that_gathers_its_keys(
    acme: Deploying, request: pytest.FixtureRequest
) -> None:
    first = seal(acme, key="PASSWORD", secretValue=SECRET)
    request.getfixturevalue("in_this_process")
    again = acme.run(
        "seal-secret",
        {"service": "billing", "environment": "production", "key": "PASSWORD", "secretValue": SECRET},
        again=True,
    )
    second = seal(acme, "task-2", secrets={"USER": "billing"}, binarySecrets={"key.bin": "AP8="})

    assert (first["branch"], first["number"], again["number"], second["number"]) == (BRANCH, 1, 1, 1)
    assert (second["keys"], second["path"]) == (["PASSWORD", "USER", "key.bin"], "billing/values-production.yaml")
    assert any("the certificate expires in" in note for note in second["notes"])
    text = acme.says("production", BRANCH)
    assert text.startswith(FILES["billing/values-production.yaml"])
    assert opened(text) == {"PASSWORD": SECRET.encode(), "USER": b"billing", "key.bin": b"\0\xff"}
    gitops = acme.repository("gitops")
    assert len(gitops.git.commits(f"main..{BRANCH}")) == 1
    acme.merge_in("gitops", 1)
    acme.follow()
    third = seal(acme, "task-3", key="USER", secretValue="billing-2")
    assert (third["number"], third["keys"], third["replaced"]) == (2, ["USER"], ["USER"])
    assert opened(acme.says("production", third["branch"]))["PASSWORD"] == SECRET.encode()


@pytest.mark.usefixtures("in_this_process")
def test_a_reference_to_a_store_is_proposed_in_the_same_way(acme: Deploying) -> None:
    given = {"service": "billing", "environment": "qa", "references": {"TOKEN": {"key": "billing/qa"}}}
    with pytest.raises(InputError, match="billing/qa has no secret billing yet; give its `store`"):
        acme.run("refer-to-secret", given)

    acme.run("refer-to-secret", {**given, "store": "vault"}, task="task-2")
    form = {"key": "USER", "remoteKey": "billing/qa", "remoteProperty": "user", "store": "vault"}
    made = acme.run("refer-to-secret", {"service": "billing", "environment": "qa", **form}, task="task-3")
    for wrong, message in (
        ({"key": "USER"}, "`key` and `remoteKey` belong together"),
        ({"remoteProperty": "user"}, "`key` and `remoteKey` belong together"),
        ({"key": "TOKEN", "remoteKey": "billing/qa"}, "there are two references for TOKEN"),
        ({"references": {}}, "name at least one key"),
    ):
        with pytest.raises(InputError, match=message):
            acme.run("refer-to-secret", {**given, **wrong}, task="task-4")

    assert (made["number"], made["keys"]) == (1, ["TOKEN", "USER"])
    assert yaml.safe_load(acme.says("qa", made["branch"]))["externalSecrets"]["billing"] == {
        "store": "vault",
        "data": {"TOKEN": {"key": "billing/qa"}, "USER": {"key": "billing/qa", "property": "user"}},
    }


@pytest.mark.usefixtures("in_this_process")
def test_what_must_not_be_is_refused(acme: Deploying) -> None:
    with pytest.raises(NotFoundError, match="no certificate is listed for qa"):
        seal(acme, environment="qa", key="A", secretValue="x")
    for given, message in (
        ({}, "name at least one key"),
        ({"key": "A"}, "`key` and `secretValue` belong together"),
        ({"key": "A", "secretValue": "x", "secrets": {"A": "y"}}, "there are two values for A"),
        ({"binarySecrets": {"A": "-"}}, "the value of A in `binarySecrets` is not base64"),
        ({"binarySecrets": {"A": "é"}}, "the value of A in `binarySecrets` is not base64"),
        ({"secrets": {"A": ""}}, "the value of A is empty"),
        ({"secrets": {"A": "x" * 1_100_000}}, "more than 1 MiB"),
        ({"secrets": {"..a": "x"}}, "can't be a key of a Secret"),
    ):
        with pytest.raises(InputError, match=message):
            seal(acme, **given)
    acme.change({"scenedock.yaml": FILES["scenedock.yaml"] + LOCK})
    with pytest.raises(ConflictError, match="production is locked until 2099-01-01"):
        seal(acme, key="A", secretValue="x")
    passed = seal(acme, key="A", secretValue="x", passLock="the old one leaked")
    assert any("the old one leaked" in note for note in passed["notes"])
    (acme.folder / "cert.pem").write_bytes(CLUSTER.certificate(days=-1, since=9))
    with pytest.raises(InputError, match="the certificate expired on"):
        seal(acme, "task-2", key="A", secretValue="x")


@pytest.mark.usefixtures("in_this_process")
def test_a_lock_of_another_environment_that_gets_the_file_counts(acme: Deploying) -> None:
    path = "billing/templates/es.yaml"
    acme.change(
        {
            "scenedock.yaml": FILES["scenedock.yaml"] + LOCK,
            path: "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: billing}\n"
            "spec:\n  secretStoreRef: {kind: ClusterSecretStore, name: vault}\n  data: []\n",
        }
    )
    given = {"service": "billing", "environment": "qa", "references": {"A": {"key": "billing/all"}}, "path": path}

    with pytest.raises(ConflictError, match="production is locked until 2099-01-01"):
        acme.run("refer-to-secret", given)
    passed = acme.run("refer-to-secret", {**given, "passLock": "an incident"}, task="task-2")
    assert (passed["path"], any("an incident" in note for note in passed["notes"])) == (path, True)


@pytest.mark.usefixtures("in_this_process")
def test_a_sealed_value_is_nowhere_else(acme: Deploying, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    action = next(each for each in ACTIONS if each.name == "seal-secret")
    given = {"service": "billing", "environment": "production", "key": "PASSWORD", "secretValue": SECRET}
    refused = {"environment": "qa"}, {"key": ".."}, {"binarySecrets": {"A": SECRET}}, {"secrets": {"A/": SECRET}}
    inputs: list[tuple[dict[str, Any], Any]] = [
        ({**given, "secrets": {"TOKEN": SECRET}}, None),
        (given, faults.bad_credentials),
        *(({**given, **each}, None) for each in refused),
    ]
    told: dict[str, str] = {}
    tasks = open_tasks(TaskSettings(data=tmp_path / "data"), ACTIONS, acme.effects)
    tasks.start()
    try:
        calls = TaskCalls(lambda: tasks.effects, ACTIONS)
        for number, (each, strike) in enumerate(inputs):
            acme.struck.clear()
            if strike:
                acme.struck.add("POST .*/git/trees", before=strike)
            try:
                context = Context(Caller("token:ci", "token", scope="run"), acme.effects)
                told[f"call {number}"] = json.dumps(calls.run(action, context, each))
            except ScenedockError as error:
                told[f"call {number}"] = f"{error!r} {error.__cause__!r}"
    finally:
        tasks.stop(5)

    assert opened(acme.says("production", BRANCH))["TOKEN"] == SECRET.encode()
    assert "pullRequestUrl" in told["call 0"], told
    rows = {str(path): path.read_bytes().decode("latin-1") for path in (tmp_path / "data").rglob("*") if path.is_file()}
    assert any(path.endswith("tasks.db") for path in rows), list(rows)
    (pull,) = acme.pulls("gitops").values()
    bodies = json.dumps([each.body for each in acme.fake.calls])
    places = {**told, **rows, "log": caplog.text, "pull": f"{pull.title} {pull.body}", "bodies": bodies}
    assert found(places, SECRET) == []
