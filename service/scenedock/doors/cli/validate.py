"""`scenedock catalog validate`: validate entity files offline."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.settings import format_option, print_json
from scenedock.model.finding import Finding, Severity

if TYPE_CHECKING:
    from scenedock.model.json import JsonObject
    from scenedock.usecases.catalog.validate_entities import Validation

_WORDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_STDIN = "<stdin>"


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@format_option
@click.pass_context
def validate(ctx: click.Context, files: tuple[str, ...], layout: str) -> None:
    """Validate entity files as Backstage would.

    Every document of every FILE (- is standard input) is validated. The results equal those of Backstage's own
    validators for its core kinds and Templates; for other kinds, only the envelope is validated. Placeholders such as
    $text are filled in from files below the FILE's folder. All problems are listed, each with its line, and so are
    entities that have the same reference.

    Exit codes: 0 all valid, 1 problems, 2 a file that can't be read or wrong usage.
    """
    from scenedock.usecases.catalog.validate_entities import validate_entities

    validation = validate_entities([_STDIN if name == "-" else name for name in files], _read, _beside)
    if layout == "json":
        print_json(_as_json(validation))
    else:
        click.echo(_as_text(validation))
    ctx.exit(1 if validation.count("error") else 0)


def _read(name: str) -> bytes:
    from scenedock.effects.local.disk import read_file

    return sys.stdin.buffer.read() if name == _STDIN else read_file(Path(name))


def _beside(name: str, target: str) -> bytes | None:
    """The file that an entity file refers to, if it is below its folder; another one may be private."""
    from scenedock.effects.local.disk import read_file

    if name == _STDIN or "://" in target:
        return None
    path = Path(name).parent / target
    try:
        is_below = path.resolve().is_relative_to(Path(name).resolve().parent)
    except (OSError, RuntimeError):  # a circle of links
        is_below = False
    return read_file(path) if is_below else None


def _as_text(validation: Validation) -> str:
    lines = [f"{finding.place}: {_WORDS[finding.severity]}: {finding.message}" for finding in validation.findings]
    return "\n".join([*lines, _summary(validation)])


def _summary(validation: Validation) -> str:
    counts = {severity: validation.count(severity) for severity in _WORDS}
    verdict = ["all valid"] if validation.entities and not counts["error"] else []
    verdict += [_counted(count, _WORDS[severity]) for severity, count in counts.items() if count]
    where = f"{_counted(validation.entities, 'entity', 'entities')} in {_counted(validation.files, 'file')}"
    return f"{where}: {', '.join(verdict)}"


def _counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def _as_json(validation: Validation) -> JsonObject:
    return {
        "valid": not validation.count("error"),
        "files": validation.files,
        "entities": validation.entities,
        "findings": [_finding(finding) for finding in validation.findings],
    }


def _finding(finding: Finding) -> JsonObject:
    return {
        "severity": finding.severity,
        "code": finding.code,
        "path": finding.place.path,
        "line": finding.place.line,
        "message": finding.message,
    }
