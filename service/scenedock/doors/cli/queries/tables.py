"""Tables in the forms that people and spreadsheets read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import click

from scenedock.doors.cli.export_views import printable

layout_option = click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "csv", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)


def print_table(rows: Sequence[Sequence[str]], layout: str) -> None:
    """Print rows, the first of which is the header, as `csv`, `markdown` or `text`."""
    if layout == "csv":
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows([[_safe_cell(cell) for cell in row] for row in rows])
        click.echo(written.getvalue(), nl=False)
    elif layout == "markdown":
        cells = [[printable(cell).replace("|", "\\|") for cell in row] for row in rows]
        lines = [f"| {' | '.join(row)} |" for row in cells]
        click.echo("\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]]))
    else:
        click.echo("\n".join(map(printable, _aligned(rows))))


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join((cell or "-").ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _safe_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
