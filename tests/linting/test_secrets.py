"""Which values are secrets in plain text, which are not, and that no value is ever told."""

from __future__ import annotations

import pytest

from scenedock.linting.secrets import find_secrets
from scenedock.model.finding import Finding
from scenedock.model.json import Json, JsonObject
from scenedock.releases.deployed import Layer

MIXED = "q7Rz" * 5
KEY = f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{'MIIEowIBAAKCAQEA' * 4}\n-----END RSA PRIVATE KEY-----\n"


def find(values: JsonObject) -> list[Finding]:
    return list(find_secrets([("apps", Layer("billing/values.yaml", values, len))]))


def nested(path: str, value: Json) -> JsonObject:
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("database.password", "hunter42", "a password"),
        ("postgresql.auth.postgresPassword", "Tr0ub4dor", "a password"),
        ("env.DB_PASSWORD", "hunter42", "a password"),
        ("smtp.pass", "a1b2c3", "a password"),
        ("database.password", "kT9#adminQ1", "a password"),
        ("database.password", "Key4Dev!Qx", "a password"),
        ("oauth.clientSecret", "8f14e45f-ceea-467a-9575-0a9b1c2d3e4f", "a secret"),
        ("apiKey", MIXED, "a secret"),
        ("oauth.clientSecret", MIXED, "a secret"),
        ("auth.API_TOKEN", MIXED, "a secret"),
        ("tls.key", KEY, "a private key"),
        ("anything", "gh" + "p_" + "a1" * 18, "a token of GitHub"),
        ("anything", "x=glpat" + "-" + "a1B" * 7, "a token of GitLab"),
        ("database.url", f"postgres://billing:{MIXED}@db.internal:5432/billing", "an address with a password"),
    ],
)
def test_a_secret_is_told_by_its_path_alone(path: str, value: str, what: str) -> None:
    (finding,) = find(nested(path, value))
    said = "in plain text: everybody who can read the repository has it"
    assert (finding.severity, finding.message) == ("error", f"{path} is {what}, {said}")
    assert value not in repr(finding)


def test_a_variable_of_an_environment_has_its_name_beside_it() -> None:
    (finding,) = find({"env": [{"name": "COLOR", "value": "blue12"}, {"name": "DB_PASSWORD", "value": "hunter42"}]})
    assert finding.message.startswith("env.1.value is a password, in plain text")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("password", ""),
        ("password", None),
        ("password", True),
        ("password", 12345678),
        ("password", "changeme1"),
        ("password", "<fill in 1>"),
        ("password", "${DB_PASSWORD_1}"),
        ("password", "{{ .Values.global.password1 }}"),
        ("password", "vault:secret/data/billing#p4ss"),
        ("password", "ref+awssecrets://billing/1"),
        ("password", "ENC[AES256_GCM,data:Tr2,type:str]"),
        ("password", "billing-db-1"),
        ("password", "YOUR_PASSWORD_1"),
        ("password", "Admin-Password_123"),
        ("existingSecret", "billing-credentials-1"),
        ("imagePullSecret", "k8s-registry-pull-creds"),
        ("tlsSecret", "2fa-backend-cert-v2"),
        ("backupSecret", "s3-backup-bucket-rw"),
        ("clientSecret", "oauth2-proxy-client-prod"),
        ("passwordSecret", "pg14-billing-owner"),
        ("authSecret", "MyTeam-KV-Billing-01"),
        ("secretName", MIXED),
        ("passwordSecretRef.token", MIXED),
        ("secretKeys.password", "adminpw1"),
        ("env.0.valueFrom.secretKeyRef.password", "hunter42"),
        ("passwordPolicy", "min 8 letters"),
        ("tokenUrl", f"https://sign.example/{MIXED}"),
        ("token", "short1"),
        ("sealed.password", "AgBy3i4OJSWK1" * 9),
        ("key", MIXED),
        ("image.tag", MIXED),
        ("tls.crt", "-----BEGIN CERTIFICATE-----\nMIIC1\n"),
        ("tls.key", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
        ("database.url", "postgres://billing:$(PASSWORD)@db:5432/billing"),
        ("database.url", "http://localhost:8080/a@b"),
    ],
)
def test_what_only_stands_for_a_secret_is_none(path: str, value: Json) -> None:
    assert find(nested(path, value)) == []


@pytest.mark.parametrize("sign", ["x", "a.", "-"])
def test_a_text_of_a_megabyte_is_searched_in_time_that_grows_with_its_length(sign: str) -> None:
    assert find({"text": sign * (1_000_000 // len(sign))}) == []
