"""How a pipeline is told what came of a review: by GitHub's commands and files, by reports, and on standard error."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.findings import format_findings
from scenedock.errors import InputError, ScenedockError
from scenedock.model.addresses import without_credentials

if TYPE_CHECKING:
    from scenedock.effects.code_hosts.pipeline import Pipeline
    from scenedock.usecases.ci.review_change import Review

_MOST_ANNOTATIONS: Final = 10
"""GitHub shows no more of a kind for each step."""


@contextmanager
def commands_stopped(pipeline: Pipeline | None) -> Iterator[None]:
    """Meanwhile, GitHub takes nothing that is printed for a command: it may quote a file of the repository.

    Source: "Stopping and starting workflow commands".
    """
    if not _is_github(pipeline):
        yield
        return
    word = secrets.token_hex(16)
    click.echo(f"::stop-commands::{word}")
    try:
        yield
    finally:
        click.echo(f"::{word}::")


def tell_error(pipeline: Pipeline | None, error: ScenedockError) -> None:
    """Say why there is no review, or no report of it."""
    _say(pipeline, "error", str(error))


def tell_outcome(
    review: Review, report: str, pipeline: Pipeline | None, folder: Path | None, *, url: str, refused: str
) -> None:
    """Annotate errors, and write the report into GitHub's summary, and with the findings into a folder.

    `url` is the address of the comment, `refused` says why there is none.

    Raises
    ------
    InputError   a file can't be written
    """
    from scenedock.catalog.emitting.annotations import as_workflow_commands

    findings = review.check.findings if review.check else ()
    prefixes = {contents.facts.name: contents.facts.prefix for contents in review.export.repositories}
    if refused and pipeline:
        _say(pipeline, "notice" if pipeline.is_fork else "warning", f"There is no comment: {refused}")
    sarif = folder.resolve() / "findings.sarif" if folder else ""
    outputs = {
        "result": "failed" if review.failed else "passed",
        "changed": "unknown" if review.uncompared and not review.changed else str(review.changed).lower(),
        "comment-url": url,
        "sarif": str(sarif),
    }
    if _is_github(pipeline):
        errors = [each for each in findings if each.severity == "error"]
        for line in as_workflow_commands(errors[:_MOST_ANNOTATIONS], prefixes):
            click.echo(line)
        _append("GITHUB_STEP_SUMMARY", report)
        _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
    if folder:
        variables = {f"SCENEDOCK_{name.upper().replace('-', '_')}": value for name, value in outputs.items() if value}
        _write(folder, "report.md", report)
        _write(folder, "findings.sarif", format_findings("sarif", findings, review.export, review.export.coverage))
        _write(folder, "code-quality.json", format_findings("gitlab", findings, review.export))
        _write(folder, "outputs.env", "".join(f"{name}={value}\n" for name, value in variables.items()))


def _is_github(pipeline: Pipeline | None) -> bool:
    return pipeline is not None and pipeline.type == "github"


def _say(pipeline: Pipeline | None, severity: str, text: str) -> None:
    text = without_credentials(text)
    if _is_github(pipeline):
        shown = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        click.echo(f"::{severity} title=Scenedock::{shown}")
    else:
        click.echo("\n".join(printable(line) for line in f"{severity.capitalize()}: {text}".splitlines()), err=True)


def _append(variable: str, text: str) -> None:
    """Append to the file that a variable of GitHub's names."""
    if not (name := os.environ.get(variable)):
        return
    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{name}: can't be written ({variable}): {error.strerror or error}") from error


def _write(folder: Path, name: str, text: str) -> None:
    from scenedock.effects.local.disk import write_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: can't be made: {error.strerror or error}") from error
    write_file(folder / name, text)
