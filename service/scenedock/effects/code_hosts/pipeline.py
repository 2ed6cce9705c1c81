"""The pipeline in which this process runs, as the variables of GitHub Actions and of GitLab CI/CD tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from scenedock.effects.code_hosts.hosts import CodeHosts, KnownHost
from scenedock.effects.local.host_secrets import HostSecrets
from scenedock.effects.pipelines.variables import read_event
from scenedock.errors import InputError, NotAllowedError
from scenedock.model.code_hosts.code_host import CodeHost, RepositoryAddress, is_loopback, read_repository
from scenedock.model.json import as_object, as_text, value_at
from scenedock.structs import dataclass, field

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A run of a pipeline, and the pull request (merge request on GitLab) for which it runs.

    `number` is that of the pull request, 0 if the pipeline runs for something else. `base` is the commit that it is
    compared with, `head` the last commit of its branch; each is empty if it isn't known. `run` is greater for a later
    run, `url` its page. `owner/name` is the repository of the pull request, whose branch may be that of a fork.
    """

    type: Literal["github", "gitlab"]
    api: str
    host: str
    path: str
    number: int
    base: str
    head: str
    run: int
    url: str
    is_fork: bool
    token: str = field(repr=False)

    @property
    def needs(self) -> str:
        """What its comments need."""
        if self.type == "github":
            return "a GITHUB_TOKEN with `pull-requests: write`, which pipelines for forks and Dependabot don't get"
        return "a GITLAB_TOKEN with the scope `api` of a project's member from Reporter on, which forks don't get"

    @property
    def deeper(self) -> str:
        """How the pipeline gets more history."""
        return "`fetch-depth: 0` for actions/checkout" if self.type == "github" else "the variable `GIT_DEPTH: 0`"

    def code_hosts(self) -> tuple[CodeHosts, RepositoryAddress]:
        """The host that runs it, with its token, which is used for this repository's owner only; and the repository.

        Raises
        ------
        InputError        the address of the API or of the repository isn't one
        NotAllowedError   the pipeline has no token
        """
        if not self.token:
            raise NotAllowedError(f"this pipeline has no token to write a comment with: it needs {self.needs}")
        api = urlsplit(self.api)
        if api.scheme != "https" and not (api.scheme == "http" and is_loopback(api.netloc)):
            raise InputError(f"{self.api!r}: the API's address must begin with https, which keeps the token secret")
        address = read_repository(f"https://{self.host}/{self.path}")
        host = CodeHost(host=self.host, type=self.type, api=self.api.rstrip("/"), owners=(address.owner,))
        return CodeHosts([KnownHost(host, HostSecrets(token=self.token))]), address


def read_pipeline(environment: Mapping[str, str], read_file: Callable[[Path], bytes]) -> Pipeline | None:
    """The pipeline that these variables tell of; None outside of one.

    Raises
    ------
    InputError, NotFoundError   the file with GitHub's event can't be read
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _of_github(environment, read_file)
    return _of_gitlab(environment) if environment.get("GITLAB_CI") == "true" else None


def _of_github(environment: Mapping[str, str], read_file: Callable[[Path], bytes]) -> Pipeline:
    """Source: "Variables reference" of GitHub Actions, and the payload of the webhook `pull_request`."""
    pull = as_object(value_at(read_event(environment, read_file), ["pull_request"]))
    number = pull.get("number")
    server, path = environment.get("GITHUB_SERVER_URL", "https://github.com"), environment.get("GITHUB_REPOSITORY", "")
    run = environment.get("GITHUB_RUN_ID", "")
    return Pipeline(
        "github",
        api=environment.get("GITHUB_API_URL", "https://api.github.com"),
        host=urlsplit(server).netloc,
        path=path,
        number=number if isinstance(number, int) else 0,
        base=_commit(as_text(value_at(pull, ["base", "sha"]))),
        head=_commit(as_text(value_at(pull, ["head", "sha"]))),
        run=_number(run),
        url=f"{server}/{path}/actions/runs/{run}",
        is_fork=bool(pull) and as_text(value_at(pull, ["head", "repo", "full_name"])).lower() != path.lower(),
        token=environment.get("GITHUB_TOKEN", ""),
    )


def _of_gitlab(environment: Mapping[str, str]) -> Pipeline:
    """Source: "Predefined CI/CD variables reference"; only pipelines of merged results know the target's commit."""
    own = environment.get("CI_PROJECT_PATH", "")
    path = environment.get("CI_MERGE_REQUEST_PROJECT_PATH", own)
    target = environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "")
    return Pipeline(
        "gitlab",
        api=environment.get("CI_API_V4_URL", ""),
        host=urlsplit(environment.get("CI_SERVER_URL", "")).netloc,
        path=path,
        number=_number(environment.get("CI_MERGE_REQUEST_IID", "")),
        base=_commit(target or environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")),
        head=_commit(environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "") or environment.get("CI_COMMIT_SHA", "")),
        run=_number(environment.get("CI_PIPELINE_ID", "")),
        url=environment.get("CI_JOB_URL", ""),
        is_fork=environment.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", path) != path,
        token=environment.get("GITLAB_TOKEN", ""),
    )


def _commit(text: str) -> str:
    return text if _COMMIT.fullmatch(text) else ""


def _number(text: str) -> int:
    with suppress(ValueError):
        return int(text)
    return 0
