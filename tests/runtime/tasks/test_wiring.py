"""The seal of tasks: with the configured keys, or with that of the data folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenedock.effects.tasks.sealing import new_key
from scenedock.errors import InputError
from scenedock.runtime.tasks.wiring import seal_of

SECRETS = {"token": "secret"}


def test_without_a_configured_key_the_data_folder_has_one(tmp_path: Path) -> None:
    sealed = seal_of("", tmp_path / "data").close("a", SECRETS)

    assert seal_of("", tmp_path / "data").open("a", sealed) == SECRETS
    assert seal_of((tmp_path / "data" / "seal.key").read_text(), tmp_path).open("a", sealed) == SECRETS


def test_of_configured_keys_the_first_seals_and_any_opens(tmp_path: Path) -> None:
    old, new = new_key().decode(), new_key().decode()
    sealed = seal_of(old, tmp_path).close("a", SECRETS)

    assert seal_of(f"{new}, {old}", tmp_path).open("a", sealed) == SECRETS
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", new_key()[:40], b"not a key at all, but a line of text", b"\xff\xfe" * 16],
    ids=["empty", "cut", "a sentence", "not text"],
)
def test_a_file_that_has_no_key_in_it_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "seal.key"
    path.write_bytes(content)

    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: this is no seal key"):
        seal_of("", tmp_path)
    assert path.read_bytes() == content
