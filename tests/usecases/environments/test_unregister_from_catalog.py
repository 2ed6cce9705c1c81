"""Unregistering catalog files: on any branch, once, and only where they are ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.client import BackstageClient
from scenedock.effects.code_hosts.host_list import read_code_hosts
from scenedock.effects.code_hosts.hosts import open_code_hosts
from scenedock.errors import NotAllowedError
from scenedock.usecases.environments.unregister_from_catalog import unregister_files
from tests.fakes.locations import fake_locations

HOSTS = """
hosts:
  - {host: github.com, type: github, owners: [acme], token_env: TOKEN}
  - {host: gitlab.com, type: gitlab, owners: [platform], token_env: TOKEN}
"""
GONE = {
    "1": "https://github.com/acme/billing/blob/main/catalog-info.yaml",
    "2": "https://github.com/acme/apps/tree/qa/billing/catalog-info.yaml",
    "3": "https://gitlab.com/platform/apps/-/blob/HEAD/billing/catalog-info.yaml",
}
LEFT = {
    "4": "https://github.com/acme/billing/blob/main/other/catalog-info.yaml",
    "5": "https://github.com/acme/apps/blob/main/cart/catalog-info.yaml",
    "7": "https://github.com/acme/billing/blob/main/src/qa/catalog-info.yaml",
    "6": "https://github.com/acme/billing-api/blob/main/catalog-info.yaml",
}
ASKED = [
    "https://github.com/acme/billing/catalog-info.yaml",
    "https://github.com/acme/apps/billing/catalog-info.yaml",
    "https://gitlab.com/platform/apps/billing/catalog-info.yaml",
    "https://github.com/acme/billing/blob/main/catalog-info.yaml",
    "https://github.com/acme/never-registered/catalog-info.yaml",
]


def test_the_locations_of_the_files_go_on_whichever_branch_and_no_others() -> None:
    hosts = open_code_hosts(read_code_hosts(HOSTS.encode(), "hosts.yaml"), Path("hosts.yaml"), {"TOKEN": "x"})
    with fake_locations() as fake:
        fake.registered |= {**GONE, **LEFT}
        backstage = BackstageCatalog(BackstageClient(fake.url, lambda _plugin: ""))

        assert unregister_files(backstage, hosts, ASKED, existing=True) == tuple(sorted(GONE.values()))
        assert fake.registered == LEFT
        assert unregister_files(backstage, hosts, ASKED, existing=True) == ()
        with pytest.raises(NotAllowedError, match="evil"):
            unregister_files(backstage, hosts, ["https://github.com/evil/billing/catalog-info.yaml"])
