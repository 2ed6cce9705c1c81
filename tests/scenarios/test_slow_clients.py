"""Health is answered whatever clients do: silent, slow, in crowds, and with tokens whose keys take long to come."""

from __future__ import annotations

import json
import resource
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.scenarios.test_serve import BASE, PATIENCE, ROOT, SCENEDOCK, environment
from tests.tools.server import Server, free_port, wait_until
from tests.tools.service import READ, RUN, bearer
from tests.tools.tokens import Backstage, new_key

THREADS = 8
HEAD = f"POST {BASE}/actions/export-catalog/invoke HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RUN}\r\n"
SLOW = {
    "nothing": (4 * THREADS, ""),
    "headers": (4 * THREADS, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "),
    "bodies": (3 * THREADS, f"{HEAD}Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{{"),
    "bodies of probes": (3 * THREADS, "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{"),
    "requests that nobody may send": (3 * THREADS, "POST /metrics HTTP/1.1\r\nContent-Length: 900\r\n\r\n{"),
    "endless headers": (3 * THREADS, "GET /healthz HTTP/1.1\r\n" + "A: b\r\n" * 20_000),
}


@dataclass
class SlowKeys:
    """A Backstage whose keys don't come until they may; `most` is how many requests for them it had at once."""

    may_come: threading.Event = field(default_factory=threading.Event)
    asked: int = 0
    present: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self) -> bytes:
        with self.lock:
            self.asked += 1
            self.present += 1
            self.most = max(self.most, self.present)
        self.may_come.wait(PATIENCE)
        with self.lock:
            self.present -= 1
        return json.dumps({"keys": [new_key().public_jwk]}).encode()


@pytest.fixture(scope="module")
def keys() -> Iterator[tuple[SlowKeys, str]]:
    slow = SlowKeys()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = slow.answer()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield slow, f"http://127.0.0.1:{server.server_port}"
    slow.may_come.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, keys: tuple[SlowKeys, str]) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("served")
    number = free_port()
    settings = {"SCENEDOCK_THREADS": str(THREADS), "SCENEDOCK_BACKSTAGE_URL": keys[1]}
    server = Server(
        [SCENEDOCK, "serve"],
        environment(folder, number) | settings,
        ROOT,
        f"http://127.0.0.1:{number}/readyz",
        folder / "log",
    )
    server.start()
    yield number
    server.stop()


def ask(port: int, path: str, token: str = READ) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", path, headers=bearer(token))
        answer = connection.getresponse()
        answer.read()
        return answer.status


def health(port: int) -> list[int]:
    return [ask(port, path) for path in ("/healthz", "/readyz", "/metrics")]


@contextmanager
def clients(port: int, count: int, said: str) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE)) for _ in range(count)]
        for client in opened:
            client.settimeout(0)
            try:
                client.sendall(said.encode())
            except (BlockingIOError, OSError):  # it says more than the service reads
                continue
        yield opened


def is_open(client: socket.socket) -> bool:
    try:
        return client.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


@pytest.mark.parametrize("what", SLOW)
def test_health_is_answered_before_slow_clients_are_sent_away(port: int, what: str) -> None:
    count, said = SLOW[what]
    with clients(port, count, said) as slow:
        assert health(port) == [200, 200, 200]
        if what != "endless headers":  # those are sent away at once
            assert sum(map(is_open, slow)) == count


def test_who_says_nothing_for_too_long_is_sent_away(port: int) -> None:
    with clients(port, 4, "GET /healthz HTTP/1.1\r\nX-Slow: ") as slow:
        wait_until(lambda: not any(map(is_open, slow)), "the end of slow connections")


def test_more_connections_than_the_service_keeps_take_nobodys_place(port: int) -> None:
    """The service keeps a thousand: of unfinished requests, the oldest make room for others, also while they go on."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    opened: list[socket.socket] = []
    with ExitStack() as stack:
        for number in range(7):
            opened += stack.enter_context(clients(port, 200, "" if number % 2 else "GET /healthz HTTP/1.1\r\n"))
            for client in opened:
                with suppress(OSError):
                    client.send(b"X-More: 1\r\n")
        assert health(port) == [200, 200, 200]
        assert not all(map(is_open, opened))


def test_a_request_may_come_in_pieces_and_two_at_once(port: int) -> None:
    request = f"GET {BASE}/actions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RUN}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        for start in range(0, len(request), 20):
            client.sendall(request[start : start + 20])
        client.sendall(request + request[:30])
        answers = received(client, b"", 2)
        client.sendall(request[30:])
        received(client, answers, 3)


def received(client: socket.socket, answers: bytes, count: int) -> bytes:
    """The answers so far, when there are so many."""
    while answers.count(b"HTTP/1.1 200 OK") < count:
        part = client.recv(65_536)
        assert part
        answers += part
    return answers


def test_health_is_answered_while_a_crowd_waits_for_keys_that_one_of_them_asks_for(
    port: int, keys: tuple[SlowKeys, str]
) -> None:
    slow, _ = keys
    forged = [Backstage().plugin_token(key=new_key()) for _ in range(60)]
    with ThreadPoolExecutor(len(forged)) as crowd:
        paths = (f"{BASE}/actions", "/metrics")
        asked = [crowd.submit(ask, port, paths[number % 2], token) for number, token in enumerate(forged)]
        wait_until(lambda: slow.asked > 0, "somebody who asks for the keys")

        assert health(port) == [200, 200, 200]
        wait_until(lambda: sum(each.done() for each in asked) >= 50, "answers from what is there")
        assert slow.most == 1
        slow.may_come.set()

        assert {each.result(PATIENCE) for each in asked} <= {401, 503}
