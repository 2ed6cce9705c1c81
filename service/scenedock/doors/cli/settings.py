"""`scenedock settings`: the settings in effect, and where each came from; and the option `--settings`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scenedock.model.json import Json
    from scenedock.runtime.known_settings import Known


settings_option = click.option(
    "--settings",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File with the service's settings, instead of SCENEDOCK_SETTINGS.",
)


format_option = click.option(
    "--format", "layout", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)


def print_json(value: Json) -> None:
    """Print a value as JSON for other programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@click.command("settings", short_help="Print the settings, and where each came from.")
@settings_option
@format_option
def show_settings(file: Path | None, *, layout: str) -> None:
    """Print the settings of the service and where each value came from; secret values are masked.

    The files that settings name are read as `serve` reads them: the list of code hosts with its secrets, tokens, rules
    and skeletons. No host is asked whether it accepts a token.

    Exit codes: 0 all are valid, 2 one or more are invalid.
    """
    from scenedock.runtime.named_files import check_named_files

    settings = settings_in_force(file)
    check_named_files(settings.settings)
    if layout == "json":
        print_json([{"name": name, "value": value, "source": source} for name, value, source in settings.lines()])
        return
    rows = [(f"{name}={value}", source) for name, value, source in settings.lines()]
    width = max(len(shown) for shown, _ in rows)
    click.echo("\n".join(f"{shown:<{width}}  {click.style(f'# {source}', dim=True)}" for shown, source in rows))


def settings_in_force(file: Path | None) -> Known:
    """The settings of this process, which trusts the certificate authorities among them from now on.

    Raises
    ------
    InputError, NotFoundError   one or more are invalid
    """
    from scenedock.effects.local.disk import read_file
    from scenedock.runtime.known_settings import read_settings
    from scenedock.runtime.wiring import trust_authorities

    known = read_settings(os.environ, read_file, file)
    trust_authorities(known.settings.ca_file)
    return known
