"""What is wrong with a scenedock.yaml is said in words that help, each mistake with its line and column."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from scenedock.catalog.vocabulary.owners import as_owner
from scenedock.catalog.vocabulary.settings import CatalogSettings, read_settings
from scenedock.errors import InputError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("foldrs: {}", "1:1: foldrs: there is no such key here (did you mean folders?)"),
        (
            "environments:\n  know: [a]",
            "2:3: environments.know: there is no such key here (did you mean known?)",
        ),
        ("owner: 'group: x'", "1:1: owner: must name a Group, such as payments, or refer to a Group or User"),
        ("owner: component:x", "1:1: owner: must name a Group, such as payments, or refer to a Group or User"),
        (
            "overrides:\n  billing: {type: job, owner: 'team:default/a'}",
            "2:24: overrides.billing.owner: must name a Group, such as payments, or refer to a Group or User",
        ),
        ("cluster: a b", "1:1: cluster: must consist of letters and digits, with single -, _ or . between them"),
        ("repository: github.com/acme/apps", "1:1: repository: must be an address with https://"),
        ("branch: -x", "1:1: branch: must be a branch name"),
        ("overrides: {billing: {tags: pci}}", "1:23: overrides.billing.tags: must be a list, not a string"),
        (
            "overrides:\n  billing: {dependsOn: [ledger]}",
            "2:25: overrides.billing.dependsOn[0]: must be a reference, kind:",
        ),
        (
            "overrides:\n  billing:\n    links:\n      - url: javascript:alert(1)",
            "4:9: overrides.billing.links[0].url: must be an address that begins with https:, http: or mailto:",
        ),
        ("overrides: {a: {links: [{url: wiki}]}}", "1:26: overrides.a.links[0].url: must be an address"),
        (
            'annotations:\n  backstage.io/view-url: " Java\\tScript:alert(1)"',
            "2:3: annotations.backstage.io/view-url: must be an address that begins with https:",
        ),
        (
            "overrides:\n  billing:\n    annotations: {backstage.io/edit-url: 'data:text/html,x'}",
            "3:19: overrides.billing.annotations.backstage.io/edit-url: must be an address",
        ),
        ("apps: [{items: apps}]", "1:8: apps[0].file: is missing"),
        ("- a", "1:1: the document: must be an object, `key: value`"),
        ("environments: {bind: a b}", "1:16: environments.bind: must consist of letters and digits"),
        ("vanishing: {share: 2}", "1:13: vanishing.share: the value is greater than the maximum of 1"),
        ("types: {a: b}\n---\ntypes: {c: d}", "3:1: a second document begins here; the file may have only one"),
        ("a: b: c", "1:5: this is not YAML: mapping values are not allowed in this context"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_settings(text.encode())
    assert str(refused.value).startswith(f"scenedock.yaml:{said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("overrides:\n  billing:\n    links:\n      - url: {}", "4:9: overrides.billing.links[0].url: has a password"),
        ("annotations:\n  acme.test/wiki: {}", "2:3: annotations.acme.test/wiki: has a password"),
        ("overrides:\n  '{}': {{title: Billing}}", "2:3: overrides.https://acme.test/x: has a password"),
        ("repository: [{}]", "1:14: repository[0]: has a password"),
        ("repositry: {}", "1:1: repositry: there is no such key here"),
        ("'{}': 1", "1:1: https://acme.test/x: there is no such key here"),
        ("owner: {}", "1:1: owner: has a password"),
        ("known: ['{}']", "1:9: known[0]: must be a reference"),
        ("a: *{}", "1:4: "),
    ],
)
def test_a_password_in_an_address_is_told_with_its_place_and_not_shown(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_settings(text.format("https://jane:c4n4ry@acme.test/x").encode())
    assert f"scenedock.yaml:{said}" in str(refused.value)
    assert "c4n4ry" not in str(refused.value)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    with pytest.raises(InputError) as refused:
        read_settings(b"owner: [a]\nfoldrs: {}\ntypes: {a: 1}\n", label="apps/scenedock.yaml")
    assert [line.partition(": ")[0] for line in str(refused.value).splitlines()] == [
        "apps/scenedock.yaml:1:1",
        "apps/scenedock.yaml:2:1",
        "apps/scenedock.yaml:3:9",
    ]


@pytest.mark.parametrize("owner", ["payments", "acme/payments", "Group:payments", "USER:acme/jane"])
def test_an_owner_is_a_group_or_a_user_in_any_case(owner: str) -> None:
    assert as_owner(read_settings(f"owner: {owner}".encode()).owner)


@pytest.mark.parametrize("text", ["", "---\n", "# nothing yet\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    assert read_settings(text.encode()) == CatalogSettings()


def test_no_value_is_repeated_as_it_may_have_a_password_in_it() -> None:
    with pytest.raises(InputError) as refused:
        read_settings(b"repository: https://jane:hunter2@github.com/acme/apps\nprovider: hunter2\nbranch: [hunter2]\n")
    assert str(refused.value).count("\n") == 2
    assert "hunter2" not in str(refused.value)


def test_every_pattern_has_a_rule_for_people() -> None:
    text = resources.files("scenedock.catalog").joinpath("schemas/scenedock.schema.json").read_text("utf-8")
    with_pattern = [each for each in objects(json.loads(text)) if isinstance(each.get("pattern"), str)]
    assert with_pattern
    assert [each for each in with_pattern if "patternErrorMessage" not in each] == []


def objects(value: Any) -> list[dict[str, Any]]:
    """Every object inside a JSON value, the value itself among them."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    inside = [each for child in below for each in objects(child)]
    return [value, *inside] if isinstance(value, dict) else inside
