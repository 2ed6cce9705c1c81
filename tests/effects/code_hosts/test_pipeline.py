"""What the variables of a pipeline say of its pull request, as the code hosts document them."""

from __future__ import annotations

import json

import pytest

from scenedock.effects.code_hosts.pipeline import Pipeline, read_pipeline
from scenedock.errors import InputError

BASE, HEAD, TARGET = "a" * 40, "b" * 40, "c" * 40
GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://acme.test/git/api/v4",
    "CI_SERVER_URL": "https://acme.test/git",
    "CI_PROJECT_PATH": "bob/apps",
    "CI_MERGE_REQUEST_PROJECT_PATH": "acme/platform/apps",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "bob/apps",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
    "CI_COMMIT_SHA": HEAD,
    "CI_PIPELINE_ID": "501",
    "GITLAB_TOKEN": "secret-of-the-job",
}
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/apps", "GITHUB_EVENT_PATH": "event.json"}


def read(variables: dict[str, str], event: object = None) -> Pipeline:
    found = read_pipeline(variables, lambda _: event if isinstance(event, bytes) else json.dumps(event).encode())
    assert found
    return found


def test_outside_of_a_pipeline_there_is_none() -> None:
    assert read_pipeline({"GITHUB_TOKEN": "x"}, lambda _: b"") is None


def test_a_merge_request_of_a_fork_is_in_the_project_that_it_is_for() -> None:
    found = read(GITLAB)

    assert (found.path, found.number, found.base, found.head, found.run) == ("acme/platform/apps", 7, BASE, HEAD, 501)
    assert found.is_fork
    hosts, address = found.code_hosts()
    assert str(address) == "acme.test/acme/platform/apps"
    assert hosts.host_of(address).api == "https://acme.test/git/api/v4"
    assert "secret-of-the-job" not in repr(found)


def test_a_pipeline_of_merged_results_is_compared_with_what_is_merged_into() -> None:
    assert read({**GITLAB, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": TARGET}).base == TARGET


def test_a_push_has_no_pull_request() -> None:
    assert read({"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/apps"}).number == 0
    found = read(GITHUB, {"before": BASE, "after": HEAD})
    assert (found.number, found.base, found.is_fork) == (0, "", False)


@pytest.mark.parametrize("repository", [{"full_name": "bob/apps"}, None])
def test_a_pull_request_of_a_fork_or_of_one_that_is_gone(repository: object) -> None:
    pull = {"number": 7, "base": {"sha": BASE}, "head": {"sha": HEAD, "repo": repository}}
    found = read(GITHUB, {"pull_request": pull})

    assert (found.number, found.base, found.head, found.is_fork) == (7, BASE, HEAD, True)


@pytest.mark.parametrize("sha", ["--output=x", "main", "", None, 7])
def test_what_is_no_commit_is_none(sha: object) -> None:
    assert read(GITHUB, {"pull_request": {"number": 7, "base": {"sha": sha}}}).base == ""


def test_an_event_that_isnt_json_is_named() -> None:
    with pytest.raises(InputError, match=r"event.json: GitHub's event isn't JSON"):
        read(GITHUB, b"{")
