"""`scenedock serve`: the service, in one command."""

from __future__ import annotations

import errno
import gc
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scenedock.doors.cli.settings import settings_in_force, settings_option
from scenedock.errors import InputError

if TYPE_CHECKING:
    from scenedock.doors.http.serving import Server
    from scenedock.runtime.settings import Settings
    from scenedock.runtime.tasks.settings import Role

_REMEDIES: Final = {
    errno.EADDRINUSE: "stop the other program, or set another address",
    errno.EACCES: "only root may use this port; set one above 1023",
}


@click.command(short_help="Serve actions and the catalog to Backstage.")
@settings_option
@click.option("--web-only", is_flag=True, help="Leave tasks to `scenedock worker`, which shares its PostgreSQL.")
def serve(file: Path | None, *, web_only: bool) -> None:
    """Serve actions and the catalog to Backstage, until stopped (SIGTERM, Ctrl-C).

    All settings come from the environment or one file; `scenedock settings` prints those in effect.

    Exit codes: 0 stopped, 2 a setting is invalid.
    """
    server = _open(file, "web" if web_only else "embedded")
    server.run()


def _open(file: Path | None, role: Role) -> Server:
    """The server; it reports what can't be opened, before anything listens."""
    gc.disable()  # imports leave little garbage, and the search for it is a tenth of their time
    try:
        from scenedock.doors.http.serving import Server
        from scenedock.runtime.service_wiring import open_service

        settings = settings_in_force(file).settings
        _require_free(settings)
        service = open_service(settings, role=role)
    finally:
        gc.enable()
    _say_where(settings)
    return Server(service)


def _require_free(settings: Settings) -> None:
    """Bind each address for a moment, before anything starts.

    Raises
    ------
    InputError   an address can't be listened on
    """
    from scenedock.runtime.settings import variable

    for name, listen in (("listen", settings.listen), ("folders_listen", settings.folders_listen)):
        if listen is None:
            continue
        with socket.socket(socket.AF_INET6 if ":" in listen.host else socket.AF_INET) as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((listen.host.strip("[]"), listen.port))
                bound.listen()
            except OSError as error:
                raise InputError(
                    f"{variable(name)}={listen}: can't listen there: {(error.strerror or str(error)).lower()}; "
                    + _REMEDIES.get(error.errno or 0, "set another address")
                ) from None


def _say_where(settings: Settings) -> None:
    from scenedock.model.action import BASE_PATH

    feed = "anybody may read it" if settings.public_feed else "a token is needed; see SCENEDOCK_PUBLIC_FEED"
    backstage = settings.backstage_url or "not asked about its catalog; SCENEDOCK_BACKSTAGE_URL says where it is"
    lines = {
        "Page": f"{settings.url}/",
        "Catalog": f"{settings.url}{BASE_PATH}/catalog/catalog-info.yaml ({feed})",
        "Actions": f"{settings.url}{BASE_PATH}/actions (a token is needed; people use {settings.url}/actions)",
        "Backstage": backstage,
        "Repositories": ", ".join(settings.repositories) or "none; see SCENEDOCK_REPOSITORIES",
        "Data": str(settings.data.resolve()),
    }
    click.echo("\n".join(f"{what + ':':<13} {where}" for what, where in lines.items()), err=True)
