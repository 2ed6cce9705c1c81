"""One setting makes each client trust a company's certificate authority, and one variable its proxy."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from scenedock.effects.approvals.webhook import Webhook
from scenedock.effects.backstage.client import BackstageClient
from scenedock.effects.git.confined_git import ConfinedGit
from scenedock.effects.git.runner import run_git, users_environment
from scenedock.effects.github.client import GitHubClient
from scenedock.effects.github.pace import github_pace
from scenedock.effects.gitlab.client import GitLabClient, gitlab_pace
from scenedock.effects.helm.chart_fetching import ChartFetcher
from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.effects.network.connections import proxy_for
from scenedock.effects.network.trust import READERS, trust
from scenedock.effects.openid.provider import Client, OpenIdProvider
from scenedock.effects.sealed_secrets.certificates import read_certificates
from scenedock.effects.services.client import call_service
from scenedock.errors import InputError, NotFoundError, ScenedockError
from scenedock.model.code_hosts.code_host import CodeHost
from tests.tools.authority import Authority

AUTHORITY = Authority.make()
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@Request.application
def answer(request: Request) -> Response:
    """What each client takes for an answer, or for a refusal: what counts is that there is one."""
    if request.path.endswith("openid-configuration"):
        return Response('{"issuer": "another"}')
    missing = ("charts", "cert.pem", "info/refs")
    return Response("{}", 404 if any(each in request.path for each in missing) else 200)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with AUTHORITY.served(answer, tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *READERS):
        monkeypatch.setenv(name, "")  # so that it is put back, whatever `trust` writes
        monkeypatch.delenv(name)


@pytest.fixture
def trusted(tmp_path: Path, untouched: None) -> Path:
    (tmp_path / "ca.pem").write_text(AUTHORITY.certificate)
    return trust(tmp_path / "ca.pem", tmp_path / "cache")


def ask_backstage(url: str, _folder: Path) -> None:
    BackstageClient(url, lambda _plugin: "").ask("GET", "catalog/locations")


def ask_github(url: str, _folder: Path) -> None:
    from github.Auth import Token

    with GitHubClient(url, "github.example", Token("t"), github_pace()) as client:
        client.call("GET", "/user")


def ask_gitlab(url: str, _folder: Path) -> None:
    host = CodeHost(host=url.removeprefix("https://"), type="gitlab", api=f"{url}/api/v4", owners=("acme",))
    with GitLabClient(host, "t", gitlab_pace()) as client:
        client.call("GET", "/user")


def sign_in(url: str, _folder: Path) -> None:
    provider = OpenIdProvider(url, Client("id", "secret", "https://here.example"), 1)
    with pytest.raises(ScenedockError, match="names another issuer"):
        provider.address("openid", "state", "nonce", "verifier")


def fetch_chart(url: str, _folder: Path) -> None:
    with pytest.raises(NotFoundError, match="there is nothing"):
        ChartFetcher().fetch(RemoteChart(f"{url}/charts", "billing", "1.0.0"))


def fetch_certificate(url: str, folder: Path) -> None:
    listed = read_certificates(f"certificates: [{{url: '{url}/cert.pem'}}]".encode(), "list", folder)
    with pytest.raises(InputError, match="status 404"):
        listed.choose("apps", None, "")


def tell_of_approvals(url: str, _folder: Path) -> None:
    Webhook(url, "secret").send("1", {})


def call_a_service(url: str, _folder: Path) -> None:
    call_service(url, "", "/api", {})


def git_of_ours(url: str, folder: Path) -> None:
    _reached(ConfinedGit(folder, ("https",), 20.0).run(folder, "ls-remote", f"{url}/acme/apps").stderr)


def git_of_the_user(url: str, folder: Path) -> None:
    _reached(run_git(folder, ("ls-remote", f"{url}/acme/apps"), users_environment(), 20.0).stderr)


def _reached(said: bytes) -> None:
    """Raises unless git got an answer, which is no repository."""
    if b"not found" not in said:
        raise RuntimeError(said.decode())


CLIENTS: tuple[Callable[[str, Path], None], ...] = (
    ask_backstage,
    ask_github,
    ask_gitlab,
    sign_in,
    fetch_chart,
    fetch_certificate,
    tell_of_approvals,
    call_a_service,
    git_of_ours,
    git_of_the_user,
)


@pytest.mark.parametrize("ask", CLIENTS)
def test_each_client_trusts_the_authority(ask: Callable[[str, Path], None], server: str, trusted: Path) -> None:
    ask(server, trusted.parent)


@pytest.mark.parametrize("ask", CLIENTS)
def test_without_it_no_client_trusts_the_server_and_says_what_to_do(
    ask: Callable[[str, Path], None], server: str, tmp_path: Path
) -> None:
    with pytest.raises((ScenedockError, RuntimeError, AssertionError)) as refused:
        ask(server, tmp_path)

    if "git" in ask.__name__ and "ask" not in ask.__name__:
        assert "certificate verification failed" in str(refused.value)
    else:
        assert "its certificate isn't trusted" in str(refused.value)
        assert "SCENEDOCK_CA_FILE" in str(refused.value)


class Proxy:
    """A proxy for CONNECT that notes where it was asked to go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):  # closed
            while True:
                threading.Thread(target=self._serve, args=(self.listening.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head and (part := client.recv(4_096)):
                head += part
            self.heads.append(head.decode().lower())
            place = head.split()[1].decode()
            self.asked.append(place)
            host, _, port = place.partition(":")
            with socket.create_connection((host, int(port))) as there:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=_copy, args=(there, client), daemon=True)
                back.start()
                _copy(client, there)
                back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def running_proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.listening.shutdown(socket.SHUT_RDWR)
        proxy.listening.close()
        thread.join()


@pytest.mark.parametrize("ask", CLIENTS)
def test_each_client_goes_through_the_proxy(
    ask: Callable[[str, Path], None], server: str, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)

        ask(server, trusted.parent)

        assert set(proxy.asked) == {server.removeprefix("https://")}


def test_a_proxy_gets_its_password_and_nobody_else(server: str, trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://me:s%40fe@"))

        ask_backstage(server, trusted.parent)

        assert "proxy-authorization: basic bwu6c0bmzq==" in proxy.heads[0]  # me:s@fe, in lower case


def test_what_is_excepted_is_reached_directly(server: str, trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_proxy() as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.removeprefix("http://"))
        assert proxy_for("https://backstage.example") == proxy.url
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,.svc")

        for ask in (ask_backstage, git_of_ours, ask_github):
            ask(server, trusted.parent)

        assert proxy.asked == []
        assert proxy_for("https://backstage.tools.svc") == ""


def test_what_the_machine_trusts_stays_trusted(trusted: Path) -> None:
    certificates = trusted.read_text().count("BEGIN CERTIFICATE")

    assert certificates > 50
    assert AUTHORITY.certificate in trusted.read_text()
    assert trusted.stat().st_mode & 0o077 == 0
    again = trust(trusted.parents[1] / "ca.pem", trusted.parent)
    assert again.read_text().count("BEGIN CERTIFICATE") == certificates


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "der").write_bytes(b"\x30\x82")
    (tmp_path / "cut").write_text(AUTHORITY.certificate.replace("MII", "MI", 1))

    with pytest.raises(InputError, match="der: there is no certificate in PEM form"):
        trust(tmp_path / "der", tmp_path / "cache")
    with pytest.raises(InputError, match="cut: certificate 1 can't be read"):
        trust(tmp_path / "cut", tmp_path / "cache")
    with pytest.raises(NotFoundError):
        trust(tmp_path / "missing", tmp_path / "cache")


def test_a_folder_that_others_may_write_to_keeps_no_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(AUTHORITY.certificate)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)

    with pytest.raises(InputError, match="others may write here"):
        trust(tmp_path / "ca.pem", tmp_path / "cache")


def test_the_command_line_trusts_it(server: str, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(AUTHORITY.certificate)
    (tmp_path / "apps").mkdir()
    environment = {**os.environ, "SCENEDOCK_CA_FILE": str(tmp_path / "ca.pem"), "XDG_CACHE_HOME": str(tmp_path)}
    command = ["scenedock", "catalog", "compare", "--backstage", server, str(tmp_path / "apps")]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert "this is not a Backstage backend" in done.stderr
