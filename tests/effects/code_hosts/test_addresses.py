"""Addresses of repositories are named once, as the host's API has them; then owners and patterns are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.runtime.wiring import list_code_hosts
from scenedock.usecases.changes.homes import Home

LIST = """hosts:
  - {host: git.acme.example, type: gitlab, api: https://git.acme.example/git/api/v4, owners: [acme/shop, git],
     token_file: token, direct_commits: [acme/shop/*]}
"""


@pytest.fixture
def hosts(tmp_path: Path) -> CodeHosts:
    (tmp_path / "token").write_text("glpat-x", "utf-8")
    (tmp_path / "hosts.yaml").write_text(LIST, "utf-8")
    return list_code_hosts(tmp_path / "hosts.yaml")


def test_the_home_of_a_repository_below_a_path_takes_commits(hosts: CodeHosts) -> None:
    address = Home("gitops", ("https://git.acme.example/git/acme/shop/gitops",)).address(hosts)

    assert (address.path, hosts.may_write(address)) == ("acme/shop/gitops", True)
    assert hosts.host_of(address).takes_commits(address)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("git.acme.example?owner=git/shop&repo=apps", "git/shop/apps"),
        ("https://git.acme.example/git/git/shop/apps", "git/shop/apps"),
    ],
)
def test_a_group_that_is_called_as_the_path_is_stays(hosts: CodeHosts, text: str, path: str) -> None:
    address = hosts.read(text)

    with hosts.open(address) as repository:
        assert (address.path, repository.address.path) == (path, path)


def test_a_chart_of_a_sub_group_is_read_with_its_credential(hosts: CodeHosts) -> None:
    assert hosts.login_at("https://git.acme.example/git/acme/shop/api/v4/projects/1/packages/helm/stable")
    assert hosts.login_at("https://git.acme.example/git/acme/other/charts") is None
