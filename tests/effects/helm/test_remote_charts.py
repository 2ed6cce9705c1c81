"""Charts from elsewhere: fetched over https within limits, kept, and taken in the version of Chart.lock."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import http.server
import io
import ipaddress
import json
import socket
import ssl
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.helm import chart_fetching
from scenedock.effects.helm.chart_cache import ChartCache
from scenedock.effects.helm.chart_fetching import ChartFetcher
from scenedock.effects.helm.chart_files import ChartSource
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.effects.helm.rendering import ChartRenderer, Installation, manifests_in
from scenedock.errors import InputError, NotAllowedError, NotFoundError, TemporaryError
from tests.scenarios.repositories import plant
from tests.tools.helm import helm

MANIFEST = "a: {{ .Values.size }} {{ .Chart.Version }}\n"


@dataclass
class Server:
    """A server with TLS; `answers` are by path, and `asked` are the paths with the credentials that came.

    Each answer takes so many `seconds`, on its own clock.
    """

    address: str = ""
    now: float = 0.0
    seconds: float = 0.0
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def puts(self, path: str, data: bytes, status: int = 200, **headers: str) -> None:
        self.answers[path] = status, headers, data


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1, also called localhost, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    )
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    served = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            credentials = self.headers.get("Authorization", "")
            served.asked.append((self.path, credentials))
            status, headers, data = served.answers.get(self.path, (404, {}, b""))
            if status == 401 and credentials.startswith("Bearer "):
                status, headers, data = served.answers[f"{self.path}#{credentials}"]
            self.send_response(status)
            for name, value in {"Content_Length": str(len(data)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            served.now += served.seconds
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        served.address = f"https://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        yield served
        listening.shutdown()
        thread.join()


def archive(version: str = "1.2.3") -> bytes:
    """The chart `sizes`, as an archive."""
    files = {
        "sizes/Chart.yaml": f"apiVersion: v2\nname: sizes\nversion: {version}\n",
        "sizes/values.yaml": "size: small\n",
        "sizes/templates/a.yaml": MANIFEST,
    }
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return written.getvalue()


def index(data: bytes, url: str = "sizes-1.2.3.tgz") -> bytes:
    entry = {"name": "sizes", "version": "1.2.3", "urls": [url], "digest": hashlib.sha256(data).hexdigest()}
    return yaml.safe_dump({"apiVersion": "v1", "entries": {"sizes": [{"version": "1.0.0"}, entry]}}).encode()


def lock(server: Server, requirement: str = ">=1.0.0") -> dict[str, str]:
    """A chart that takes `sizes`, with the lock that Helm writes for it."""
    listed = [{"name": "sizes", "version": requirement, "repository": server.address}]
    locked = [{"name": "sizes", "version": "1.2.3", "repository": server.address}]
    both = json.dumps([[{key: one[key] for key in ("name", "version", "repository")} for one in listed], locked])
    text = both.replace(", ", ",").replace(": ", ":").replace(">", "\\u003e")
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    return {
        "web/Chart.yaml": yaml.safe_dump(
            {"apiVersion": "v2", "name": "web", "version": "1.0.0", "dependencies": listed}
        ),
        "web/Chart.lock": yaml.safe_dump(
            {"dependencies": locked, "digest": digest, "generated": "2026-01-01T00:00:00Z"}
        ),
    }


def rendered(root: Path, cache: ChartCache, installation: Installation) -> object:
    with ChartRenderer(HelmProgram(str(helm("4"))), cache) as renderer:
        return manifests_in(renderer.render(ChartSource(RepositoryFolder(root)), installation))


def test_a_dependency_is_fetched_once_in_the_version_of_the_lock(server: Server, tmp_path: Path) -> None:
    data = archive()
    server.puts("/index.yaml", index(data))
    server.puts("/sizes-1.2.3.tgz", data)
    root = plant(tmp_path / "apps", lock(server))
    installation = Installation("web", "web", values=({"sizes": {"size": "large"}},))

    assert rendered(root, ChartCache(tmp_path / "charts", ChartFetcher()), installation) == ({"a": "large 1.2.3"},)
    assert [path for path, _ in server.asked] == ["/index.yaml", "/sizes-1.2.3.tgz"]
    assert rendered(root, ChartCache(tmp_path / "charts"), installation) == ({"a": "large 1.2.3"},)
    assert len(server.asked) == 2


def test_a_chart_that_is_not_kept_is_not_fetched_unasked(server: Server, tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", lock(server))
    with pytest.raises(InputError, match=r"sizes 1.2.3 from https://127.*--fetch-charts fetches it"):
        rendered(root, ChartCache(tmp_path / "charts"), Installation("web", "web"))
    assert server.asked == []


def test_a_lock_that_does_not_fit_any_more_is_the_reason(server: Server, tmp_path: Path) -> None:
    chart = lock(server, ">=2.0.0")["web/Chart.yaml"]
    root = plant(tmp_path / "apps", {**lock(server), "web/Chart.yaml": chart})
    with pytest.raises(InputError, match=r"web/Chart.lock: it doesn't fit the dependencies"):
        rendered(root, ChartCache(tmp_path / "charts", ChartFetcher()), Installation("web", "web"))


def test_the_lock_that_helm_itself_writes_fits(tmp_path: Path) -> None:
    from scenedock.effects.helm.chart_lock import locked_versions
    from tests.tools.helm import run_helm

    files = {
        "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n"
        "dependencies:\n- name: lib\n  version: '>0.9 <2'\n"
        "  repository: file://../lib\n  condition: lib.enabled\n  tags: [a, b]\n  alias: x\n"
        "  import-values: [{parent: a, child: b}, data]\n",
        "lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
    }
    root = plant(tmp_path, files)
    run_helm("4", "dependency", "update", root / "web")
    document, locked = (yaml.safe_load((root / "web" / name).read_text()) for name in ("Chart.yaml", "Chart.lock"))
    assert locked_versions(document, {**locked}, "web/Chart.lock") == {("lib", "file://../lib"): "1.0.0"}


def test_a_range_without_a_lock_is_not_guessed(server: Server, tmp_path: Path) -> None:
    files = lock(server)
    del files["web/Chart.lock"]
    with pytest.raises(InputError, match=r"version '>=1.0.0' of sizes .* isn't exact, and there is no Chart.lock"):
        rendered(plant(tmp_path / "apps", files), ChartCache(tmp_path / "charts"), Installation("web", "web"))


def test_a_whole_chart_from_a_registry_is_rendered(server: Server, tmp_path: Path) -> None:
    data = archive()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    layer = {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": digest}
    realm = f'Bearer realm="{server.address}/token",service="registry",scope="repository:acme/sizes:pull"'
    manifest = "/v2/acme/sizes/manifests/1.2.3"
    server.puts(manifest, b"", 401, WWW_Authenticate=realm)
    server.puts("/token?service=registry&scope=repository%3Aacme%2Fsizes%3Apull", b'{"token": "t"}')
    server.puts(f"{manifest}#Bearer t", json.dumps({"layers": [layer]}).encode())
    blob = f"/v2/acme/sizes/blobs/{digest}"
    server.puts(blob, b"", 401, WWW_Authenticate=realm)
    server.puts(f"{blob}#Bearer t", b"", 307, Location=f"{server.address}/storage")
    server.puts("/storage", data)
    basic = base64.b64encode(b"robot:secret").decode()
    fetcher = ChartFetcher(lambda address: ("robot", "secret") if "/v2/" in address else None)
    chart = RemoteChart(server.address.replace("https://", "oci://") + "/acme", "sizes", "1.2.3")

    found = rendered(tmp_path, ChartCache(tmp_path / "charts", fetcher), Installation("", "x", remote=chart))
    assert found == ({"a": "small 1.2.3"},)
    assert {sent for path, sent in server.asked if path.startswith("/token")} == {f"Basic {basic}"}
    assert [sent for path, sent in server.asked if path == "/storage"] == [""]


def test_a_registry_gets_no_token_for_the_credentials_of_another_host(server: Server) -> None:
    realm = f'Bearer realm="{server.address}/token",scope="repository:acme/private:pull,push"'
    manifest = "/v2/shop/sizes/manifests/1.2.3"
    server.puts(manifest, b"", 401, WWW_Authenticate=realm)
    server.puts(f"{manifest}#Bearer t", b"", 404)
    server.puts("/token?scope=repository%3Ashop%2Fsizes%3Apull", b'{"token": "t"}')
    evil = server.address.replace("https://127.0.0.1", "oci://localhost")
    chart = RemoteChart(f"{evil}/shop", "sizes", "1.2.3")
    with pytest.raises(NotFoundError, match="there is nothing"):
        ChartFetcher(lambda address: ("robot", "secret") if "127.0.0.1" in address else None).fetch(chart)
    assert server.asked == [
        (manifest, ""),
        ("/token?scope=repository%3Ashop%2Fsizes%3Apull", ""),
        (manifest, "Bearer t"),
    ]


def test_what_is_not_what_the_index_says_is_refused(server: Server) -> None:
    server.puts("/index.yaml", index(archive()))
    server.puts("/sizes-1.2.3.tgz", archive("6.6.6"))
    with pytest.raises(InputError, match="isn't the one that the repository's index describes"):
        ChartFetcher().fetch(RemoteChart(server.address, "sizes", "1.2.3"))


def test_only_https_is_asked_also_where_an_index_or_a_redirect_leads(server: Server) -> None:
    chart = RemoteChart(server.address, "sizes", "1.2.3")
    with pytest.raises(InputError, match="only fetched over https"):
        ChartFetcher().fetch(chart._replace(repository="http://charts.test"))
    server.puts("/index.yaml", index(archive(), "http://127.0.0.1:1/x.tgz"))
    with pytest.raises(InputError, match="only fetched over https"):
        ChartFetcher().fetch(chart)
    server.puts("/index.yaml", b"", 302, Location="http://127.0.0.1:1/index.yaml")
    with pytest.raises(InputError, match="only fetched over https"):
        ChartFetcher().fetch(chart)


def test_all_requests_of_a_fetch_share_its_seconds(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_fetching, "time", SimpleNamespace(monotonic=lambda: server.now))
    server.puts("/index.yaml", index(archive()))
    server.puts("/sizes-1.2.3.tgz", archive())
    server.seconds = 40
    chart = RemoteChart(server.address, "sizes", "1.2.3")
    with pytest.raises(TemporaryError, match=r"tgz: it takes too long"):
        ChartFetcher(seconds=60).fetch(chart)
    server.puts("/index.yaml", b"a", Content_Length="1000000")  # the first byte comes late, and the others never
    with pytest.raises(TemporaryError, match=r"index.yaml: it takes too long"):
        ChartFetcher(seconds=30).fetch(chart)


def test_a_header_that_never_ends_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def drip(listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        with context.wrap_socket(accepted, server_side=True) as connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nX-Slow: ")
            for _ in range(100):  # until whoever asked has gone
                connection.sendall(b"x")
                time.sleep(0.05)
            connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,))
        thread.start()
        address = f"https://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(TemporaryError, match=r"index\.yaml: it takes too long"):
            ChartFetcher(seconds=0.5).fetch(RemoteChart(address, "sizes", "1.2.3"))
        thread.join()


def test_what_is_too_large_or_too_slow_or_not_there_or_not_allowed_is_said(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = RemoteChart(server.address, "sizes", "1.2.3")
    with pytest.raises(NotFoundError, match="there is nothing"):
        ChartFetcher().fetch(chart)
    server.puts("/index.yaml", b"", 401)
    with pytest.raises(NotAllowedError, match="SCENEDOCK_CODE_HOSTS"):
        ChartFetcher().fetch(chart)
    server.puts("/index.yaml", index(archive()))
    with pytest.raises(NotFoundError, match="not this version"):
        ChartFetcher().fetch(chart._replace(version="9.9.9"))
    with pytest.raises(TemporaryError, match="which is the limit"):
        ChartFetcher(seconds=0).fetch(chart)
    monkeypatch.setattr(chart_fetching, "_MOST_INDEX", 10)
    with pytest.raises(InputError, match="it has more than"):
        ChartFetcher().fetch(chart)
