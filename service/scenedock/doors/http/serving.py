"""gunicorn, started from Python: one worker process with threads; replicas are what scales (decision 10)."""

from __future__ import annotations

import gc
import logging
import os
import resource
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from scenedock.doors.http.requests.worker import Worker
from scenedock.runtime.logs import set_up_logs

if TYPE_CHECKING:
    from scenedock.runtime.service import Service

# Backstage keeps connections for longer than gunicorn's 2 s: a connection that is closed while it is used fails a call.
_SECONDS_OF_AN_IDLE_CONNECTION: Final = 75
_CONNECTIONS_FOR_EACH_THREAD: Final = 8
# How long a thread of Python may work while others wait: a request waits for a few turns (decision 96).
_SECONDS_OF_A_TURN: Final = 0.001
# What else is open: the database, clones, what we ask others.
_OTHER_FILES: Final = 256
# Where gunicorn notes every second that the worker is alive: a disk could block, and the root may be read-only.
_MEMORY: Final = "/dev/shm"  # noqa: S108 - a file of ours, opened once and unlinked


class OwnLogger(Logger):
    """Sends gunicorn's log lines where ours go, without those about normal operation."""

    def setup(self, cfg: Any) -> None:
        """Set up the loggers."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class Server(BaseApplication):
    """The server of a service, started in the worker because threads and connections don't survive a fork."""

    def __init__(self, service: Service) -> None:
        self._service = service
        super().__init__()

    def load_config(self) -> None:
        """Pass the configuration to gunicorn."""
        settings = self._service.settings
        options: dict[str, Any] = {
            "bind": [str(listen) for listen in (settings.listen, settings.folders_listen) if listen],
            "workers": 1,
            "threads": settings.threads,
            "worker_class": Worker,
            "worker_connections": _connections(settings.threads),
            "keepalive": _SECONDS_OF_AN_IDLE_CONNECTION,
            "graceful_timeout": settings.grace_seconds,
            "timeout": 60,
            "worker_tmp_dir": _MEMORY if os.access(_MEMORY, os.W_OK) else None,
            "limit_request_line": 8190,
            "forwarder_headers": "",  # SCRIPT_NAME of whoever comes through a proxy on this machine
            "control_socket_disable": True,
            "preload_app": False,
            "accesslog": None,
            "logger_class": OwnLogger,
            "worker_exit": self._stop,
            "proc_name": "scenedock",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Create the app, in the worker."""
        gc.disable()
        from scenedock.doors.http.app import make_app

        set_up_logs(self._service.settings.log_format)
        sys.setswitchinterval(_SECONDS_OF_A_TURN)
        app: Callable[..., Any] = make_app(self._service)
        if listen := self._service.settings.folders_listen:
            from scenedock.doors.http.handlers.folders import make_folders_app

            app = by_port(app, make_folders_app(self._service), listen.port)
        gc.freeze()  # what is loaded stays: a search for garbage in all of it would stop every request for 50 ms
        gc.enable()
        self._service.start(gc.freeze)  # last, because it takes processor time from the rest of the start
        return app

    def about_to_stop(self) -> None:
        """Prepare to stop, as soon as the worker is told."""
        self._service.about_to_stop()

    def _stop(self, _server: object, _worker: object) -> None:
        self._service.stop()


def _connections(threads: int) -> int:
    """How many connections there may be: as many as can be useful, if the operating system lets us have the files."""
    wanted = max(1000, _CONNECTIONS_FOR_EACH_THREAD * threads)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        wanted = max(1, soft - _OTHER_FILES)
    return wanted


def by_port(app: Callable[..., Any], folders: Callable[..., Any], port: int) -> Callable[..., Any]:
    """An app that passes requests on one port to another app; the port is the socket's, whatever a request says."""

    def choose(environ: dict[str, Any], start_response: Any) -> Any:
        chosen = folders if environ["SERVER_PORT"] == str(port) else app
        return chosen(environ, start_response)

    return choose
