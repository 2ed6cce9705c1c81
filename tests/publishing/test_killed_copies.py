"""A process that creates a deployment or seals a secret is killed after a call to GitHub; there is one pull request.

It is killed after the call that makes the branch; in `make test-all` after every call.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from scenedock.model.json import JsonObject
from tests.fakes.github.faults import calling
from tests.publishing.changing import run_action
from tests.publishing.deploying import Deploying, deploying_in
from tests.publishing.test_canary import SECRET
from tests.publishing.test_killed import _forking
from tests.publishing.test_killed_changes import end
from tests.tools.sealed_secrets import Cluster
from tests.usecases.secrets.repositories import application

CLUSTER = Cluster()
CREATED: JsonObject = {"service": "orders", "fromService": "billing", "version": "0.1.0", "keep": ["*"]}
SEALED: JsonObject = {"service": "billing", "environment": "production", "key": "PASSWORD", "secretValue": SECRET}
BRANCH_IS_MADE = "POST .*/git/refs$"


def begin(acme: Deploying, data: Path, name: str, given: JsonObject) -> Any:
    """Start a process that does it, or goes on with it."""
    data.mkdir(exist_ok=True)
    process = _forking.Process(
        target=run_action,
        args=(data, acme.hosts, acme.clone, name, given),
        kwargs={"certificates": acme.certificates},
    )
    process.start()
    return process


def done(acme: Deploying, data: Path, name: str, given: JsonObject, call: str = "", at: int = 0) -> int:
    """Run the task, with `at` killed after this call and then once more; how many calls that is."""
    acme.fake.calls.clear()
    processes: list[Any] = []
    if at:
        acme.github.faults.add(call, at=at, after=calling(lambda: processes[0].kill()))  # noqa: PLW0108 - it begins later
    processes.append(begin(acme, data, name, given))
    ended = end(processes[0])
    acme.github.faults.clear()
    if at:
        assert ended == -signal.SIGKILL, f"it was never killed, but ended with {ended}"
        ended = end(begin(acme, data, name, given))
    assert ended == 0
    outcome = json.loads((data / "outcome").read_bytes())
    assert outcome["status"] == "completed", outcome
    return len(acme.fake.called())


def begun(folder: Path) -> Any:
    """The company, with what seals secrets."""
    folder.mkdir()
    (folder / "cert.pem").write_bytes(CLUSTER.certificate(days=300))
    (folder / "certificates.yaml").write_text("certificates: [{environments: [production], file: cert.pem}]", "utf-8")
    return deploying_in(folder)


def files_of(name: str, files: dict[str, tuple[str, bytes]]) -> None:
    """The branch has all of it, and nothing twice."""
    if name == "create-deployment":
        assert files["orders/values-qa.yaml"][1] == b"image:\n  tag: 0.1.0 # qa\n"
        return
    text = files["billing/values-production.yaml"][1].decode()
    assert text.count("PASSWORD:") == 1
    assert SECRET not in text


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.extended)], ids=["one", "every"])
@pytest.mark.parametrize(("name", "given"), [("create-deployment", CREATED), ("seal-secret", SEALED)])
def test_a_task_that_is_killed_goes_on_and_proposes_once(
    tmp_path: Path, name: str, given: JsonObject, *, every: bool
) -> None:
    calls, number = 1, 0
    while number < calls:
        with begun(tmp_path / f"acme-{number}") as acme:
            acme.certificates = acme.folder / "certificates.yaml"
            applications = {f"argocd/{each}.yaml": application(each) for each in ("dev", "qa", "production")}
            acme.change(
                {"billing/values.yaml": "image: {repository: acme/billing}\nsealedSecrets: {}\n", **applications}
            )
            at = number if every else 1
            made = done(acme, acme.folder / "run", name, given, "" if every else BRANCH_IS_MADE, at)
            calls = made + 1 if every and number == 0 else calls
            (pull,) = acme.repository("gitops").pulls.values()
            assert (pull.state, pull.comments) == ("open", [])
            files_of(name, acme.repository("gitops").files(pull.head))
        number += 1
    assert number > (6 if every else 0)
