"""The service against a node express service that does the same, and, idle, against a bare Flask on gunicorn.

python -m bench.http

CPU is of the server alone, all its processes, by /proc; so a busy machine or a slow client doesn't count.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

from tests.tools.node import node, node_modules
from tests.tools.server import Server, free_port
from tests.tools.service import EXAMPLE
from tests.tools.tokens import Backstage

ROOT = Path(__file__).parents[1]
LIST = "/api/scenedock/.backstage/actions/v1/actions"
INVOKE = f"{LIST}/scenedock:list-skeletons/invoke"
BAKE = f"{LIST}/scenedock:bake-skeleton/invoke"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Client:
    """Requests to one port over one connection, as Backstage makes them.

    Its plugins sign a token for each request; the user's token inside is the same for as long as it is valid.
    """

    connection: http.client.HTTPConnection
    tokens: Iterator[str]

    def ask(self, path: str, body: object = None) -> bytes:
        """The body of the answer, which must be a success."""
        headers = {"Authorization": f"Bearer {next(self.tokens)}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        self.connection.request("GET" if body is None else "POST", path, sent, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.reason}")
        return data


def client(port: int, backstage: Backstage) -> Client:
    """A client with a user of its own."""
    user = backstage.user_token()
    return Client(http.client.HTTPConnection("127.0.0.1", port), (backstage.plugin_token(obo=user) for _ in count()))


@contextmanager
def keys_of(backstage: Backstage) -> Iterator[str]:
    """The address of a backend that publishes these keys."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps(backstage.fetch(self.path.removeprefix("/api/"))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def ours(folder: Path, backstage_url: str = "") -> tuple[Server, int]:
    """Our service, with the example repository."""
    port = free_port()
    environment = {
        "SCENEDOCK_DATA": str(folder / "data"),
        "SCENEDOCK_LISTEN": f"127.0.0.1:{port}",
        "SCENEDOCK_REPOSITORIES": str(EXAMPLE),
        "SCENEDOCK_BACKSTAGE_URL": backstage_url,
        "SCENEDOCK_REQUESTS_PER_MINUTE": "1000000",
        "SCENEDOCK_LOG_FORMAT": "json",
    }
    command = [str(Path(sys.executable).with_name("scenedock")), "serve"]
    return Server(command, environment, ROOT, f"http://127.0.0.1:{port}/healthz", folder / "ours.log"), port


def express(folder: Path, backstage_url: str, listed: bytes) -> tuple[Server, int]:
    """The express service; `listed` is the list that it serves."""
    port = free_port()
    (folder / "list.json").write_bytes(listed)
    script, listing = ROOT / "bench" / "express" / "server.mjs", folder / "list.json"
    command = [str(node()), str(script), str(port), backstage_url, str(listing), str(ROOT / "cookiecutters")]
    modules = node_modules(script.parent)
    return Server(command, {}, modules, f"http://127.0.0.1:{port}/healthz", folder / "express.log"), port


def bare(folder: Path) -> tuple[Server, int]:
    """A bare Flask app on gunicorn, with as many threads as ours."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--threads", "16", "-b", f"127.0.0.1:{port}"]
    return Server([*command, "bench.bare:app"], {}, ROOT, f"http://127.0.0.1:{port}/healthz", folder / "bare.log"), port


def pid_of(server: Server) -> int:
    """The process that was started."""
    if server.process is None:
        raise RuntimeError("the server isn't running")
    return server.process.pid


def processes(root: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    return [root, *(pid for child in children for pid in processes(int(child)))]


def cpu_seconds(server: Server) -> float:
    """CPU that a server's processes have used so far."""
    total = 0
    for pid in processes(pid_of(server)):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def worker_mebibytes(server: Server) -> float:
    """RSS of the process that answers: the one that the server has started."""
    pid = processes(pid_of(server))[1]
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def cpu_per_request(server: Server, ask: Callable[[], object], requests: int) -> float:
    """Milliseconds of CPU for each of so many requests, after a warm-up."""
    for _ in range(requests // 5):
        ask()
    before = cpu_seconds(server)
    for _ in range(requests):
        ask()
    return (cpu_seconds(server) - before) * 1000 / requests


def compare_requests(requests: int = 3000) -> None:
    """CPU for each request, ours against express, alternating; and the list while bakes run."""
    backstage = Backstage()
    with tempfile.TemporaryDirectory() as folder_name, keys_of(backstage) as backstage_url:
        folder = Path(folder_name)
        mine, my_port = ours(folder, backstage_url)
        mine.start()
        try:
            me = client(my_port, backstage)
            began = time.perf_counter()
            listed = me.ask(LIST)
            print(f"first list, which makes the schemas: {(time.perf_counter() - began) * 1000:.0f} ms")
            other, other_port = express(folder, backstage_url, listed)
            other.start()
            try:
                it = client(other_port, backstage)
                if json.loads(it.ask(INVOKE, {})) != json.loads(me.ask(INVOKE, {})) or it.ask(LIST) != listed:
                    raise RuntimeError("the two services don't answer alike")
                for what, path, body in (("list", LIST, None), ("invoke", INVOKE, {})):
                    mine_took, its_took = [], []
                    for _ in range(3):
                        mine_took.append(cpu_per_request(mine, partial(me.ask, path, body), requests))
                        its_took.append(cpu_per_request(other, partial(it.ask, path, body), requests))
                    tell_ratio(f"CPU of {what}", "ms", "express", mine_took, its_took)
            finally:
                other.stop()
            measure_list_while_baking(mine, my_port, backstage, folder)
        finally:
            mine.stop()


def measure_list_while_baking(
    server: Server, port: int, backstage: Backstage, folder: Path, seconds: float = 10.0
) -> None:
    """How long the list takes, alone and while two clients bake without a pause; and what a bare Flask takes then."""
    other, other_port = bare(folder)
    stop = threading.Event()
    baked: list[int] = [0, 0]

    def bake(number: int) -> None:
        mine = client(port, backstage)
        while not stop.is_set():
            answers = {"name": f"ledger-{number}-{baked[number]}", "owner": "group:default/payments"}
            mine.ask(BAKE, {"skeleton": "microservice-python", "answers": answers})
            baked[number] += 1

    alone = latencies(client(port, backstage), seconds / 4)
    bakers = [threading.Thread(target=bake, args=(number,)) for number in (0, 1)]
    for baker in bakers:
        baker.start()
    busy = latencies(client(port, backstage), seconds)
    bakes = sum(baked)
    other.start()
    peer = latencies(client(other_port, backstage), seconds, "/healthz")
    other.stop()
    stop.set()
    for baker in bakers:
        baker.join()
    print(f"list alone: p50 {alone[0]:.1f} ms, p99 {alone[1]:.1f} ms")
    print(f"list while {bakes / seconds:.0f} bakes/s run: p50 {busy[0]:.1f} ms, p99 {busy[1]:.1f} ms")
    print(f"bare Flask meanwhile: p50 {peer[0]:.1f} ms, p99 {peer[1]:.1f} ms: {busy[1] / peer[1]:.2f} times")
    print(f"RSS of the worker with everything loaded: {worker_mebibytes(server):.0f} MiB")


def latencies(mine: Client, seconds: float, path: str = LIST) -> tuple[float, float]:
    """p50 and p99 of the list, or another path, in milliseconds, asked every few milliseconds."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        mine.ask(path)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.005)
    cuts = statistics.quantiles(took, n=100)
    return cuts[49], cuts[98]


def compare_starts(times: int = 5) -> None:
    """Seconds from nothing to the first answer, and RSS when idle, ours against a bare Flask."""
    started: dict[str, list[float]] = {"ours": [], "bare": []}
    sizes: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(times):
        for name, make in (("ours", ours), ("bare", bare)):
            with tempfile.TemporaryDirectory() as folder:
                server, _port = make(Path(folder))
                server.pause = 0.01
                began = time.perf_counter()
                server.start()
                started[name].append(time.perf_counter() - began)
                time.sleep(3)
                sizes[name].append(worker_mebibytes(server))
                server.stop()
    tell_ratio("first answer after", "s", "bare Flask", started["ours"], started["bare"])
    tell_ratio("RSS when idle", "MiB", "bare Flask", sizes["ours"], sizes["bare"])


def tell_ratio(what: str, unit: str, other: str, mine: list[float], its: list[float]) -> None:
    """Print two medians and their ratio."""
    one, two = statistics.median(mine), statistics.median(its)
    print(f"{what}: {one:.2f} {unit}, {other} {two:.2f} {unit}: {one / two:.2f} times")


if __name__ == "__main__":
    compare_requests()
    compare_starts()
