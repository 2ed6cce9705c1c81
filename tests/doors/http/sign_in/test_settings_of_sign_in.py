"""What is set so that people can sign in works together, or ends the start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenedock.errors import InputError
from scenedock.runtime.callers.static_tokens import StaticTokens
from scenedock.runtime.service import Service
from scenedock.runtime.settings import Settings
from scenedock.runtime.sign_in_wiring import open_sign_in
from scenedock.runtime.wiring import signing_key
from scenedock.structs import replace
from tests.doors.http.sign_in.people import openid
from tests.fakes.openid_provider import OpenIdProvider


@pytest.mark.parametrize("wrong", [{"oidc_client_id": ""}, {"oidc_client_secret": ""}, {"oidc_scopes": ("profile",)}])
def test_settings_that_can_not_work_end_the_start(
    of_service: Callable[..., Service], provider: OpenIdProvider, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=next(iter(wrong)).upper()):
        of_service(**openid(provider) | wrong)


@pytest.mark.parametrize("people", [{"oidc_issuer": "https://id.acme.example"}, {"trusted_proxy": ("10.0.0.1",)}])
def test_where_people_sign_in_the_service_is_at_the_root_of_a_host(
    of_service: Callable[..., Service], people: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="SCENEDOCK_PUBLIC_URL must be an address without a path"):
        of_service(public_url="https://acme.example/scenedock", **people)


def test_replicas_with_a_database_need_one_signing_key(tmp_path: Path) -> None:
    for name, value in (("oidc_issuer", "https://id.acme.example"), ("trusted_proxy", ("10.0.0.1",))):
        settings = replace(Settings(data=tmp_path, database_url="postgresql://db/x"), **{name: value})  # type: ignore[arg-type]
        with pytest.raises(InputError, match="SCENEDOCK_SIGNING_KEY must be set"):
            signing_key(settings)


def test_sessions_are_kept_where_the_tasks_are(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    key = signing_key(settings)

    stores = [
        open_sign_in(replace(settings, database_url=url), StaticTokens(), key).sessions.store
        for url in ("", "sqlite:////data/tasks.db", "postgresql://db/x")
    ]

    assert [type(store).__name__ for store in stores] == ["SessionFiles", "SessionFiles", "SessionTable"]
