"""PgBouncer, unpacked from Debian's packages without being installed, in front of the tests' PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools.cache import keep
from tests.tools.server import free_port

_NOBODY = 65534  # PgBouncer refuses to run as root
_INSTALL = """
apt-get download pgbouncer $(apt-cache depends pgbouncer | grep -oE 'lib(event|c-ares|cares)[^ ]*')
for package in *.deb; do dpkg-deb -x "$package" .; done
"""
_SETTINGS = """\
[databases]
* = host={sockets} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
"""


@contextmanager
def pgbouncer(sockets: Path, mode: str) -> Iterator[int]:
    """The port of a PgBouncer in a mode, in front of the server whose socket is in a folder.

    Raises
    ------
    RuntimeError   it can't be downloaded, or doesn't answer; the message has the command to try, or what it said
    """
    kept = keep("pgbouncer", _install)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        program = shutil.copytree(kept, folder / "program") / "pgbouncer"  # where nobody may read it
        settings, said = folder / "pgbouncer.ini", folder / "log"
        settings.write_text(_SETTINGS.format(sockets=sockets, port=port, mode=mode), encoding="utf-8")
        user = _NOBODY if os.geteuid() == 0 else None
        started = {"env": {"LD_LIBRARY_PATH": str(program.parent / "lib")}, "user": user}
        with (
            said.open("wb") as log,
            subprocess.Popen([program, settings], stdout=log, stderr=log, **started) as process,  # type: ignore[call-overload]
        ):
            try:
                _wait(port, process, said)
                yield port
            finally:
                process.kill()


def _wait(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PgBouncer doesn't answer:\n{said.read_text(encoding='utf-8')}")


def _install(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as work:
        done = subprocess.run(["sh", "-ec", _INSTALL], cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                "PgBouncer could not be downloaded (is this a Debian, and has `apt-get update` run?):\n"
                f"{done.stderr}\nTo try it yourself in an empty folder: {_INSTALL}"
            )
        unpacked = Path(work) / "usr"
        (folder / "lib").mkdir()
        for library in unpacked.glob("lib/*/*.so.*"):
            shutil.copy(library, folder / "lib" / library.name)
        shutil.copy(unpacked / "sbin" / "pgbouncer", folder / "pgbouncer")
