"""`scenedock doctor`: why an installation doesn't do what it should, and what to do about it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scenedock.doors.cli.settings import format_option, print_json, settings_in_force, settings_option
from scenedock.model.addresses import without_credentials

if TYPE_CHECKING:
    from scenedock.usecases.doctor.diagnosis import Diagnosis

_SHOWN: Final = {
    "ok": ("ok", "green"),
    "note": ("note", "yellow"),
    "problem": ("PROBLEM", "red"),
    "unknown": ("can't tell", "yellow"),
}
_WIDTH: Final = 100


@click.command(short_help="Check an installation, and say how to repair it.")
@settings_option
@format_option
@click.pass_context
def doctor(ctx: click.Context, file: Path | None, *, layout: str) -> None:
    """Check the installation that the settings describe, and say what to do about each problem; nothing is changed.

    Run it where the service runs, with its settings: it asks the database, the code hosts, Backstage, the OpenID
    provider, helm and the repositories. What it can't find out isn't counted as a problem, nor is a note: something
    missing that not everybody needs, such as Helm.

    Exit codes: 0 no problem was found, 1 there are problems, 2 a setting is invalid.
    """
    from scenedock.runtime.doctor_wiring import examine

    found: list[Diagnosis] = []
    for each in examine(settings_in_force(file).settings):
        found.append(each)
        if layout == "text":
            _print(each)
    if layout == "json":
        print_json([_document(each) for each in found])
    else:
        click.echo(_summary(found), err=True)
    ctx.exit(1 if any(each.verdict == "problem" for each in found) else 0)


def _document(each: Diagnosis) -> dict[str, str]:
    values = {"check": each.check, "verdict": each.verdict, "evidence": each.evidence, "remedy": each.remedy}
    return {name: without_credentials(value) for name, value in values.items()}


def _print(each: Diagnosis) -> None:
    shown, colour = _SHOWN[each.verdict]
    shown_as = click.style(f"{shown:<10}", fg=colour, bold=each.verdict == "problem")
    click.echo(f"{shown_as}  {each.check}")
    for text in filter(None, (each.evidence, each.remedy and f"→ {each.remedy}")):
        lines = textwrap.wrap(without_credentials(text), _WIDTH, break_long_words=False, break_on_hyphens=False)
        click.echo(textwrap.indent("\n".join(lines), " " * 12))


def _summary(found: Iterable[Diagnosis]) -> str:
    verdicts = [each.verdict for each in found]
    problems = verdicts.count("problem")
    counted = "1 problem" if problems == 1 else f"{problems} problems"
    notes = verdicts.count("note")
    noted = f"{notes} {'note' if notes == 1 else 'notes'}, " if notes else ""
    return f"{counted}, {noted}{verdicts.count('unknown')} can't be told, {verdicts.count('ok')} ok"
