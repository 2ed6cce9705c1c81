"""`scenedock catalog accept`: let a running service drop what it refuses to drop."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.settings import settings_in_force, settings_option

TOKEN = "SCENEDOCK_TOKEN"  # noqa: S105 - the name of a variable


@click.command(short_help="Accept once that entities or their owners vanish.")
@click.argument("repository", required=False, default="")
@settings_option
@click.option(
    "--url", metavar="URL", help=f"The service's address; the variable {TOKEN} holds an administrator's token."
)
def accept(*, repository: str, file: Path | None, url: str | None) -> None:
    """Accept once that entities, or their owners, vanish from the catalog of a running service.

    REPOSITORY is its name in the service's messages; without a name, all are accepted. This accepts what the service
    refuses now, and no more; the service removes it within seconds. Without --url, the command needs the service's own
    settings, and access to its data folder or its PostgreSQL.

    Exit codes: 0 done, also if nothing was refused, 2 a setting is wrong, or there is no such repository, 3 the service
    refuses the token, 75 the service or its database can't be reached.
    """
    accepted = _over_http(url, repository) if url else _in_store(file, repository)
    for name in accepted:
        click.echo(printable(f"{name}: accepted"))
    if not accepted:
        click.echo(printable(f"{repository or 'The catalog'}: nothing waits to be accepted"))


def _over_http(url: str, repository: str) -> tuple[str, ...]:
    from scenedock.effects.services.client import call_service
    from scenedock.model.action import BASE_PATH
    from scenedock.model.json import as_list

    body = {"repository": repository} if repository else {}
    answer = call_service(url, os.environ.get(TOKEN, "").strip(), f"{BASE_PATH}/catalog/accept", body)
    return tuple(map(str, as_list(answer.get("accepted"))))


def _in_store(file: Path | None, repository: str) -> tuple[str, ...]:
    from scenedock.runtime.wiring import catalog_store
    from scenedock.usecases.catalog.accept_catalog import accept_catalog

    with closing(catalog_store(settings_in_force(file).settings)) as store:
        return accept_catalog(store, repository)
