"""Texts that fit a field are kept, and others are made to fit. (The formats are compared in tests/contracts.)"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.vocabulary.formats import (
    FORMATS,
    ORDINARY,
    as_entity_name,
    as_tag,
    is_entity_name,
    is_tag,
    is_url,
)

NAMES = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True)
TAGS = st.from_regex(r"[a-z0-9:+#]{1,20}(-[a-z0-9:+#]{1,20}){0,2}", fullmatch=True)


@given(st.text())
def test_what_is_made_to_fit_fits_or_nothing_of_it_is_left(text: str) -> None:
    assert not as_entity_name(text) or is_entity_name(as_entity_name(text))
    assert not as_tag(text) or is_tag(as_tag(text))


@given(NAMES)
def test_a_name_is_kept(name: str) -> None:
    assert as_entity_name(name) == name


@given(TAGS)
def test_a_tag_is_kept(tag: str) -> None:
    assert as_tag(tag) == tag


@pytest.mark.parametrize(
    ("text", "name", "tag"),
    [
        ("Foo Bar", "Foo-Bar", "foo-bar"),
        ("  apps/billing!  ", "apps-billing", "apps-billing"),
        ("Crème brûlée", "Creme-brulee", "creme-brulee"),
        ("C++", "C", "c++"),
        (".NET Core", "NET-Core", "net-core"),
        ("snake__case..x", "snake__case..x", "snake-case-x"),
        ("\ufb01ne \u210b", "fine-H", "fine-h"),  # a ligature, and an H in script
        ("数据", "", ""),
        ("", "", ""),
        ("a" * 62 + " b", "a" * 62, "a" * 62),
        ("a" * 70, "a" * 63, "a" * 63),
    ],
)
def test_names_and_tags_are_made_predictably(text: str, name: str, tag: str) -> None:
    assert (as_entity_name(text), as_tag(text)) == (name, tag)


@given(st.text(st.characters()))
def test_every_format_judges_every_text(text: str) -> None:
    assert {rule.holds(text) for rule in FORMATS.values()} <= {True, False}


def test_half_a_surrogate_pair_is_validated_as_in_node() -> None:
    assert is_url("https://example.com/\ud800")
    assert not is_url("https://\ud800.example.com")


@pytest.mark.parametrize("name", ORDINARY)
@given(st.data())
def test_a_rule_holds_for_every_ordinary_text(name: str, data: st.DataObject) -> None:
    assert FORMATS[name].holds(data.draw(st.from_regex(ORDINARY[name], fullmatch=True)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("annotation-key", "backstage.io/source-location"),
        ("annotation-key", "scenedock.dev/environments"),
        ("api-version", "backstage.io/v1alpha1"),
        ("api-version", "scaffolder.backstage.io/v1beta3"),
        ("entity-name", "billing-api"),
        ("kind", "Component"),
        ("tag", "event-driven"),
    ],
)
def test_what_an_export_writes_is_ordinary(name: str, text: str) -> None:
    assert re.fullmatch(ORDINARY[name], text)
