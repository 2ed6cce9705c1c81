"""Which service a folder is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.mapping.identities import FolderPath, Identity, identify
from scenedock.catalog.vocabulary.environments import EnvironmentNames

PATHS = st.lists(
    st.lists(st.sampled_from("apps billing cart dev 01-dev prod-eu live-chat test a-b".split()), max_size=4).map(
        "/".join
    ),
    unique=True,
    max_size=8,
)


def identified(*repositories: list[str]) -> dict[tuple[int, str], Identity]:
    folders = [FolderPath(number, path) for number, paths in enumerate(repositories) for path in paths]
    names = [EnvironmentNames() for _ in repositories]
    found = identify(folders, names, [f"repository-{number}" for number in range(len(repositories))])
    return {(folder.repository, folder.path): identity for folder, identity in found.items()}


def services(*paths: str) -> dict[str, tuple[str, str | None]]:
    return {path: (each.name, each.environment) for (_, path), each in identified(list(paths)).items()}


def test_folders_that_only_hold_others_say_nothing() -> None:
    assert services("apps/billing", "charts/cart") == {"apps/billing": ("billing", None), "charts/cart": ("cart", None)}


def test_environment_folders_below_and_above_are_one_service() -> None:
    found = services("shop/cart/01-dev", "shop/cart/02-production", "dev/billing", "production/billing")
    assert set(found.values()) == {
        ("cart", "dev"),
        ("cart", "production"),
        ("billing", "dev"),
        ("billing", "production"),
    }


def test_a_service_may_be_called_like_an_environment() -> None:
    assert services("apps/test", "load-test") == {"apps/test": ("test", None), "load-test": ("load-test", None)}


def test_endings_are_environments_where_another_one_proves_it() -> None:
    assert services("billing-dev", "billing-production")["billing-dev"] == ("billing", "dev")
    assert services("billing", "billing-qa")["billing-qa"] == ("billing", "qa")
    assert services("billing-prod-eu", "billing-prod-us", "cart-prod-eu", "cart-prod-us")["cart-prod-us"] == (
        "cart",
        "prod-us",
    )


def test_a_name_with_a_suffix_needs_more_proof() -> None:
    assert services("auth", "auth-test-client")["auth-test-client"] == ("auth-test-client", None)
    assert services("support/live-chat", "support/tickets")["support/live-chat"] == ("live-chat", None)
    assert services("support/prod-eu", "support/dev")["support/prod-eu"] == ("support", "prod-eu")


def test_folders_that_hold_the_same_services_are_environments() -> None:
    found = services("prod-eu/billing", "prod-us/billing", "common")
    assert (found["prod-eu/billing"], found["common"]) == (("billing", "prod-eu"), ("common", None))
    assert services("money/test-client", "money/test-runner", "money/billing")["money/test-client"] == (
        "test-client",
        None,
    )


def test_as_many_parents_as_needed_tell_names_apart() -> None:
    found = services("eu/db/admin", "us/db/admin", "cart")
    assert [name for name, _ in found.values()] == ["eu-db-admin", "us-db-admin", "cart"]


def test_where_parents_do_not_help_names_are_equal_and_services_are_not() -> None:
    first, second = (
        identified(["shop/web", "office/web", "shop-web"])[0, "shop/web"],
        identified(["shop/web", "office/web", "shop-web"])[0, "shop-web"],
    )
    assert first.name == second.name == "shop-web"
    assert first.service != second.service


def test_folders_of_several_repositories_share_a_name() -> None:
    found = identified(["billing"], ["apps/billing"])
    assert {identity.name for identity in found.values()} == {"billing"}


def test_a_chart_in_the_root_is_called_after_the_repository() -> None:
    assert services("")[""] == ("repository-0", None)


def test_a_tenant_is_the_folder_above_an_app() -> None:
    found = identified(["shop/cart/01-dev", "apps/mail/01-dev", "billing/dev"])
    assert [identity.tenant for identity in found.values()] == ["shop", "", ""]


@given(PATHS)
def test_any_order_of_folders_gives_the_same_identities(paths: list[str]) -> None:
    assert identified(paths) == identified(paths[::-1])


@given(PATHS)
def test_one_service_has_one_name_and_its_folders_differ_in_environment_or_path(paths: list[str]) -> None:
    names: dict[tuple[str, ...], str] = {}
    for identity in identified(paths).values():
        assert names.setdefault(identity.service, identity.name) == identity.name
        assert identity.name


def test_a_chart_leaves_its_name_to_the_folder_that_deploys_it() -> None:
    folders = [FolderPath(0, "charts/billing", listed=True), FolderPath(0, "apps/billing"), FolderPath(0, "apps/cart")]
    found = identify(folders, [EnvironmentNames()], ["repository"])
    assert [found[folder].name for folder in folders] == ["charts-billing", "billing", "cart"]


def test_a_listed_chart_without_parents_keeps_its_name() -> None:
    folders = [FolderPath(0, "billing", listed=True), FolderPath(0, "apps/billing")]
    found = identify(folders, [EnvironmentNames()], ["repository"])
    assert [found[folder].name for folder in folders] == ["billing", "apps-billing"]


def remembering(names: dict[str, str], *paths: str) -> dict[str, tuple[str, str]]:
    """Name and rival of each folder of one repository, in which services had these names."""
    found = identify([FolderPath(0, path) for path in paths], [EnvironmentNames()], ["repository"], [names])
    return {folder.path: (identity.name, identity.rival) for folder, identity in found.items()}


def test_a_name_once_given_stays_and_who_comes_later_gets_the_longer_one() -> None:
    assert remembering({"a/worker": "worker"}, "a/worker", "b/worker") == {
        "a/worker": ("worker", ""),
        "b/worker": ("b-worker", "a/worker"),
    }
    both = {"a/worker": "worker", "b/worker": "b-worker"}
    assert remembering(both, "a/worker", "b/worker", "c/b/worker")["c/b/worker"] == ("c-b-worker", "a/worker")
    assert remembering(both, "b/worker") == {"b/worker": ("b-worker", "")}


def test_a_name_is_that_of_the_service_whichever_of_its_folders_had_it() -> None:
    names = {"shop/cart": "cart"}
    found = remembering(names, "shop/cart/01-dev", "shop/cart/02-production", "mall/cart/01-dev")
    assert {name for name, _ in found.values()} == {"cart", "mall-cart"}


def test_a_name_that_was_not_made_of_the_path_is_not_one_of_ours() -> None:
    assert remembering({"a/worker": "invoices", "": "x"}, "a/worker") == {"a/worker": ("worker", "")}


def test_names_that_cannot_both_stay_are_told_apart_as_if_they_were_new() -> None:
    found = remembering({"a/worker": "worker", "b/worker": "worker"}, "a/worker", "b/worker")
    assert [name for name, _ in found.values()] == ["a-worker", "b-worker"]


def test_a_name_stays_whatever_comes_in_another_repository() -> None:
    folders = [FolderPath(0, "a/worker"), FolderPath(1, "x/worker"), FolderPath(1, "y/worker")]
    names = [EnvironmentNames(), EnvironmentNames()]
    found = identify(folders, names, ["one", "two"], [{"a/worker": "worker"}, {}])
    assert [found[folder].name for folder in folders] == ["worker", "x-worker", "y-worker"]


@given(PATHS, st.data())
def test_no_new_folder_renames_a_service(paths: list[str], data: st.DataObject) -> None:
    earlier = data.draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    named = {path: identity for (_, path), identity in identified(earlier).items()}
    remembered = {path: identity.name for path, identity in named.items()}
    found = identify([FolderPath(0, path) for path in paths], [EnvironmentNames()], ["repository-0"], [remembered])
    for folder, identity in found.items():
        before = named.get(folder.path)
        if before and before.service == identity.service:  # what is beside a folder may tell that it is an environment
            assert identity.name == before.name
