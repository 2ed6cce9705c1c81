"""A catalog file that is still there is not unregistered without a right, and one that has gone is."""

from __future__ import annotations

import pytest

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.client import BackstageClient
from scenedock.errors import ConflictError
from scenedock.usecases.environments.unregister_from_catalog import unregister_files
from tests.fakes.locations import fake_locations
from tests.publishing.acme import Acme

ASKED = ["http://github.com/acme/apps/billing/catalog-info.yaml", "http://github.com/acme/apps/cart/catalog-info.yaml"]
GONE = "http://github.com/acme/apps/blob/HEAD/billing/catalog-info.yaml"
OF_NO_BRANCH = "http://github.com/acme/apps/blob/feature/cart/catalog-info.yaml"
THERE = "http://github.com/acme/apps/blob/main/cart/catalog-info.yaml"


def test_only_what_has_gone_from_its_branch_is_unregistered_without_a_reason(acme: Acme) -> None:
    acme.github.world.commit("acme/apps", "main", {"cart/catalog-info.yaml": "kind: Component\n"})
    with fake_locations() as fake:
        backstage = BackstageCatalog(BackstageClient(fake.url, lambda _plugin: ""))
        for left in (THERE, OF_NO_BRANCH):
            fake.registered = {"1": GONE, "2": left}
            with pytest.raises(ConflictError, match=f"{left} is still there, or isn't known to have gone"):
                unregister_files(backstage, acme.effects.code_hosts, ASKED)
            assert fake.registered == {"1": GONE, "2": left}

        assert unregister_files(backstage, acme.effects.code_hosts, ASKED[:1]) == (GONE,)
        assert unregister_files(backstage, acme.effects.code_hosts, ASKED, existing=True) == (OF_NO_BRANCH,)
