"""Secrets of code hosts come from files and variables; what is wrong with one is named by its line, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenedock.errors import InputError
from scenedock.model.code_hosts.code_host import read_repository
from scenedock.runtime.wiring import list_code_hosts

PEM = "-----BEGIN RSA PRIVATE KEY-----\nkanarie\n-----END RSA PRIVATE KEY-----\n"


def listed(folder: Path, *credentials: str) -> Path:
    """A list with a host for each credential."""
    file = folder / "hosts.yaml"
    hosts = [
        f"  - host: h{number}.example\n    type: github\n    owners: [acme]\n    {credential}\n"
        for number, credential in enumerate(credentials)
    ]
    file.write_text("hosts:\n" + "".join(hosts), encoding="utf-8")
    return file


def test_a_token_is_in_a_file_beside_the_list_or_in_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("kanarie-1\n", encoding="utf-8")
    monkeypatch.setenv("HOOK", "kanarie-2")
    monkeypatch.setenv("TOKEN", "kanarie-3")
    file = listed(tmp_path, "token_file: secrets/token", "token_env: TOKEN\n    webhook_secret_env: HOOK")

    hosts = list_code_hosts(file)

    assert hosts.host_of(read_repository("h0.example/acme/x")).host == "h0.example"
    assert hosts.webhook_secrets("github") == {"h1.example": "kanarie-2"}
    assert [each.secrets.token for each in hosts._by_name.values()] == ["kanarie-1", "kanarie-3"]
    assert "kanarie" not in repr(list(hosts._by_name.values()))


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64", "whsec_é", "whsec_c2hvcnQ="])
def test_a_signing_token_that_is_cut_off_is_told_and_not_shown(tmp_path: Path, secret: str) -> None:
    (tmp_path / "hook").write_text(secret, encoding="utf-8")
    (tmp_path / "token").write_text("glpat-x", encoding="utf-8")
    entry = "{host: gitlab.com, type: gitlab, owners: [a], token_file: token, webhook_secret_file: hook}"
    (tmp_path / "hosts.yaml").write_text(f"hosts: [{entry}]", encoding="utf-8")

    with pytest.raises(InputError, match="a signing token has base64 of at least 24 bytes") as told:
        list_code_hosts(tmp_path / "hosts.yaml")

    assert secret not in str(told.value).replace("`whsec_`", "")


def test_all_that_is_wrong_is_named_with_its_line_and_nothing_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").write_text(" \n", encoding="utf-8")
    (tmp_path / "two").write_text("kanarie 1\nkanarie 2\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"kanarie\xff\xfe")
    (tmp_path / "app.pem").write_text(PEM, encoding="utf-8")
    monkeypatch.delenv("NOT_SET", raising=False)
    file = listed(
        tmp_path,
        "token_file: none",
        "token_file: empty",
        "token_file: two",
        "token_file: binary",
        "token_env: NOT_SET",
        "app: {id: 1, private_key_file: app.pem}",
    )

    with pytest.raises(InputError) as told:
        list_code_hosts(file)

    said = str(told.value).replace(str(tmp_path), "").splitlines()
    assert [line.partition(": ")[0] for line in said] == [f"/hosts.yaml:{line}" for line in (5, 9, 13, 17, 21, 25)]
    assert [line.rpartition(": ")[2].partition(";")[0] for line in said] == [
        "there is no such file",
        "empty is empty",
        "a token can't contain white space",
        "binary is not text",
        "the environment variable NOT_SET is not set",
        "this is not an RSA private key in PEM form",
    ]
    assert "kanarie" not in str(told.value)


def test_without_a_list_nothing_may_be_written() -> None:
    with pytest.raises(Exception, match="SCENEDOCK_CODE_HOSTS"):
        list_code_hosts(None).host_of(read_repository("github.com/acme/apps"))
