"""The list of code hosts is read strictly, and each problem is named with its line; no secret is ever shown."""

from __future__ import annotations

import pytest

from scenedock.effects.code_hosts.host_list import read_code_hosts
from scenedock.errors import InputError
from scenedock.model.code_hosts.code_host import Author, SecretSource

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
        (b"hosts: [", "h.yaml:[12]: this is not YAML"),
        (b"[]", "h.yaml:1: the file"),
        (b"hosts: []\nhost: x", "h.yaml:1: the file: .*'host' was unexpected"),
        (entry(""), "h.yaml:2: give one of `app`, `token_file` or `token_env`"),
        (entry("    token_env: A\n    token_file: B\n"), "h.yaml:5: give one of"),
        (entry("    app: {id: 1}\n"), "h.yaml:5: hosts.0.app: give either"),
        (entry("    token_env: A\n    api: http://github.com\n"), "h.yaml:6: only https"),
        (entry("    token_env: A\n    api: https://u:p@github.com\n"), "h.yaml:6: write https://HOST/PATH"),
        (entry("    token_env: A\n    username: u\n"), "h.yaml:6: a host of type github has no `username`"),
        (entry("    app: {id: 1, private_key_env: A}\n", "git"), "h.yaml:5: a host of type git has no `app`"),
        (entry("    token_env: A\n    direct_commits: [acme]\n"), "h.yaml:6: .* write `OWNER/NAME`"),
        (
            entry("    token_env: 'ghp_0123 4567'\n"),
            "h.yaml:5: hosts.0.token_env: write the name of an environment var",
        ),
        (entry("    token_env: A\n", "gitlab"), "h.yaml:3: hosts.0.type: write 'github' or 'git'"),
        (entry("    token_env: A\n    visibility: [secret]\n"), "h.yaml:6: .* write a list of 'public', 'private'"),
        (entry("    app: {id: 'a b', private_key_env: A}\n"), "h.yaml:5: hosts.0.app.id: write the App's id"),
        (b"hosts: [{host: GitHub.com, type: github, owners: [a], token_env: A}]", "in lower case"),
        (b"hosts: [{host: github.com, type: github, owners: [a/b], token_env: A}]", "'a/b' can't be an owner"),
        (b"hosts:\n" + 2 * b"- {host: a.b, type: git, owners: [a], token_env: A}\n", "h.yaml:3: a.b is listed twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read_code_hosts(text, "h.yaml")
    assert "ghp_0123" not in str(refused.value)
    assert "u:p" not in str(refused.value)
