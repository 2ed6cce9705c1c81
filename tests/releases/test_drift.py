"""How versions of a service differ between environments: by how much, and whether they may."""

from __future__ import annotations

import pytest

from scenedock.releases.drift import Cell, board_of, gap_between
from scenedock.releases.listing import behind
from scenedock.releases.release import Release

STAGES = {"qa": 2, "staging": 3, "prod-eu": 5, "prod-us": 5}
STAGED_CHARTS = {"staging": "17.4.0", "prod-eu": "17.3.0"}
EQUAL = {"prod-eu": {"prod-us"}, "prod-us": {"prod-eu"}}


def cells(**versions: str | None) -> dict[str | None, Cell]:
    releases = [
        Release("billing", name.replace("_", "-"), "apps", version, "" if version else "nothing says it")
        for name, version in versions.items()
    ]
    (row,) = board_of(releases, STAGES, EQUAL)
    return dict(row.cells)


def said(cell: Cell) -> tuple[str, str, str]:
    return cell.state, str(cell.gap or ""), cell.against


@pytest.mark.parametrize(
    ("older", "newer", "gap"),
    [
        ("1.2.3", "2.0.0", "1 major"),
        ("1.2.3", "1.4.0", "2 minors"),
        ("v1.2.3", "1.2.5", "2 patches"),
        ("1.2.3-rc.1", "1.2.3", "a prerelease"),
        ("v737", "v749", "12 builds"),
        ("build-9", "build-10", "1 build"),
        ("41", "42", "1 build"),
        ("1.2.3", "1.2.3", None),
        ("2.0.0", "1.0.0", None),
        ("v9", "w10", None),
        ("main", "main-2", None),
        ("20261101", "20261130", None),  # dates
        ("1234567", "2345678", None),  # commits
        ("007", "008", None),
        ("v1", "1.2.0", None),
    ],
)
def test_only_versions_with_an_order_are_compared(older: str, newer: str, gap: str | None) -> None:
    found = gap_between(older, newer)

    assert (str(found) if found else None) == gap


def test_larger_gaps_come_first() -> None:
    gaps = [gap_between("1.0.0", newer) for newer in ("1.0.9", "1.1.0", "1.7.0", "3.0.0")]

    assert sorted((each for each in gaps if each), key=lambda each: each.sort_key) == list(reversed(gaps))


def test_who_is_behind_is_compared_with_the_furthest() -> None:
    found = cells(qa="1.4.0", staging="1.3.0", prod_eu="1.1.0")

    assert {name: said(cell) for name, cell in found.items()} == {
        "qa": ("same", "", ""),
        "staging": ("behind", "1 minor", "qa"),
        "prod-eu": ("behind", "3 minors", "qa"),
    }


def test_who_is_ahead_of_an_earlier_environment_is_told() -> None:
    found = cells(qa="1.0.0", prod_eu="1.1.0")

    assert said(found["prod-eu"]) == ("ahead", "1 minor", "qa")
    assert said(found["qa"]) == ("behind", "1 minor", "prod-eu")


def test_what_an_earlier_environment_has_is_ahead_of_nobody() -> None:
    found = cells(qa="1.1.0", staging="1.0.0", prod_eu="1.1.0")

    assert [found[name].state for name in ("qa", "staging", "prod-eu")] == ["same", "behind", "same"]


def test_environments_that_should_have_the_same_version_and_do_not_are_told() -> None:
    found = cells(prod_eu="1.1.0", prod_us="1.0.0")

    assert said(found["prod-us"]) == ("split", "1 minor", "prod-eu")
    assert said(found["prod-eu"]) == ("same", "", "")
    without_order = cells(prod_eu="abc", prod_us="def")
    assert [without_order[name].state for name in ("prod-eu", "prod-us")] == ["split", "split"]


def test_versions_without_an_order_only_differ() -> None:
    found = cells(qa="main-abc", staging="main-def")

    assert said(found["staging"]) == ("other", "", "qa")
    assert said(found["qa"]) == ("same", "", "")


def test_what_is_unknown_is_compared_with_nothing() -> None:
    found = cells(qa=None, staging="1.0.0", harbour="2.0.0")

    assert said(found["qa"]) == ("unknown", "", "")
    assert said(found["staging"]) == ("behind", "1 major", "harbour")
    assert said(found["harbour"]) == ("same", "", "")  # nobody says which of the two comes first


def test_the_tag_of_an_image_and_the_version_of_a_chart_have_no_order() -> None:
    image = Release("redis", "qa", "apps", "7.2.4", image="redis")
    charts = [Release("redis", name, "apps", version, chart="redis") for name, version in STAGED_CHARTS.items()]
    (row,) = board_of([image, *charts], STAGES, {})

    assert {name: said(cell) for name, cell in row.cells.items()} == {
        "qa": ("same", "", ""),
        "staging": ("other", "", "qa"),
        "prod-eu": ("behind", "1 minor", "staging"),
    }
    assert [(key, each.release.environment) for key, each in behind([image, *charts]).items()] == [
        (("apps", "redis", "prod-eu"), "staging")
    ]


def test_environments_that_should_be_the_same_are_compared_with_each_other_though_others_are_further() -> None:
    found = cells(qa="2.0.0", prod_eu="1.2.0", prod_us="1.1.0")

    assert said(found["prod-us"]) == ("split", "1 minor", "prod-eu")
    assert said(found["prod-eu"]) == ("behind", "1 major", "qa")


def test_of_several_repositories_each_is_compared_with_its_own_environments_first() -> None:
    own = [Release("billing", "prod-eu", "apps", "2.7.1"), Release("billing", "qa", "apps", "2.8.0")]
    others = [Release("billing", "prod-eu", "other", "9.9.9"), Release("billing", "qa", "other", None, "no tag")]
    (row,) = board_of([*own, *others], STAGES, {})

    assert {name: said(cell) for name, cell in row.cells.items()} == {
        "prod-eu": ("behind", "1 minor", "qa"),
        "qa": ("same", "", ""),
    }
    assert [*behind([*own, *others])] == [("apps", "billing", "prod-eu")]
    elsewhere = Release("billing", "staging", "third", "3.0.0")
    assert behind([*own, elsewhere])["apps", "billing", "qa"].release is elsewhere


def test_lists_and_the_board_have_one_order() -> None:
    releases = [Release("billing", "qa", "apps", "v749"), Release("billing", "prod-eu", "apps", "v737")]

    assert {key: str(each.gap) for key, each in behind(releases).items()} == {
        ("apps", "billing", "prod-eu"): "12 builds"
    }
