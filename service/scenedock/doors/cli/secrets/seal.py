"""`scenedock secrets seal`: a value, encrypted for the cluster of a deployment, in its repository."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.secrets.places import Making, place_options
from scenedock.doors.cli.settings import settings_in_force
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.errors import InputError

if TYPE_CHECKING:
    from scenedock.changes.secrets.places import SecretPlace
    from scenedock.effects.sealed_secrets.certificate import Certificate

_STDIN = "-"


@click.command("seal", short_help="Seal a value as a key of a secret.")
@click.argument("service")
@click.argument("key")
@source_options(here=True)
@click.option("--from-file", "file", metavar="FILE", help="File with the value, byte for byte; - is standard input.")
@click.option(
    "--certificate",
    "certificate_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The cluster's certificate in PEM, instead of those that SCENEDOCK_CERTIFICATES lists.",
)
@click.option(
    "--scope",
    type=click.Choice(["strict", "namespace-wide", "cluster-wide"]),
    help="Where it can be opened; by default as the existing secret, or under its own name and namespace.",
)
@click.option("--type", "secret_type", metavar="TYPE", default="", help="Type of a new Secret; by default Opaque.")
@place_options
def seal(  # noqa: PLR0913 - one for each option
    *,
    service: str,
    key: str,
    sources: Sources,
    file: str | None,
    certificate_file: Path | None,
    scope: Any,
    secret_type: str,
    environment: str | None,
    repository: str | None,
    name: str,
    namespace: str,
    form: Any,
    path: str,
    **making: Any,
) -> None:
    """Seal a value as KEY of a secret of SERVICE, in REPO... (the current folder), for its cluster to open.

    The value is asked for, or read from standard input or a file: in the command line others could see it. Nothing is
    read or written without --write or --commit: it is only told where the secret belongs. The other keys of an existing
    SealedSecret stay as they are.

    Exit codes: 0 done, 2 wrong usage, no such deployment, or a certificate that can't be used, 4 the environment is
    locked, or a file has other changes.
    """
    from scenedock.changes.secrets.places import with_sealed
    from scenedock.usecases.secrets.find_place import SecretWish
    from scenedock.usecases.secrets.seal import seal as seal_values

    made = Making(sources, **making)
    wish = SecretWish(
        "SealedSecret", service, environment, frozenset({key}), repository, name, namespace, scope, form, path
    )
    place = made.place(wish)
    if not made.writes:
        made.tell(place, [key], place.notes, "")
        return
    certificate = _certificate(certificate_file, place)
    certificate.check(datetime.now(UTC))
    sealed = seal_values(certificate, place, {key: _value(file, key)}, datetime.now(UTC))
    notes = (*sealed.notes, *place.notes)
    commit = made.make(place, with_sealed(place, sealed.values, secret_type), [key], notes)
    made.tell(place, [key], notes, commit)


def _certificate(file: Path | None, place: SecretPlace) -> Certificate:
    from scenedock.effects.local.disk import read_file
    from scenedock.effects.sealed_secrets.certificate import Certificate
    from scenedock.runtime.wiring import list_certificates

    if file is not None:
        return Certificate.read(read_file(file), str(file))
    listed = list_certificates(settings_in_force(None).settings.certificates)
    return listed.choose(place.key[0], place.key[2], place.cluster)


def _value(file: str | None, key: str) -> bytes:
    """The value of a key, from where it was said to be; asked for on a terminal.

    Raises
    ------
    InputError, NotFoundError   it can't be read
    """
    from scenedock.effects.local.disk import read_file

    if file is None and sys.stdin.isatty():
        typed: str = click.prompt(f"Value of {key}", hide_input=True, confirmation_prompt=True, err=True)
        return typed.encode()
    value = sys.stdin.buffer.read() if file in {None, _STDIN} else read_file(Path(str(file)))
    if not value:
        raise InputError(f"the value of {key} is empty; give it on standard input, or in a file (--from-file)")
    if value.endswith(b"\n"):
        click.echo(printable("The value ends with a line break, which is part of it."), err=True)
    return value
