"""Who owns a folder by CODEOWNERS, and what a person may write as an owner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.vocabulary.owners import Codeowners, as_owner
from scenedock.model.entity import EntityRef


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("* @acme/all\nbilling/ @acme/money", "group:default/money"),
        ("billing/ @acme/money\n* @acme/all", "group:default/all"),
        ("/billing @jane @acme/money", "group:default/money"),
        ("billing @jane @joe", "user:default/jane"),
        ("**/Chart.yaml @acme/charts", "group:default/charts"),
        ("* @acme/all # not @acme/money", "group:default/all"),
        ("* @acme/all\n# billing/ @acme/money", "group:default/all"),
        ("* @acme/all\n/billing/values.yaml @acme/money", "group:default/all"),
        ("* @acme/all\nbilling/", ""),
        ("* @acme/all\nbilling/ jane@acme.test", ""),
        ("* @acme/all\nbill/ @acme/money", "group:default/all"),
        ("* @acme/europe/money", "group:default/money"),
        ("[Money] @acme/money\nbilling/", "group:default/money"),
        ("[Money] @acme/money\nbilling/ jane@acme.test", ""),
        ("[Money] @acme/money\nbilling/ @@maintainer @jane", "user:default/jane"),
        ("^[Money][2] @jane @acme/money\n*", "group:default/money"),
        ("[Money] @acme/money\n[Other]\nbilling/", ""),
        ("", ""),
    ],
)
def test_the_last_match_decides(text: str, owner: str) -> None:
    assert Codeowners.read(text).owner_of("billing") == owner


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("shop", "group:default/shop"),
        ("Search Team", "group:default/Search-Team"),
        ("group:shop", "group:default/shop"),
        ("user:default/jane", "user:default/jane"),
        ("group:shop/web", "group:shop/web"),
        ("@jane", "user:default/jane"),
        ("jane@acme.test", ""),
        ("{{ .Values.owner }}", ""),
        ("component:billing", ""),
        (":", ""),
        ("***", ""),
    ],
)
def test_an_owner_is_a_group_or_a_user(text: str, owner: str) -> None:
    assert as_owner(text) == owner


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_names_an_owner_or_nobody(text: str, folder: str) -> None:
    for owner in (as_owner(text), Codeowners.read(text).owner_of(folder)):
        assert not owner or EntityRef.parse(owner, default_kind="").kind in {"group", "user"}


@pytest.mark.parametrize(
    ("handle", "owner"),
    [
        ("@acme-retail/payments", "group:acme-retail/payments"),
        ("@Acme-Retail/payments", "group:acme-retail/payments"),
        ("@acme-platform/core/search", "group:platform/core-search"),
        ("@north-1/ops", "group:north-1/ops"),
        ("@jane", "user:staff/jane"),
        ("@acme/mail", "group:default/mail"),
        ("mail", "group:default/mail"),
    ],
)
def test_settings_say_what_handles_mean(handle: str, owner: str) -> None:
    names = {
        "@acme-retail/*": "group:acme-retail/{team}",
        "@acme-platform/*": "group:platform/{team}",
        "@north-*/*": "group:{org}/{team}",
        "@jane": "user:staff/{team}",
    }
    assert as_owner(handle, names) == owner
