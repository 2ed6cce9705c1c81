"""What is wrong with a scenedock.yaml is said in words that help, each mistake with its line and column."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from scenedock.catalog.settings import Settings, read_settings
from scenedock.errors import InputError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("foldrs: {}", "1:1: there is no setting 'foldrs'; check its name and its indentation"),
        ("environments:\n  know: [a]", "2:3: there is no setting 'environments.know'; check its name"),
        ("owner: 'group: x'", "1:1: owner: 'group: x' must name a Group, such as payments, or be a reference"),
        ("cluster: a b", "1:1: cluster: 'a b' must be letters and digits, with single - _ or . between"),
        (
            "repository: github.com/acme/apps",
            "1:1: repository: 'github.com/acme/apps' must be an address with https://",
        ),
        ("branch: -x", "1:1: branch: '-x' must be the name of a branch"),
        ("overrides: {billing: {tags: pci}}", '1:23: overrides.billing.tags: "pci" is not of type "array"'),
        ("overrides:\n  billing: {dependsOn: [ledger]}", "2:25: overrides.billing.dependsOn.0: 'ledger' must be"),
        ("apps: [{items: apps}]", '1:8: apps.0: "file" is a required property'),
        ("- a", '1:1: the file: ["a"] is not of type "object"'),
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
        ("overrides:\n  billing:\n    links:\n      - url: {}", "4:9: overrides.billing.links.0.url: has a password"),
        ("annotations:\n  acme.test/wiki: {}", "2:3: annotations.acme.test/wiki: has a password"),
        ("overrides:\n  '{}': {{title: Billing}}", "2:3: overrides.https://acme.test/x: has a password"),
        ("repository: [{}]", "1:1: repository: what stands here is of the wrong kind"),
        ("repositry: {}", "1:1: there is no setting 'repositry'"),
        ("'{}': 1", "1:1: there is no setting 'https://acme.test/x'"),
        ("owner: {}", "1:1: owner: must name a Group"),
        ("known: ['{}']", "1:9: known.0: 'https://acme.test/x' must be a reference"),
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


@pytest.mark.parametrize("text", ["", "---\n", "# nothing yet\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    assert read_settings(text.encode()) == Settings()


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
