"""Registering a catalog file: tried first, found where it is, and only where it is ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.code_hosts.host_list import read_code_hosts
from scenedock.effects.code_hosts.hosts import CodeHosts, open_code_hosts
from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from scenedock.usecases.catalog.register_in_catalog import catalog_file_url, refresh_entity, register_file

URL = "https://github.com/acme/billing/blob/main/catalog-info.yaml"
# sha1 of url:URL, as Backstage's catalog computes it
LOCATION = "location:default/generated-54db2b3fbce479472879b2fb90e5f8039daed2d0"
HOSTS = """
hosts:
  - {host: github.com, type: github, owners: [acme], token_env: TOKEN}
  - {host: gitlab.acme.example, type: git, owners: [platform/apps], token_env: TOKEN}
  - {host: gitlab.com, type: gitlab, owners: [platform], token_env: TOKEN}
  - {host: acme.example, type: gitlab, api: "https://acme.example/git/api/v4", owners: [platform], token_env: TOKEN}
  - {host: "127.0.0.1:3000", type: git, api: "http://127.0.0.1:3000", owners: [acme], token_env: TOKEN}
"""


class Catalog:
    """A Backstage that keeps Locations, and notes what it is asked."""

    def __init__(self) -> None:
        self.locations: dict[str, str] = {}
        self.asked: list[str] = []
        self.wrong = ""
        self.overtaken = False
        self.unknown: set[str] = set()

    def add_location(self, target: str, *, dry_run: bool) -> dict[str, Any]:
        self.asked.append("try" if dry_run else "add")
        if self.wrong:
            raise InputError(self.wrong)
        if dry_run:
            entities = [
                {"kind": "Location", "metadata": {"name": LOCATION.partition("/")[2], "namespace": "default"}},
                {"kind": "Component", "metadata": {"name": "billing"}},
                {"kind": "API", "metadata": {"name": "Billing", "namespace": "shop"}},
            ]
            return {"exists": target in self.locations, "entities": entities}
        if self.overtaken:
            self.locations[target] = "of-another"
        if target in self.locations:
            raise ConflictError("it exists")
        self.locations[target] = "id-1"
        return {"location": {"id": "id-1", "target": target}, "entities": []}

    def location_id(self, target: str) -> str | None:
        return self.locations.get(target)

    def refresh(self, entity_ref: str) -> None:
        self.asked.append(f"refresh {entity_ref}")
        if entity_ref in self.unknown:
            raise NotFoundError("there is none")


@pytest.fixture
def catalog() -> Any:
    return Catalog()


@pytest.fixture
def hosts() -> CodeHosts:
    return open_code_hosts(read_code_hosts(HOSTS.encode(), "hosts.yaml"), Path("hosts.yaml"), {"TOKEN": "t0ken"})


def test_a_file_is_tried_registered_and_found_again(catalog: Any, hosts: CodeHosts) -> None:
    first, second = (register_file(catalog, hosts, URL) for _ in range(2))

    assert first.entity_refs == second.entity_refs == ("api:shop/billing", "component:default/billing")
    assert (first.location_id, first.created) == ("id-1", True)
    assert (second.location_id, second.created) == ("id-1", False)
    assert catalog.asked == ["try", "add", "try", f"refresh {LOCATION}"]


def test_who_is_overtaken_finds_what_the_other_has_registered(catalog: Any, hosts: CodeHosts) -> None:
    catalog.overtaken = True
    catalog.unknown = {LOCATION}

    made = register_file(catalog, hosts, URL)

    assert (made.location_id, made.created) == ("of-another", False)


def test_what_backstage_refuses_is_not_registered(catalog: Any, hosts: CodeHosts) -> None:
    catalog.wrong = "Backstage says: metadata.name is wrong"

    with pytest.raises(InputError, match=r"metadata\.name is wrong"):
        register_file(catalog, hosts, URL)
    assert catalog.asked == ["try"]


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.acme.example/platform/apps/billing/-/blob/main/catalog-info.yaml",
        "http://127.0.0.1:3000/acme/billing/src/branch/main/catalog-info.yaml",
        "https://gitlab.com/platform/billing/-/blob/main/catalog-info.yaml",
        "https://gitlab.com/platform/shop/checkout/billing/-/blob/main/catalog-info.yaml",
        "https://acme.example/git/platform/shop/billing/-/blob/main/catalog-info.yaml",
    ],
)
def test_a_file_of_any_code_host_of_ours_is_registered(catalog: Any, hosts: CodeHosts, url: str) -> None:
    assert register_file(catalog, hosts, url).created


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://github.com/evil/billing/blob/main/catalog-info.yaml", NotAllowedError),
        ("https://github.com/acme/../evil/billing/blob/main/catalog-info.yaml", InputError),
        ("https://github.com/acme/x/%2e%2e/%2E./evil/billing/blob/main/catalog-info.yaml", InputError),
        ("https://github.com/acme/x/blob/main/%252e%252e/%252e%252e/evil/billing/catalog-info.yaml", InputError),
        ("https://github.com/acme/x/blob/main/..%2F..%2Fevil/billing/catalog-info.yaml", InputError),
        ("https://github.com/acme\\..\\evil/billing/blob/main/catalog-info.yaml", InputError),
        ("https://github.com@evil.example/acme/billing/catalog-info.yaml", InputError),
        ("https://evil.example/acme/billing/catalog-info.yaml", NotAllowedError),
        ("https://gitlab.acme.example/platform/other/billing/-/blob/main/catalog-info.yaml", NotAllowedError),
        ("https://gitlab.com/platform-evil/billing/-/blob/main/catalog-info.yaml", NotAllowedError),
        ("https://gitlab.com/evil/platform/billing/-/blob/main/catalog-info.yaml", NotAllowedError),
        ("https://acme.example/git/evil/billing/-/blob/main/catalog-info.yaml", NotAllowedError),
        ("https://169.254.169.254/latest/meta-data/x", NotAllowedError),
        ("http://github.com/acme/billing/blob/main/catalog-info.yaml", InputError),
        ("https://github.com/acme/billing/blob/main/*/catalog-info.yaml", InputError),
        ("https://github.com/acme", InputError),
        ("file:///etc/passwd", InputError),
        ("https://github.com/acme/billing/\n", InputError),
        ("https://[/a/b/c", InputError),
        ("", InputError),
    ],
)
def test_what_is_not_ours_is_refused_before_backstage_is_asked(
    catalog: Any, hosts: CodeHosts, url: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        register_file(catalog, hosts, url)
    assert catalog.asked == []


@pytest.mark.parametrize(
    ("repository", "branch", "url"),
    [
        ("github.com?owner=acme&repo=billing", "main", URL),
        ("https://github.com/acme/billing", None, URL.replace("main", "HEAD")),
        (
            "gitlab.acme.example/platform/apps/billing",
            "feature/x",
            "https://gitlab.acme.example/platform/apps/billing/-/blob/feature/x/catalog-info.yaml",
        ),
        (
            "gitlab.com?owner=platform/shop&repo=billing",
            "main",
            "https://gitlab.com/platform/shop/billing/-/blob/main/catalog-info.yaml",
        ),
        (
            "acme.example?project=platform%2Fshop%2Fbilling",
            None,
            "https://acme.example/git/platform/shop/billing/-/blob/HEAD/catalog-info.yaml",
        ),
        (
            "https://acme.example/git/platform/billing",
            "main",
            "https://acme.example/git/platform/billing/-/blob/main/catalog-info.yaml",
        ),
        ("127.0.0.1:3000/acme/billing", "main", "http://127.0.0.1:3000/acme/billing/blob/main/catalog-info.yaml"),
    ],
)
def test_a_repository_and_a_path_are_an_address(
    hosts: CodeHosts, repository: str, branch: str | None, url: str
) -> None:
    assert catalog_file_url(hosts, repository, "catalog-info.yaml", branch) == url


@pytest.mark.parametrize(
    ("repository", "path", "branch"),
    [("github.com/acme/billing", "../x", "main"), ("github.com/acme/billing", "x", "-x"), ("github.com", "x", "main")],
)
def test_what_can_not_be_a_file_in_a_repository_is_refused(
    hosts: CodeHosts, repository: str, path: str, branch: str
) -> None:
    with pytest.raises(InputError):
        catalog_file_url(hosts, repository, path, branch)


def test_the_file_of_an_entity_is_read_again(catalog: Any) -> None:
    catalog.unknown = {"component:default/none"}

    assert refresh_entity(catalog, "Billing").entity_refs == ("component:default/billing",)
    assert catalog.asked == ["refresh component:default/billing"]
    with pytest.raises(NotFoundError):
        refresh_entity(catalog, "none")
    with pytest.raises(InputError, match="`entityRef`"):
        refresh_entity(catalog, "component:")
