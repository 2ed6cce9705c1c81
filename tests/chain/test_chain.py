"""The whole chain: from two skeletons to a release that a pipeline proposes, and people promote and roll back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.company import IDENTITY, Chain, chain, entities
from tests.skeletons.shipped.world import bake
from tests.tools.git_server import git
from tests.tools.judge import judge
from tests.tools.server import wait_until

FLAVOURS = ["github", pytest.param("gitlab", marks=pytest.mark.extended)]


@pytest.fixture(params=FLAVOURS)
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chain]:
    with chain(request.param, tmp_path) as begun:
        yield begun


def deploy_to_dev(company: Chain) -> None:
    """A person adds the deployment of the service, for dev alone, with the image that its pipeline publishes."""
    image = "ghcr.io/acme/billing" if company.hosting.kind == "github" else "registry.gitlab.com/acme/platform/billing"
    given = {"service": "billing", "owner": "group:default/payments", "image": image, "ingress_domain": ""}
    others = {"environment_qa": "no", "environment_production": "no"}
    bake("deployment", company.apps, {**given, **others})


def save(company: Chain, message: str) -> None:
    """A person writes the files that Backstage reads, and pushes everything."""
    company.cli("catalog", "export", "--in-place", ".")
    git(company.apps, "add", "--all")
    git(company.apps, *IDENTITY, "commit", "--quiet", "--message", message)
    git(company.apps, "push", "--quiet", "--set-upstream", "origin", "main")


def test_a_commit_reaches_qa_and_goes_back(company: Chain) -> None:
    with contextlib.chdir(company.apps):
        # Nothing is deployed yet: the first release says so, and doesn't fail.
        save(company, "Begin")
        assert company.release() == "0.1.0"
        first = company.propose("0.1.0")
        assert (first.returncode, "there is no deployment of a service 'billing'" in first.stdout) == (0, True), first.stderr

        deploy_to_dev(company)
        assert company.versions() == {"dev": "0.1.0"}
        company.cli("environments", "create", "billing", "qa", "--from", "dev", "--accept", "*", "--keep", "*", "--write")
        save(company, "Deploy billing")
        assert company.versions() == {"dev": "0.1.0", "qa": "0.1.0"}

        # What nobody needs a release for gets none; a fix does, once however often its pipeline runs.
        company.commit("docs: explain the invoices")
        assert company.release() == ""
        company.commit("fix: round to cents")
        assert (company.release(), company.release()) == ("0.1.1", "0.1.1")
        assert [each["tag_name"] for each in company.releases.made] == ["v0.1.0", "v0.1.1"]

        unreachable = company.propose("0.1.1", SCENEDOCK_URL="")
        assert (unreachable.returncode, "SCENEDOCK_URL is not set" in unreachable.stderr) == (1, True)
        for _ in range(2):
            proposed = company.propose("0.1.1")
            assert proposed.returncode == 0, proposed.stderr
            assert "/1\n" in proposed.stdout
        assert company.merge() == proposed.stdout.splitlines()[0]
        assert company.versions() == {"dev": "0.1.1", "qa": "0.1.0"}

        company.act("promote-deployment", {"services": ["billing"], "fromEnvironment": "dev", "toEnvironment": "qa"})
        company.merge()
        assert company.versions() == {"dev": "0.1.1", "qa": "0.1.1"}

        company.act("roll-back-deployment", {"services": ["billing"], "environment": "qa"})
        company.merge()
        assert company.versions() == {"dev": "0.1.1", "qa": "0.1.0"}

        exported = entities(company.cli("catalog", "export", "--strict", "."))
        assert judge(list(exported.values())) == [None] * len(exported)
        assert exported["billing"]["metadata"]["annotations"]["scenedock.dev/environments"] == "dev,qa"
        wait_until(lambda: {"0.1.1", "0.1.0"} <= shown(company.board()), "both versions on the board")


def shown(board: str) -> set[str]:
    """The versions on the board."""
    return {version for version in ("0.1.0", "0.1.1") if f">{version}<" in board}
