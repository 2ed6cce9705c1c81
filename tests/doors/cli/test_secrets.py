"""`scenedock secrets`: what people type to seal a value, which is in no argument, and what Helm makes of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.scenarios.repositories import ENVIRONMENT
from tests.skeletons.shipped.gitops import Repository
from tests.tools.sealed_secrets import Cluster
from tests.usecases.secrets.repositories import application

CLUSTER = Cluster()
ANSWERS = {"service": "billing", "owner": "group:default/payments", "environment_dev": "false"}


def run(*arguments: str | Path, value: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], input=value, catch_exceptions=False)


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], check=True, env=ENVIRONMENT, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def gitops(tmp_path: Path) -> Repository:
    """A clone with the library chart and a service that two environments have."""
    root = tmp_path / "gitops"
    root.mkdir()
    git(root, "init", "--quiet")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@acme.example")
    git(root, "remote", "add", "origin", "https://github.com/acme/gitops")
    made = Repository(root, "4")
    made.deploy(ANSWERS)
    (root / "argocd").mkdir()
    for each in ("qa", "production"):
        (root / "argocd" / f"{each}.yaml").write_text(application(each), "utf-8")
    (root / "scenedock.yaml").write_text("environments: {known: [qa, production]}\n", "utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Begin")
    (tmp_path / "cert.pem").write_bytes(CLUSTER.certificate())
    return made


def test_a_sealed_value_is_opened_where_helm_has_put_it(gitops: Repository, tmp_path: Path) -> None:
    root, there = gitops.folder, ("--environment", "qa")
    sealing = ("secrets", "seal", "billing", "PASSWORD", root, *there, "--certificate", tmp_path / "cert.pem")

    told = run("secrets", "seal", "billing", "PASSWORD", root, *there)
    assert (told.exit_code, git(root, "status", "--porcelain")) == (0, "")
    assert "scope strict, name billing, namespace billing-qa" in told.stdout
    assert "nothing is written; add --write, or --commit" in told.stdout
    done = run(*sealing, "--commit", "--format", "json", value=b"s3cret\n")

    assert (done.exit_code, done.stderr) == (0, "The value ends with a line break, which is part of it.\n")
    assert json.loads(done.stdout)["path"] == "billing/values-qa.yaml"
    assert git(root, "show", "--format=%B", "--name-only").split("\n\n") == [
        "Seal PASSWORD of billing/qa",
        "Keys: PASSWORD",
        "\nbilling/values-qa.yaml\n",
    ]
    manifests = gitops.render("billing", "qa")
    (sealed,) = (each for each in manifests if each["kind"] == "SealedSecret")
    assert CLUSTER.opens(sealed) == {"PASSWORD": b"s3cret\n"}
    sealed["metadata"]["namespace"] = "billing-production"
    with pytest.raises(ValueError, match="Decryption"):
        CLUSTER.opens(sealed)


def test_a_new_manifest_is_committed_and_a_reference_is_written(gitops: Repository, tmp_path: Path) -> None:
    root = gitops.folder
    options = ("--environment", "qa", "--form", "manifest", "--path", "secrets/billing.yaml")
    (tmp_path / "value").write_bytes(b"\0\xff")
    certificate = ("--certificate", tmp_path / "cert.pem", "--from-file", tmp_path / "value")

    made = run("secrets", "seal", "billing", "key.bin", root, *options, *certificate, "--commit")
    refused = run("secrets", "refer", "billing", "TOKEN", "billing/qa", root, "--environment", "production")
    store = ("--environment", "production", "--store", "vault", "--property", "token", "--write")
    referred = run("secrets", "refer", "billing", "TOKEN", "billing/production", root, *store)

    assert made.exit_code == 0, made.output
    assert "nothing shows that secrets/billing.yaml is deployed to billing/qa" in made.stdout
    assert git(root, "status", "--porcelain") == " M billing/values-production.yaml\n"
    assert CLUSTER.opens(yaml.safe_load((root / "secrets/billing.yaml").read_bytes())) == {"key.bin": b"\0\xff"}
    assert (refused.exit_code, "give its --store" in refused.stderr) == (2, True)
    assert referred.exit_code == 0, referred.output
    values = yaml.safe_load((root / "billing/values-production.yaml").read_bytes())
    assert values["workload"]["externalSecrets"]["billing"] == {
        "store": "vault",
        "data": {"TOKEN": {"key": "billing/production", "property": "token"}},
    }
