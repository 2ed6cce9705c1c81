"""A server as a process of its own, started by the tests, and stopped by them with all that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import urllib3

SECONDS_TO_START = 180
"""A hang fails; on busy cores a Backstage backend may take its time."""
SECONDS_TO_STOP = 60
SECONDS_TO_WAIT = 120
"""After which something that should happen counts as not happening."""

_RESERVED: list[socket.socket] = []


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Ask again and again.

    Raises
    ------
    TimeoutError   it isn't true in time
    """
    until = time.monotonic() + SECONDS_TO_WAIT
    while not true():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {SECONDS_TO_WAIT} s for {what}, which did not happen")
        time.sleep(0.1)


def free_port() -> int:
    """A port of the loopback address that stays free for a server of ours, whatever else runs on this machine.

    It is bound here as long as the tests run, so that Linux gives it to nobody who asks for any port; a server that
    asks for this one, with SO_REUSEADDR as servers do, gets it.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    _RESERVED.append(bound)
    port: int = bound.getsockname()[1]
    return port


@dataclass(slots=True)
class Server:
    """One server. It is ready when GET `ready` answers 200; what it prints goes to the end of `log`."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    ready: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.1
    """Seconds between two looks whether it is ready."""

    def start(self) -> None:
        """Start it and wait until it is ready.

        Raises
        ------
        RuntimeError   it ended, or isn't ready in time; the message has the end of its log
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", os.defpath), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + SECONDS_TO_START
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"{' '.join(self.command)} did not start:\n{self.said()[-4000:]}")
            time.sleep(self.pause)

    def stop(self) -> None:
        """End it and everything that it started.

        Raises
        ------
        TimeoutError   it doesn't end when it is told to, and was killed; the message has the end of its log
        """
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{' '.join(self.command)} did not stop:\n{self.said()[-4000:]}") from error
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and everything that it started at once, as if the machine had failed."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def said(self) -> str:
        """All that it has printed, over all its starts."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _is_ready(self) -> bool:
        try:
            return urllib3.request("GET", self.ready, retries=False, timeout=10).status == 200
        except urllib3.exceptions.HTTPError:
            return False
