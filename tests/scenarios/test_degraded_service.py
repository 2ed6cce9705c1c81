"""A service that can't do all it should goes on with what it has, and says why: pages, `/readyz` and the doctor."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import urllib3

from scenedock.effects.local.disk import MAKE_WRITABLE
from tests.scenarios.repositories import plant
from tests.tools.server import Server, free_port, wait_until
from tests.tools.service import READ, TOKENS, bearer

SCENEDOCK = str(Path(sys.executable).with_name("scenedock"))
SETTINGS = "repository: https://github.com/acme/apps\nowner: payments\n"
FILES = {
    "scenedock.yaml": SETTINGS,
    "charts/cart/Chart.yaml": "name: cart\nversion: 0.1.0\n",
    "charts/cart/values-qa.yaml": "image: {repository: acme/cart, tag: 1.2.3}\n",
}
ORDINARY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""What permissions are asked of: not root, who may write everywhere."""


def environment(folder: Path, port: int) -> Mapping[str, str]:
    (folder / "tokens.yaml").write_text(TOKENS)
    return {
        "SCENEDOCK_DATA": str(folder / "data"),
        "SCENEDOCK_LISTEN": f"127.0.0.1:{port}",
        "SCENEDOCK_REPOSITORIES": str(folder / "apps"),
        "SCENEDOCK_TOKENS_FILE": str(folder / "tokens.yaml"),
        "SCENEDOCK_REFRESH_SECONDS": "1",
    }


@contextmanager
def serving(folder: Path, ready: str = "/readyz") -> Iterator[str]:
    """The address of a service with the repository `apps`, and its data in `data`."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [*ORDINARY, SCENEDOCK, "serve"]
    server = Server(command, environment(folder, port), folder, f"{address}{ready}", folder / "log")
    server.start()
    try:
        yield address
    finally:
        server.stop()


def text_of(address: str) -> tuple[int, str]:
    """The status of a page, and its text."""
    answer = urllib3.request("GET", address, headers=bearer(READ))
    text = html.unescape(re.sub(r"<[^>]*>", " ", answer.data.decode()))
    return answer.status, " ".join(text.split())


def degraded(address: str) -> list[str]:
    answer = urllib3.request("GET", f"{address}/readyz").json()
    assert (answer["status"] == "degraded") == bool(answer["reasons"])
    return list(answer["reasons"])


def test_a_mistake_in_settings_leaves_the_last_good_board_also_after_a_start(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", FILES)
    time.sleep(2.1)  # what was changed just now isn't remembered
    said = "apps/scenedock.yaml:3:1: ownr: there is no such key here (did you mean owner?)"
    with serving(tmp_path) as address:
        wait_until(lambda: "1.2.3" in text_of(f"{address}/board")[1], "the board")
        wait_until((tmp_path / "data" / "version-facts").exists, "what is known of versions")
        (root / "scenedock.yaml").write_text(f"{SETTINGS}ownr: payments\n")
        wait_until(lambda: bool(degraded(address)), "the refusal")
        wait_until(lambda: said in text_of(f"{address}/board")[1], "the notice")
        status, board = text_of(f"{address}/board")
        assert (status, "1.2.3" in board, board.count("no such key")) == (200, True, 1)
        for page in ("/", "/findings"):
            status, text = text_of(f"{address}{page}")
            assert (status, said in text, text.count("no such key"), "annotations," in text) == (200, True, 1, False)

    with serving(tmp_path) as address:
        status, board = text_of(f"{address}/board")
        assert (status, "1.2.3" in board) == (200, True)
        notice = rf"apps isn't as it is now, but in its last good state \(read [^)]*\): {re.escape(said)}"
        assert re.search(notice, board)
        (root / "scenedock.yaml").write_text(SETTINGS)
        wait_until(lambda: not degraded(address), "the repair")


def test_a_mistake_at_a_first_start_does_not_promise_a_catalog(tmp_path: Path) -> None:
    plant(tmp_path / "apps", {**FILES, "scenedock.yaml": f"{SETTINGS}ownr: payments\n"})
    log = tmp_path / "log"
    with serving(tmp_path, "/healthz"):
        wait_until(lambda: "the catalog can't be generated" in log.read_text(), "the refusal")

    assert "can't be generated, and there is none yet: apps/scenedock.yaml:3:1: ownr: there is no such key here" in (
        log.read_text()
    )
    assert "the last valid one is kept" not in log.read_text()


def test_a_data_folder_that_cannot_be_written_is_told_by_readiness_and_by_the_doctor(tmp_path: Path) -> None:
    plant(tmp_path / "apps", FILES)
    data = tmp_path / "data"
    with serving(tmp_path) as address:
        (data / "lost+found").mkdir(mode=0)
        (data / "usr").symlink_to("/usr")
        assert degraded(address) == []
        data.chmod(0o555)
        try:
            why = f"the user {os.geteuid()} has no permission. {MAKE_WRITABLE}"
            assert degraded(address) == [
                f"the data folder (SCENEDOCK_DATA) can't be written, so nothing is kept: {why}"
            ]
            assert f"{data} can't be written: the user" in (tmp_path / "log").read_text()
            metric = 'scenedock_degraded{reason="data-unwritable",repository=""} 1.0'
            assert metric in text_of(f"{address}/metrics")[1]
            examined = subprocess.run(
                [*ORDINARY, SCENEDOCK, "doctor"],
                env={"PATH": os.environ["PATH"], **environment(tmp_path, free_port())},
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            data.chmod(0o755)
        assert f"PROBLEM data {data} can't be written: the user" in " ".join(
            examined.stdout.split()
        )  # as it is wrapped
        assert "Mount the volume for writing" in examined.stdout
        tmp_path.chmod(0)
        try:
            (said,) = degraded(address)
        finally:
            tmp_path.chmod(0o755)
        assert (
            "the data folder (SCENEDOCK_DATA) can't be written, so nothing is kept: it can't be read: Permission"
            in said
        )
        assert str(tmp_path) not in said
        assert degraded(address) == []
