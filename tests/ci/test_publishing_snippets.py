"""The steps by which a pipeline proposes a new image tag do so, against a running service."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import yaml
from werkzeug.wrappers import Response

from scenedock.doors.http.requests.invoking import kept_alive
from scenedock.errors import ConflictError
from scenedock.model.json import JsonObject
from tests.ci.test_snippets import PUBLISHING, ROOT, shell, snippet, tool
from tests.publishing.acme import Acme, acme_with
from tests.tools.server import Server, free_port
from tests.tools.service import READ, RUN, TOKENS
from tests.tools.wsgi import served

SCENEDOCK = Path(sysconfig.get_path("scripts"), "scenedock")
TAG = "0f2a9c"


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Acme]:
    with acme_with(tmp_path) as company:
        yield company


@pytest.fixture
def service(acme: Acme, tmp_path: Path) -> Iterator[str]:
    """The address of a running service."""
    (tmp_path / "tokens.yaml").write_text(TOKENS, encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    environment = {
        "SCENEDOCK_DATA": str(tmp_path / "served"),
        "SCENEDOCK_LISTEN": address,
        "SCENEDOCK_CODE_HOSTS": str(acme.hosts),
        "SCENEDOCK_TOKENS_FILE": str(tmp_path / "tokens.yaml"),
    }
    server = Server([str(SCENEDOCK), "serve"], environment, ROOT, f"http://{address}/healthz", tmp_path / "log")
    server.start()
    yield f"http://{address}"
    server.stop()


def of_github() -> str:
    return str(yaml.safe_load(snippet("In a GitHub workflow", PUBLISHING))["jobs"]["propose"]["steps"][0]["run"])


def of_gitlab() -> str:
    return "\n".join(yaml.safe_load(snippet("In a GitLab pipeline", PUBLISHING))["propose"]["script"])


def test_the_pipeline_pleases_gitlab(tmp_path: Path) -> None:
    pipeline = tmp_path / "gitlab-ci.yml"
    pipeline.write_text(snippet("In a GitLab pipeline", PUBLISHING))

    judged = tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", pipeline)

    assert (judged.returncode, judged.stdout) == (0, judged.stdout)


def test_a_pipeline_proposes_a_tag_once_however_often_it_runs(acme: Acme, service: str, tmp_path: Path) -> None:
    variables = {"SCENEDOCK": service, "SCENEDOCK_TOKEN": RUN, "TAG": TAG}
    acme.commit("main", {"billing/values-dev.yaml": "workload:\n  image:\n    tag: '1.3.0'\n"})

    there = of_gitlab().replace("https://gitlab.com/", "https://github.com/")  # the company here is on GitHub

    for script in (of_github(), there, of_github()):
        done = shell(script, tmp_path, **variables)
        assert (done.returncode, done.stderr) == (0, ""), sys.version
        assert "/acme/apps/pull/1" in done.stdout

    (pull,) = acme.repository("apps").pulls.values()
    assert pull.title == f"billing {TAG}"
    assert f"tag: '{TAG}'".encode() in acme.repository("apps").files(pull.head)["billing/values-dev.yaml"][1]


def test_a_token_that_may_only_read_fails_the_job(acme: Acme, service: str, tmp_path: Path) -> None:
    done = shell(of_github(), tmp_path, SCENEDOCK=service, SCENEDOCK_TOKEN=READ, TAG=TAG)

    assert (done.returncode, "needs a caller with scope `run`" in done.stdout) == (22, True)
    assert READ not in done.stdout + done.stderr
    assert acme.repository("apps").pulls == {}


@pytest.mark.parametrize("script", [of_github(), of_gitlab()], ids=["github", "gitlab"])
def test_an_error_that_comes_after_the_status_fails_the_job(script: str, tmp_path: Path) -> None:
    call: Future[JsonObject] = Future()
    texts = kept_alive(call, seconds=0)
    quiet = next(texts)
    call.set_exception(ConflictError("it was changed meanwhile"))

    with served(Response(quiet + "".join(texts), mimetype="application/json")) as url:
        done = shell(script, tmp_path, SCENEDOCK=url, SCENEDOCK_TOKEN=RUN, TAG=TAG)

    assert (done.returncode, done.stdout) == (1, " ConflictError: it was changed meanwhile")
