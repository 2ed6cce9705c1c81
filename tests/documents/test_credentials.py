"""Which texts have credentials, so that they aren't copied."""

from __future__ import annotations

import pytest

from scenedock.changes.environments.entries import entries_of
from scenedock.changes.environments.secrets import secret_in, secret_in_comment
from scenedock.documents.credentials import has_credential, hidden_in_text, is_hidden

LONG = "0123456789abcdefghijABCDEFGHIJ012345"


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhcGkifQ.dBjftJeZ4CVP",
        "Bearer abcdefghijklmnop0123456789",
        "Basic dXNlcjpwYXNz",
        '{"Authorization": "Token abcdefgh"}',
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={LONG}==;EndpointSuffix=core.windows.net",
        f"Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey={LONG}=",
        f"https://store.blob.core.windows.net/c?sv=2020&sig=abc%2B{LONG}",
        f"https://chat.googleapis.com/v1/spaces/A/messages?key={LONG}",
        f"https://hooks.slack.com/services/T00000000/B00000000/{LONG}",
        f"https://acme.webhook.office.com/webhookb2/aaaa@bbbb/IncomingWebhook/{LONG}",
        f"https://discord.com/api/webhooks/123456/{LONG}",
        f"https://api.telegram.org/bot123456789:AA{LONG}/sendMessage",
        '{"auths":{"reg.example.com":{"auth":"dXNlcjpwYXNz"}}}',
        '"{\\"auths\\":{\\"reg.example.com\\":{\\"auth\\":\\"dXNlcjpwYXNz\\"}}}"',
        "eyJhdXRocyI6e319",
        f"AIza{LONG}",
        "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQ",
        "AKIAIOSFODNN7EXAMPLE",
        "curl -u admin:hunter22xx https://x",
    ],
)
def test_a_credential_is_known_by_its_form(text: str) -> None:
    assert has_credential(text)
    assert secret_in_comment(f"# {text}")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {{ .Values.token }}",
        "Authorization: Bearer $(TOKEN)",
        "Basic authentication is off",
        "https://api.acme.example/v1?key={key}&page=2",
        "hooks.slack.com",
        '{"auth": "required"}',
        "registry.acme.example/billing@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "curl -u $USER:$PASSWORD https://x",
        "docker run -u 1000:1000 alpine",
        "123456:8080",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert not has_credential(text)
    assert not secret_in_comment(f"# {text}")


@pytest.mark.parametrize(
    ("text", "is_secret"),
    [
        ("# passwd is: hunter22xx", True),
        ("#password hunter22xx", True),
        ("# the admin's password for qa (ask ada): Hunter22xx.", True),
        ("# the password is in the vault, under apps/billing", False),
        ("# see external-secrets.io/v1beta1", False),
        ("# tokens last 30 days", False),
        ("# compass: north1234", False),
    ],
)
def test_a_comment_that_tells_a_password_is_known(text: str, *, is_secret: bool) -> None:
    assert secret_in_comment(text) == is_secret


@pytest.mark.parametrize(
    ("line", "is_secret"),
    [
        ("PGPASS: abcd1234", True),
        ("apikey: 0f1e2d3c4b5a69788796", True),
        ("SIGNING: 0f1e2d3c4b5a69788796a5b4c3d2e1f0", True),
        ("bypass: abcd1234", False),
        ("csrftoken: true", False),
        ("tlssecret: wildcard-tls", False),
        ("PGPASS: $(PGPASS)", False),
        ("commit: 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c", False),
    ],
)
def test_a_credential_is_known_by_its_name(line: str, *, is_secret: bool) -> None:
    (entry,) = (each for each in entries_of(line.encode(), "values.yaml") if not each.is_key)
    assert bool(secret_in(entry)) == is_secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DBPASS", "hunter"),
        ("APIKEY", "abcdef12"),
        ("BASIC_AUTH", "ada:hunter2x"),
        ("AUTH", "Basic dXNlcjpwYXNz"),
        ("REDIS_AUTH", "hunter2x"),
        ("ADMIN_CREDENTIALS", "ada:hunter"),
        ("APP_KEY", "base64:abcd+f=="),
        ("SMTP_PASSCODE", "hunter"),
        ("SIGNING_SALT", "a1b2c3"),
        ("signingSalt", "a1b2c3"),
        ("SECRET", "word"),
        ("-p", "hunter2x"),
        ("--token", "abcdef"),
    ],
)
def test_a_value_is_hidden_for_its_name(name: str, value: str) -> None:
    assert is_hidden(value, name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auth", "basic"),
        ("AUTH", "required"),
        ("credentials", "aws-credentials"),
        ("existingSecret", "billing"),
        ("secretName", "billing"),
        ("secret", "billing"),
        ("API_TOKEN", "$(TOKEN)"),
        ("PASSWORD_FILE", "/run/1"),
        ("key", "ca.crt"),
        ("compass", "north1"),
        ("-p", "8080"),
        ("-p", "8080:80/tcp"),
        ("-p", "data-1"),
        ("--level", "info"),
    ],
)
def test_a_value_is_shown_for_its_name(name: str, value: str) -> None:
    assert not is_hidden(value, name)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("//registry.acme.example/:_authToken=abcdef", ["abcdef"]),
        ("port 6379\nrequirepass hunter\n", ["hunter"]),
        ("machine git.acme.example login ada password hunter", ["hunter"]),
        ("machine git.acme.example\n  login ada\n  password hunter\n", ["hunter"]),
        ("db.acme.example:5432:*:billing:hunter2x", ["hunter2x"]),
        ("ada:$apr1$abcdefgh$0123456789abcdefghijkl", ["$apr1$abcdefgh$0123456789abcdefghijkl"]),
        ("[client]\npassword hunter\n", ["hunter"]),
        ("mysql -u ada -p hunter2x billing", ["hunter2x"]),
        ("run --token abcdef --level info", ["abcdef"]),
        ("export DBPASS=hunter; run", ["hunter"]),
        (f"url: https://hooks.slack.com/services/T0/B0/{LONG}", [f"hooks.slack.com/services/T0/B0/{LONG}"]),
        ("_authToken=${NPM_TOKEN}\nrequirepass $REDIS\nmkdir -p /data/a1\nrun -p 8080", []),
        ("the password is long\nlevel: info\nimage: a.example:5000/b:1.0.0\nAUTH=required", []),
        ("server: db.acme.example:5432/billing\nproxy: http://a:8080", []),
    ],
)
def test_of_a_text_what_is_secret_is_hidden(text: str, hidden: list[str]) -> None:
    assert [text[start:end] for start, end in hidden_in_text(text)] == hidden
