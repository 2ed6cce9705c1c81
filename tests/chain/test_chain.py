"""The whole chain: from two skeletons to a release that a pipeline proposes, and people promote and roll back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from scenedock.doors.http.requests.invoking import kept_alive
from scenedock.errors import ConflictError, NotFoundError
from scenedock.model.json import JsonObject
from tests.chain.company import IDENTITY, PIPELINE, Chain, chain, entities
from tests.skeletons.shipped.world import bake
from tests.tools.git_server import git
from tests.tools.judge import judge
from tests.tools.server import free_port, wait_until
from tests.tools.wsgi import served

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


def release_the_first_version(company: Chain) -> None:
    """Nothing is deployed yet: the pipeline says so, and doesn't fail."""
    assert company.release() == "0.1.0"
    first = company.propose("0.1.0")
    assert first.returncode == 0, first.stderr
    assert "there is no deployment of a service 'billing'" in first.stdout


def deploy_to_dev_and_qa(company: Chain) -> None:
    deploy_to_dev(company)
    assert company.versions() == {"dev": "0.1.0"}
    answers = ("--accept", "*", "--keep", "*")
    company.cli("environments", "create", "billing", "qa", "--from", "dev", *answers, "--write")
    save(company, "Deploy billing")
    assert company.versions() == {"dev": "0.1.0", "qa": "0.1.0"}


def release_a_fix(company: Chain) -> None:
    """What needs no release gets none; a fix gets one, and one proposal, however often its pipeline runs."""
    company.commit("docs: explain the invoices\n\nfix: is what a later commit does\n\nSee-also: feat: of the shop")
    assert company.release() == ""
    assert company.propose("").stdout == "nothing to propose: nothing was released\n"
    company.commit("fix: round to cents\n\nfeat!: nothing\n\nfeat: is told of here alone")
    assert (company.release(), company.release()) == ("0.1.1", "0.1.1")
    git(company.service, "checkout", "--quiet", "HEAD~1")
    assert company.release() == ""  # a late pipeline
    git(company.service, "checkout", "--quiet", "main")
    assert [each["tag_name"] for each in company.releases.made] == ["v0.1.0", "v0.1.1"]

    proposed, again = company.propose("0.1.1"), company.propose("0.1.1")
    assert (proposed.returncode, again.returncode) == (0, 0), proposed.stderr + again.stderr
    late = company.propose("0.1.1-rc.1")
    assert late.returncode == 1
    assert "refused 0.1.1-rc.1 for dev with 409: the change is refused: http" in late.stderr
    assert "proposes 0.1.1 for billing/dev, which is newer than 0.1.1-rc.1" in late.stderr
    title, address = proposed.stdout.splitlines()
    assert address in again.stdout
    assert company.merge() == title
    assert company.versions() == {"dev": "0.1.1", "qa": "0.1.0"}


def promote_and_roll_back(company: Chain) -> None:
    promotion = {"services": ["billing"], "fromEnvironment": "dev", "toEnvironment": "qa"}
    assert company.act("promote-deployment", promotion).status == 200
    company.merge()
    assert company.versions() == {"dev": "0.1.1", "qa": "0.1.1"}

    assert company.act("roll-back-deployment", {"services": ["billing"], "environment": "qa"}).status == 200
    company.merge()
    assert company.versions() == {"dev": "0.1.1", "qa": "0.1.0"}


def deploy_another_like_it(company: Chain) -> None:
    """A person asks for a second service like the first, whose folder has a program and a link."""
    folder = company.apps / "billing"
    (folder / "start.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "start.sh").chmod(0o755)
    (folder / "start").symlink_to("start.sh")
    save(company, "Add a program")
    wish = {"service": "orders", "fromService": "billing", "version": "0.1.0", "keep": ["*"]}
    answer = company.act("create-deployment", wish)
    assert answer.status == 200, answer.data
    assert company.merge() == "Deploy orders, made from billing"
    listed = git(company.apps, "ls-tree", "-r", "HEAD", "--", "orders/start", "orders/start.sh").splitlines()
    assert [each.split()[0] for each in listed] == ["120000", "100755"]


def look(company: Chain) -> None:
    """The catalog and the board have what was done."""
    exported = entities(company.cli("catalog", "export", "--strict", "."))
    assert judge(list(exported.values())) == [None] * len(exported)
    assert exported["billing"]["metadata"]["annotations"]["scenedock.dev/environments"] == "dev,qa"
    wait_until(lambda: all(f">{each}<" in company.board() for each in ("0.1.0", "0.1.1")), "both versions on the board")


def test_a_commit_reaches_qa_and_goes_back(company: Chain) -> None:
    with contextlib.chdir(company.apps):
        save(company, "Begin")
        release_the_first_version(company)
        deploy_to_dev_and_qa(company)
        release_a_fix(company)
        promote_and_roll_back(company)
        look(company)
        deploy_another_like_it(company)


@pytest.mark.parametrize("company", ["github"], indirect=True)
def test_a_pipeline_that_cannot_propose_says_why_and_fails(company: Chain) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for variables, reason in (
        ({"SCENEDOCK_URL": ""}, "SCENEDOCK_URL is not set: docs/releases.md says where it comes from"),
        ({"SCENEDOCK_URL": nowhere}, "set-version/invoke could not be reached: <urlopen error [Errno 111]"),
        ({"SCENEDOCK_URL": "scenedock.acme.example"}, "is no address of Scenedock: unknown url type"),
        ({"SCENEDOCK_TOKEN": "unknown-0123456789"}, "refused 0.1.1 for dev with 401: "),
    ):
        done = company.propose("0.1.1", **variables)

        assert (done.returncode, done.stdout) == (1, "")
        assert reason in done.stderr
    assert company.act("promote-deployment", {}, PIPELINE).status == 403
    wish = {"services": ["billing"], "environment": "qa", "version": "0.1.1"}
    answer = company.act("set-version", wish, PIPELINE)
    assert answer.status == 403
    assert "rule 1 allows it for services billing and environments dev alone" in answer.json()["error"]["message"]


@pytest.mark.parametrize("company", ["github"], indirect=True)
def test_a_pipeline_understands_a_refusal_that_comes_late(company: Chain) -> None:
    """A call that is quiet for SCENEDOCK_QUIET_SECONDS has been answered with 200 when it fails."""
    for refusal in (NotFoundError("there is no deployment"), ConflictError("it was changed meanwhile")):
        call: Future[JsonObject] = Future()
        texts = kept_alive(call, seconds=0)
        quiet = next(texts)
        call.set_exception(refusal)
        said = quiet + "".join(texts)
        with served(Response(said, mimetype="application/json")) as url:
            first, later = (company.propose(version, SCENEDOCK_URL=url) for version in ("0.1.0", "0.2.0"))

        missing = isinstance(refusal, NotFoundError)
        assert (first.returncode, "Nothing to update for the first release" in first.stdout) == (not missing, missing)
        assert (
            later.returncode,
            f"refused 0.2.0 for dev with 200: {refusal.wire_name}: {refusal}" in later.stderr,
        ) == (
            1,
            True,
        )


@pytest.mark.parametrize("company", ["github"], indirect=True)
def test_a_token_goes_nowhere_else_and_only_tags_of_releases_count(company: Chain) -> None:
    seen: list[str] = []

    def elsewhere(request: Request) -> Response:
        seen.append(request.headers.get("Authorization", ""))
        if request.path == "/login":
            return Response("sign in")
        return Response(status=302, headers={"Location": "/login"})

    with served(Request.application(elsewhere)) as url:
        led_away = company.propose("0.1.1", SCENEDOCK_URL=url)
    assert (led_away.returncode, len(seen)) == (1, 1)
    assert "leads to /login: set SCENEDOCK_URL to Scenedock's own address" in led_away.stderr

    git(company.service, "tag", "v1-demo")
    company.commit("feat: begin")
    assert company.release() == "0.1.0"
    company.commit(
        "fix: round\n\nfeat: is only told of\n\nBREAKING CHANGE: cents are gone,\nfor good\nReviewed-by: Ada"
    )
    assert company.release() == "0.2.0"
    notes = company.releases.made[-1]["body"]
    assert ("cents are gone,\nfor good" in notes, "round" in notes) == (True, True)
    assert "only told of" not in notes
    assert "Ada" not in notes
    git(company.service, "reset", "--quiet", "--hard", "HEAD~1")
    git(company.service, "tag", "--delete", "v0.2.0")
    company.commit("feat: more")
    git(company.service, "tag", "--force", "v0.1.0", "HEAD")
    moved, _ = company.try_to_release()
    assert (moved.returncode, "its tag was moved here" in moved.stderr) == (1, True)
    git(company.service, "tag", "--force", "v0.1.0", "HEAD~1")
    git(company.service, "checkout", "--quiet", "--detach", "HEAD~1")
    company.commit("feat: aside")
    git(company.service, "tag", "v9.9.9")
    git(company.service, "checkout", "--quiet", "-")
    aside, _ = company.try_to_release()
    assert (aside.returncode, "v9.9.9 is the newest release, but no commit of this branch" in aside.stderr) == (1, True)
