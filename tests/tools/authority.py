"""A company's certificate authority, and servers of TLS whose certificates it has issued."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from tests.tools.wsgi import Silent

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True)
class Authority:
    """An authority of which nobody knows anything."""

    key: ec.EllipticCurvePrivateKey
    issued: x509.Certificate

    @classmethod
    def make(cls, name: str = "Acme Corporation Root") -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(name)
        return cls(key, _signed(_builder(subject, subject, key, is_authority=True), key))

    @property
    def certificate(self) -> str:
        """Its certificate in PEM, as an operator has it in a file."""
        return self.issued.public_bytes(Encoding.PEM).decode()

    @contextmanager
    def served(self, app: WSGIApplication, folder: Path) -> Iterator[str]:
        """An application over TLS on a free port; its address, without a trailing slash."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")])
        builder = _builder(_named("127.0.0.1"), self.issued.subject, key, is_authority=False)
        certificate = _signed(builder.add_extension(here, critical=False), self.key)
        pem = folder / f"server-{certificate.serial_number}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent, ssl_context=context)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_authority: bool
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())
