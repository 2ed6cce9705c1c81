"""Certificates: listed for environments and clusters, from files and addresses, and refused where they aren't right."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scenedock.effects.sealed_secrets.certificate import Certificate
from scenedock.effects.sealed_secrets.certificates import read_certificates
from scenedock.errors import InputError, NotFoundError, TemporaryError
from tests.tools.sealed_secrets import Cluster

CLUSTER = Cluster()
NOW = datetime.now(UTC)


def test_the_first_entry_that_matches_counts(tmp_path: Path) -> None:
    for name in ("eu", "lower"):
        (tmp_path / f"{name}.pem").write_bytes(CLUSTER.certificate())
    text = (
        b"certificates:\n- {environments: [production], clusters: [eu], file: eu.pem}\n"
        b"- {environments: [dev, qa], repositories: [gitops], file: lower.pem}\n"
    )

    listed = read_certificates(text, "certificates.yaml", tmp_path)

    assert listed.choose("gitops", "production", "eu").source == str(tmp_path / "eu.pem")
    assert listed.choose("gitops", "qa", "").source == str(tmp_path / "lower.pem")
    for repository, environment, cluster in (("gitops", "production", ""), ("other", "qa", ""), ("gitops", None, "")):
        with pytest.raises(NotFoundError, match="no certificate is listed for"):
            listed.choose(repository, environment, cluster)


def test_what_is_no_present_certificate_is_refused() -> None:
    chain = CLUSTER.certificate(issuer="root") + Cluster("root").certificate()
    assert Certificate.read(chain, "chain.pem").encrypt(b"x", "")
    for data, message in {
        CLUSTER.certificate() + Cluster("root").certificate(): "it has 2 certificates",
        CLUSTER.certificate() + CLUSTER.private_key(): "it has a private key",
        b"": "no certificate in PEM",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "no certificate in PEM",
    }.items():
        with pytest.raises(InputError, match=message):
            Certificate.read(data, "cert.pem")
    with pytest.raises(InputError, match=r"cert.pem: the certificate expired on \d{4}-\d\d-\d\d; `kubeseal"):
        Certificate.read(CLUSTER.certificate(days=-1, since=9), "cert.pem").check(NOW)
    with pytest.raises(InputError, match="the certificate is valid from"):
        Certificate.read(CLUSTER.certificate(since=-3), "cert.pem").check(NOW)
    assert "expires in 20 days" in Certificate.read(CLUSTER.certificate(days=20), "cert.pem").warning(NOW)
    assert Certificate.read(CLUSTER.certificate(days=40), "cert.pem").warning(NOW) == ""


@contextmanager
def serving(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """A host that answers so; its address, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/cert.pem", asked
    finally:
        server.shutdown()
        server.server_close()


def test_an_address_is_asked_once_an_hour_and_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with serving(200, CLUSTER.certificate()) as (url, asked):
        listed = read_certificates(f"certificates: [{{url: '{url}'}}]".encode(), "c.yaml", tmp_path)
        assert {listed.choose("gitops", "qa", "").source for _ in range(3)} == {url}
        assert asked == ["/v1/cert.pem"]
        with serving(302, b"", Location=url) as (other, _):
            redirecting = read_certificates(f"certificates: [{{url: '{other}'}}]".encode(), "c.yaml", tmp_path)
            with pytest.raises(InputError, match=r"it redirects to 127.0.0.1:.*, which isn't followed"):
                redirecting.choose("gitops", "qa", "")
        assert len(asked) == 1
    for status, body, error, message in (
        (200, b"x" * 70_000, InputError, "it has more than 64 KiB"),
        (404, b"", InputError, "it answers with status 404"),
        (502, b"", TemporaryError, "it answers with status 502"),
    ):
        with serving(status, body) as (url, _):
            listed = read_certificates(f"certificates: [{{url: '{url}'}}]".encode(), "c.yaml", tmp_path)
            with pytest.raises(error, match=message):
                listed.choose("gitops", "qa", "")


def test_an_unsafe_list_is_refused_with_its_lines(tmp_path: Path) -> None:
    entries = b"- url: http://seal.acme.example/v1/cert.pem\n- url: https://ada:x@seal.acme.example/c\n- {}\n"
    with pytest.raises(InputError) as told:
        read_certificates(b"certificates:\n" + entries, "c.yaml", tmp_path)
    lines = str(told.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == ["c.yaml:2:3", "c.yaml:3:3", "c.yaml:4:3"]
    assert "ada" not in str(told.value)
