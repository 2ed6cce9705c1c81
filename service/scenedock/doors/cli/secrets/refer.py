"""`scenedock secrets refer`: a reference to a value in a store, in the repository of a deployment."""

from __future__ import annotations

from typing import Any

import click

from scenedock.doors.cli.secrets.places import Making, place_options
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.errors import InputError


@click.command("refer", short_help="Let a key of a secret refer to a store.")
@click.argument("service")
@click.argument("key")
@click.argument("remote", metavar="PATH")
@source_options(here=True)
@click.option("--property", "part", metavar="NAME", default="", help="Property of the secret in the store.")
@click.option("--store", metavar="NAME", default="", help="Name of the store; needed for a new secret.")
@click.option(
    "--store-kind",
    type=click.Choice(["ClusterSecretStore", "SecretStore"]),
    default="ClusterSecretStore",
    show_default=True,
    help="Whether the store is the cluster's or the namespace's.",
)
@place_options
def refer(  # noqa: PLR0913 - one for each option
    *,
    service: str,
    key: str,
    remote: str,
    sources: Sources,
    part: str,
    store: str,
    store_kind: Any,
    environment: str | None,
    repository: str | None,
    name: str,
    namespace: str,
    form: Any,
    path: str,
    **making: Any,
) -> None:
    """Let KEY of a secret of SERVICE, in REPO... (the current folder), come from PATH in a store of secrets.

    It becomes a key of an ExternalSecret, which the External Secrets Operator reads. Nothing is written without --write
    or --commit: it is only told where it belongs.

    Exit codes: 0 done, 2 wrong usage, or no such deployment, 4 the environment is locked, or a file has other changes.
    """
    from scenedock.changes.secrets.manifests import Remote, Store
    from scenedock.changes.secrets.places import with_remotes
    from scenedock.usecases.secrets.find_place import SecretWish

    made = Making(sources, **making)
    wish = SecretWish(
        "ExternalSecret", service, environment, frozenset({key}), repository, name, namespace, None, form, path
    )
    place = made.place(wish)
    if place.is_new and not store:
        raise InputError(f"{place.pair} has no secret {place.name} yet; give its --store")
    after = with_remotes(place, {key: Remote(remote, part)}, Store(store, store_kind))
    commit = made.make(place, after, [key], place.notes) if made.writes else ""
    made.tell(place, [key], place.notes, commit)
