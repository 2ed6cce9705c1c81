"""The list of code hosts is read strictly, and each problem is named with its line; no secret is ever shown."""

from __future__ import annotations

import pytest

from scenedock.effects.code_hosts.host_list import read_code_hosts
from scenedock.errors import InputError
from scenedock.model.code_hosts.code_host import Author, SecretSource, read_repository

LIST = b"""hosts:
  - host: github.com
    type: github
    owners: [acme]
    app: {id: 123, private_key_file: app.pem}
    webhook_secret_env: HOOK
    direct_commits: [acme/apps, "acme/*-config"]
  - host: github.acme.example
    type: github
    owners: [acme]
    token_env: TOKEN
    visibility: [internal]
    author: {name: Scenedock, email: scenedock@acme.example}
  - host: git.acme.example:8443
    type: git
    owners: [platform/charts]
    username: robot
    token_file: token
"""


@pytest.mark.parametrize(
    ("host", "api"),
    [
        ("github.com", "https://api.github.com"),
        ("acme.ghe.com", "https://api.acme.ghe.com"),
        ("github.acme.example", "https://github.acme.example/api/v3"),
    ],
)
def test_each_kind_of_github_has_its_usual_api(host: str, api: str) -> None:
    data = f"hosts: [{{host: {host}, type: github, owners: [acme], token_env: TOKEN}}]".encode()

    assert [each.api for each in read_code_hosts(data, "hosts.yaml")] == [api]


@pytest.mark.parametrize(
    ("more", "api", "web"),
    [
        ("", "https://gitlab.acme.example/api/v4", "https://gitlab.acme.example"),
        (
            "api: https://gitlab.acme.example/git/api/v4",
            "https://gitlab.acme.example/git/api/v4",
            "https://gitlab.acme.example/git",
        ),
        (
            "api: https://api.acme.example/git/api/v4/",
            "https://api.acme.example/git/api/v4",
            "https://gitlab.acme.example",
        ),
    ],
)
def test_a_gitlab_may_be_below_a_path_and_have_its_api_elsewhere(more: str, api: str, web: str) -> None:
    data = f"hosts: [{{host: gitlab.acme.example, type: gitlab, owners: [acme], token_env: TOKEN, {more}}}]".encode()

    (host,) = read_code_hosts(data, "hosts.yaml")

    assert (host.api, host.web, host.git_user) == (api, web, "oauth2")


@pytest.mark.parametrize(
    ("owners", "path", "is_ours"),
    [
        ("platform", "platform/apps", True),
        ("platform", "platform/charts/apps", True),
        ("platform", "Platform/charts/deep/er/apps", True),
        ("platform", "platform-evil/apps", False),
        ("platform/charts", "platform/charts/apps", True),
        ("platform/charts", "platform/charts-evil/apps", False),
        ("platform/charts", "platform/apps", False),
        ("platform", "evil/platform/apps", False),
    ],
)
def test_a_group_on_gitlab_has_its_sub_groups_by_whole_names(owners: str, path: str, is_ours: object) -> None:
    data = f"hosts: [{{host: gitlab.com, type: gitlab, owners: [{owners}], token_env: TOKEN}}]".encode()

    (host,) = read_code_hosts(data, "hosts.yaml")

    assert host.has_owner(read_repository(f"https://gitlab.com/{path}")) is is_ours


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("https://gitlab.acme.example/git/platform/charts/apps", "platform/charts/apps"),
        ("https://gitlab.acme.example/platform/apps.git", "platform/apps"),
        ("gitlab.acme.example?owner=platform/charts&repo=apps", "platform/charts/apps"),
        ("gitlab.acme.example?owner=platform%2Fcharts&repo=apps", "platform/charts/apps"),
        ("gitlab.acme.example?project=platform%2Fcharts%2Fapps", "platform/charts/apps"),
        ("https://gitlab.acme.example/gitops/apps", "gitops/apps"),
    ],
)
def test_addresses_of_projects_are_read_with_their_groups(text: str, path: str) -> None:
    data = b"""hosts: [{host: gitlab.acme.example, type: gitlab, owners: [platform], token_env: TOKEN,
      api: https://gitlab.acme.example/git/api/v4}]"""
    (host,) = read_code_hosts(data, "hosts.yaml")

    assert host.named(read_repository(text)).path == path


def test_a_projects_number_is_no_address() -> None:
    with pytest.raises(InputError, match="write the project's path"):
        read_repository("gitlab.com?project=4711")


def test_each_host_has_what_it_needs() -> None:
    github, enterprise, plain = read_code_hosts(LIST, "hosts.yaml")

    assert (github.api, github.app_id, github.visibility) == ("https://api.github.com", "123", ("private", "internal"))
    assert github.app_key == SecretSource(file="app.pem", line=5)
    assert github.webhook_secret == SecretSource(variable="HOOK", line=6)
    assert (enterprise.api, enterprise.visibility) == ("https://github.acme.example/api/v3", ("internal",))
    assert enterprise.author == Author("Scenedock", "scenedock@acme.example")
    assert (plain.api, plain.username, plain.token) == (
        "https://git.acme.example:8443",
        "robot",
        SecretSource(file="token", line=18),
    )


def entry(more: str, kind: str = "github") -> bytes:
    return f"hosts:\n  - host: github.com\n    type: {kind}\n    owners: [acme]\n{more}".encode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"hosts: [", "h.yaml:2:1: this is not YAML"),
        (b"[]", "h.yaml:1:1: the document: must be an object"),
        (b"hosts: []\nhost: x", "h.yaml:2:1: host: there is no such key here \\(did you mean hosts\\?\\)"),
        (entry(""), r"h.yaml:2:5: hosts\[0\]: set exactly one of `app`, `token_file` or `token_env`"),
        (entry("    token_env: A\n    token_file: B\n"), r"h.yaml:6:5: hosts\[0\].token_file: set exactly one of"),
        (entry("    app: {id: 1}\n"), r"h.yaml:5:5: hosts\[0\].app: set either"),
        (entry("    token_env: A\n    api: http://github.com\n"), r"h.yaml:6:5: hosts\[0\].api: use https"),
        (
            entry("    token_env: A\n    api: https://u:p@github.com\n"),
            r"h.yaml:6:5: hosts\[0\].api: write https://HOST/PATH",
        ),
        (
            entry("    token_env: A\n    username: u\n"),
            r"h.yaml:6:5: hosts\[0\].username: a host of type github has no `username`",
        ),
        (
            entry("    app: {id: 1, private_key_env: A}\n", "git"),
            r"h.yaml:5:5: hosts\[0\].app: a host of type git has no `app`",
        ),
        (
            entry("    token_env: A\n    direct_commits: [acme]\n"),
            r"h.yaml:6:22: hosts\[0\].direct_commits\[0\]: write `OWNER/NAME`",
        ),
        (
            entry("    token_env: A\n    direct_commits: [acme/*, '*/apps', other/apps]\n"),
            r"^h.yaml:6:40: hosts\[0\].direct_commits\[2\]: its owner isn't among `owners`, so that nothing may .*$",
        ),
        (
            entry("    token_env: A\n    direct_commits: [Acme/shop/apps, acme-evil/apps]\n", "gitlab"),
            r"^h.yaml:6:38: hosts\[0\].direct_commits\[1\]: its owner isn't among `owners`, .*$",
        ),
        (
            entry("    token_env: A\n    api: https://gitlab.acme.example\n", "gitlab"),
            r"h.yaml:6:5: hosts\[0\].api: write the address of GitLab's API, which ends in `/api/v4`",
        ),
        (
            b"hosts: [{host: github.com, type: github, owners: [], token_env: A}]",
            r"hosts\[0\].owners: list at least one owner",
        ),
        (
            b"hosts: [{host: gitlab.com, type: gitlab, owners: [acme/*], token_env: A}]",
            r"hosts\[0\].owners\[0\]: .* without `/\*`: `acme` .* on GitLab also those of its sub-groups",
        ),
        (
            entry("    token_env: 'ghp_0123 4567'\n"),
            r"h.yaml:5:5: hosts\[0\].token_env: write the name of an environment var",
        ),
        (entry("    token_env: A\n", "gitea"), r"h.yaml:3:5: hosts\[0\].type: must be github or gitlab or git"),
        (
            entry("    app: {id: 1, private_key_env: A}\n", "gitlab"),
            "a host of type gitlab has no `app`",
        ),
        (entry("    token_env: A\n    username: x\n", "gitlab"), "a host of type gitlab has no `username`"),
        (
            entry("    token_env: A\n    visibility: [secret]\n"),
            r"h.yaml:6:18: hosts\[0\].visibility\[0\]: must be public or private or internal",
        ),
        (entry("    app: {id: 'a b', private_key_env: A}\n"), r"h.yaml:5:11: hosts\[0\].app.id: write the App's id"),
        (b"hosts: [{host: GitHub.com, type: github, owners: [a], token_env: A}]", "in lower case"),
        (
            b"hosts: [{host: github.com, type: github, owners: [a/b], token_env: A}]",
            r"hosts\[0\].owners\[0\]: this is not a valid owner on GitHub",
        ),
        (entry("", "gitea") + b"  - {host: a.b}\n", r"h.yaml:3:5: .*\nh.yaml:5:5: hosts\[1\].owners: is missing\n"),
        (
            b"hosts:\n" + 2 * b"- {host: a.b, type: git, owners: [a], token_env: A}\n",
            r"h.yaml:3:4: hosts\[1\].host: is the same as that of hosts\[0\]",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read_code_hosts(text, "h.yaml")
    assert "ghp_0123" not in str(refused.value)
    assert "u:p" not in str(refused.value)
