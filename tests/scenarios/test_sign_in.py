"""The server itself lets nobody pass for the proxy, and starts without the OpenID provider."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.scenarios.repositories import plant
from tests.tools.feed import FeedService
from tests.tools.server import free_port


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedService]:
    folder = tmp_path_factory.mktemp("service")
    repository = plant(folder / "apps", {"ledger/Chart.yaml": "name: ledger\n"})
    settings = {
        "SCENEDOCK_TRUSTED_PROXY": "127.0.0.1",
        "SCENEDOCK_OIDC_ISSUER": f"http://127.0.0.1:{free_port()}",
        "SCENEDOCK_OIDC_CLIENT_ID": "scenedock",
        "SCENEDOCK_OIDC_CLIENT_SECRET": "secret",
    }
    started = FeedService.of(folder, [repository], **settings)
    started.server.start()
    yield started
    started.server.stop()


def ask(service: FeedService, path: str, *headers: str) -> str:
    """The status line and the body of the answer to a GET with exactly these header lines."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    lines = [f"GET {path} HTTP/1.1", "Host: x", "Connection: close", "Accept: text/html", *headers, "", ""]
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        with connection.makefile("rb") as answer:
            return answer.read().decode("latin-1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["X-Forwarded-User: jane"], "200"),
        (["x-forwarded-user: jane", "X_Forwarded_User: eve"], "200"),
        (["X_Forwarded_User: jane"], "401"),
        (["X-Forwarded-User: jane", "X-Forwarded-User: eve"], "403"),
        (["X-Forwarded-User : jane"], "400"),
        (["X-Forwarded-User:", " jane"], "400"),
        (["X-Forwarded-User: j\xe4ne"], "403"),
        (["Cookie: x-forwarded-user=jane"], "401"),
        (["PATH_INFO: /healthz"], "401"),
        (["SCRIPT_NAME: /sign-in"], "401"),
    ],
)
def test_only_the_one_header_names_a_person(service: FeedService, headers: list[str], status: str) -> None:
    answer = ask(service, "/sign-out", *headers)

    assert answer.split()[1] == status
    assert ("Signed in as user:default/jane" in answer) == (status == "200")


def test_a_provider_that_is_not_there_is_named_and_the_rest_goes_on(service: FeedService) -> None:
    answer = ask(service, "/sign-in/openid")

    assert answer.split()[1] == "503"
    assert "The OpenID provider can&#39;t be reached".lower() in answer.lower()
    assert service.files()
