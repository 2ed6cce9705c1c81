"""A registry for OCI artifacts on this machine: Debian's docker-registry, unpacked without being installed."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools.cache import keep

_PROGRAM = "usr/bin/docker-registry"
_SETTINGS = """\
version: 0.1
log: {{ level: error, accesslog: {{ disabled: true }} }}
storage: {{ filesystem: {{ rootdirectory: {folder} }} }}
http: {{ addr: "{address}" }}
"""


@contextmanager
def oci_registry(folder: Path) -> Iterator[str]:
    """The host and port of a registry without TLS that keeps what it gets in a folder, as long as the context lasts.

    Raises
    ------
    RuntimeError   it can't be downloaded, or doesn't answer; the message has the command to try, or what it said
    """
    program = keep("docker-registry", _install) / "docker-registry"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings, said = folder / "registry.yaml", folder / "registry.log"
    settings.write_text(_SETTINGS.format(folder=folder / "registry", address=address), encoding="utf-8")
    with said.open("wb") as log, subprocess.Popen([program, "serve", settings], stdout=log, stderr=log) as process:
        try:
            _wait(address, process, said)
            yield address
        finally:
            process.kill()


def _wait(address: str, process: subprocess.Popen[bytes], said: Path) -> None:
    host, port = address.split(":")
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the registry doesn't answer:\n{said.read_text(encoding='utf-8')}")


def _install(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="docker-registry-") as work:
        command = "apt-get download docker-registry && dpkg-deb -x docker-registry_*.deb ."
        done = subprocess.run(["sh", "-ec", command], cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                "docker-registry could not be downloaded (is this a Debian, and has `apt-get update` run?):\n"
                f"{done.stderr}\nTo try it yourself in an empty folder: {command}"
            )
        (Path(work) / _PROGRAM).rename(folder / "docker-registry")
